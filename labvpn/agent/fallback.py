"""The way back of a firewall change: the old rules return unless a new connection confirms the new ones."""

import json
import shutil
from typing import Any, Dict, Iterable, List

from labvpn.agent.bindings import Bindings
from labvpn.agent.connection import connection
from labvpn.agent.errors import AgentError
from labvpn.agent.firewalld import SETTINGS, UNIT, Firewalld
from labvpn.agent.host import AGENT
from labvpn.agent.machine import Machine
from labvpn.agent.state import HOME, State

# The old rules have to be back within 60 s of the change.
CONFIRM_SECONDS = 45
SAVED = HOME + "/firewall.saved"
RETURNED = HOME + "/firewall.returned"
NAME = "labvpn-firewall-fallback"
FILES = {
    "/etc/systemd/system/{}.service".format(NAME): (
        "[Unit]\nDescription=Return to the firewall rules before an unconfirmed change\n\n"
        # A run that still holds the lock must not keep the old rules away.
        "[Service]\nExecStart={} restore firewall\nRestart=on-failure\nRestartSec=5\n".format(AGENT)
    ),
    # Enabled, so that a reboot in the middle does not leave the unconfirmed rules for good.
    "/etc/systemd/system/{}.timer".format(NAME): (
        "[Unit]\nDescription=Return to the firewall rules before an unconfirmed change\n\n"
        "[Timer]\nOnActiveSec={}\nAccuracySec=1s\n\n[Install]\nWantedBy=timers.target\n".format(CONFIRM_SECONDS)
    ),
}


class Fallback:
    """The saved rules and the timer that returns to them."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.machine: Machine = state.machine
        self.firewalld = Firewalld(state.machine)
        self.bindings = Bindings("interface", self.firewalld)

    def armed(self) -> bool:
        """Whether a change waits to be confirmed."""
        return self.machine.path(SAVED + "/state.json").exists()

    def arm(self, interfaces: Iterable[str] = ()) -> None:
        """Save the rules and start the timer; rules saved before an unconfirmed change stay the ones to return to."""
        if not self.armed():
            self.save(interfaces)
        for name, text in FILES.items():
            self.machine.write(name, text)
        self.machine.delete(RETURNED)
        self.machine.must(["systemctl", "daemon-reload"])
        self.machine.must(["systemctl", "enable", "--quiet", NAME + ".timer"])
        self.machine.must(["systemctl", "restart", NAME + ".timer"])

    def save(self, interfaces: Iterable[str]) -> None:
        """Copy firewalld's settings; the file `state.json` is last, so what was cut off counts as not saved.

        The zone of an interface that NetworkManager keeps stands in no file of firewalld's, so it is asked for.
        """
        self.machine.delete(SAVED)
        self.machine.path(SAVED).mkdir(mode=0o700, parents=True)
        if self.machine.path(SETTINGS).exists():
            shutil.copytree(str(self.machine.path(SETTINGS)), str(self.machine.path(SAVED + "/settings")))
        state: Dict[str, Any] = {
            "active": self.firewalld.running(),
            "enabled": self.machine.run(["systemctl", "is-enabled", "--quiet", UNIT]).status == 0,
            "connection": connection(),
            "applied": self.state.applied,
            "interfaces": {name: self.bindings.lasting(name) for name in interfaces},
        }
        self.machine.write(SAVED + "/state.json", json.dumps(state), 0o600)

    def saved(self) -> Dict[str, Any]:
        """What was saved beside the settings."""
        state: Dict[str, Any] = json.loads(self.machine.read(SAVED + "/state.json") or "{}")
        return state

    def confirm(self) -> List[str]:
        """Let the new rules stay; AgentError if they are gone already, or if this is no new connection."""
        if self.machine.read(RETURNED) is not None:
            self.machine.delete(RETURNED)
            raise AgentError(
                "the firewall of the VPN host has returned to its old rules, since no new connection confirmed the new "
                "ones within {} s: check that SSH is allowed in the zone, and run again".format(CONFIRM_SECONDS)
            )
        if not self.armed():
            return []
        here = connection()
        if here is not None and here == self.saved().get("connection"):
            raise AgentError(
                "the firewall of the VPN host can be confirmed only over a new SSH connection, which is the proof that "
                "one still gets in: connect again and run `confirm firewall`"
            )
        self.disarm()
        return ["confirmed: a new connection came in, the new rules stay"]

    def disarm(self) -> None:
        """Stop the timer and forget the old rules."""
        self.machine.delete(SAVED)
        if not any(self.machine.path(name).exists() for name in FILES):
            return
        for word in ("disable", "stop"):
            self.machine.run(["systemctl", "--quiet", word, NAME + ".timer"])
        for name in FILES:
            self.machine.delete(name)
        self.machine.must(["systemctl", "daemon-reload"])

    def restore(self) -> List[str]:
        """Return to the saved rules: the timer's work."""
        if not self.armed():
            return []
        saved = self.saved()
        self.firewalld.forget()
        for_now = self.firewalld.for_now_only() if saved["active"] and self.firewalld.running() else {}
        if not saved["active"]:
            self.machine.run(["systemctl", "stop", UNIT], 90)
        if not saved["enabled"]:
            self.machine.run(["systemctl", "disable", UNIT])
        self.machine.delete(SETTINGS)
        if self.machine.path(SAVED + "/settings").exists():
            shutil.copytree(str(self.machine.path(SAVED + "/settings")), str(self.machine.path(SETTINGS)))
        if saved["active"]:
            self.machine.must(["systemctl", "start", UNIT], 90)
            self.firewalld.reload({})
            self.rebind(saved.get("interfaces", {}))
            self.firewalld.reload(for_now)
        self.state.record(saved["applied"])
        self.machine.write(RETURNED, "\n", 0o600)
        self.disarm()
        return ["the old rules are back"]

    def rebind(self, interfaces: Dict[str, str]) -> None:
        """Put interfaces back into their permanent zones where the files alone have not."""
        for name, zone in interfaces.items():
            now = self.bindings.lasting(name)
            if zone and now != zone:
                self.firewalld.enter(zone, "--change-interface=", [name])
            elif now and not zone:
                self.firewalld.enter(now, "--remove-interface=", [name])
