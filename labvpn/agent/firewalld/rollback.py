"""The way back of a firewall change: the old rules return unless a new connection confirms the new ones."""

import hashlib
import json
import shutil
from typing import Any, Dict, Iterable, List, Optional

from labvpn.agent.core.connection import connection
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import AGENT, RETURNED, SAVED
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import SETTINGS, UNIT, Firewalld
from labvpn.agent.firewalld.runtime import ON_OR_OFF, Held, Runtime
from labvpn.agent.firewalld.zone_bindings import ZoneBindings

# The old rules have to be back within 60 s of the change.
CONFIRM_SECONDS = 40
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


class Rollback:
    """The saved rules and the timer that returns to them."""

    def __init__(self, state: State, runtime: Optional[Runtime] = None) -> None:
        self.state = state
        self.machine: Machine = state.machine
        self.runtime = runtime or Runtime(Firewalld(state.machine))
        self.firewalld = self.runtime.firewalld
        self.bindings = ZoneBindings("interface", self.firewalld)

    def armed(self) -> bool:
        """Whether a change waits to be confirmed."""
        return self.machine.path(SAVED + "/state.json").exists()

    def arm(self, interfaces: Iterable[str] = (), ours: Optional[Dict[str, List[str]]] = None) -> None:
        """Save the rules and start the timer; rules saved before an unconfirmed change stay the ones to return to."""
        if not self.armed():
            self.save(interfaces, ours or {})
        for name, text in FILES.items():
            self.machine.write(name, text)
        self.machine.delete(RETURNED)
        self.machine.must(["systemctl", "daemon-reload"])
        self.machine.must(["systemctl", "enable", "--quiet", NAME + ".timer"])
        self.machine.must(["systemctl", "restart", NAME + ".timer"])

    def save(self, interfaces: Iterable[str], ours: Dict[str, List[str]]) -> None:
        """Copy firewalld's settings and what holds for now; `state.json` is last, so what was cut off is not saved.

        No file of firewalld has the zone of an interface that NetworkManager keeps, so it is asked for.
        """
        self.machine.delete(SAVED)
        self.machine.path(SAVED).mkdir(mode=0o700, parents=True)
        if self.machine.path(SETTINGS).exists():
            shutil.copytree(str(self.machine.path(SETTINGS)), str(self.machine.path(SAVED + "/settings")))
        active = self.firewalld.running()
        state: Dict[str, Any] = {
            "active": active,
            "enabled": self.machine.run(["systemctl", "is-enabled", "--quiet", UNIT]).status == 0,
            "connection": connection(),
            "applied": self.state.applied,
            "interfaces": {name: self.bindings.lasting(name) for name in interfaces},
            "held": self.runtime.held() if active else {},
            "ours": ours,
            "bare": bool(active and self.runtime.kernel.lost()),
        }
        self.machine.write(SAVED + "/state.json", json.dumps(state), 0o600)

    def await_confirmation(self) -> None:
        """Give a new connection its whole time from here on, however long the change took.

        What the files are now is noted, so that the way back leaves alone what others change after it.
        """
        if self.armed():
            self.machine.write(SAVED + "/changed.json", json.dumps(self.digests(SETTINGS)), 0o600)
            self.machine.run(["systemctl", "stop", NAME + ".service"])
            self.machine.must(["systemctl", "restart", NAME + ".timer"])

    def digests(self, folder: str) -> Dict[str, str]:
        """The digest of each file below a folder."""
        root = self.machine.path(folder)
        files = [path for path in sorted(root.rglob("*")) if path.is_file()] if root.is_dir() else []
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def saved(self) -> Dict[str, Any]:
        """What was saved beside the settings; nothing where that is damaged: the way back must not end for it."""
        return self.machine.read_object(SAVED + "/state.json")

    def confirm(self) -> List[str]:
        """Let the new rules stay; AgentError if they are gone already, or if this connection is not new."""
        if self.machine.read(RETURNED) is not None:
            self.machine.delete(RETURNED)
            raise AgentError(
                "the firewall of the VPN host has returned to its old rules, since no new connection confirmed the new "
                "ones within {} s: check that the zone allows SSH, and run again".format(CONFIRM_SECONDS)
            )
        if not self.armed():
            return []
        here = connection()
        if here is not None and here == self.saved().get("connection"):
            raise AgentError(
                "the firewall of the VPN host can be confirmed only over a new SSH connection, which proves that SSH "
                "still works: connect again and run `confirm firewall`"
            )
        self.disarm()
        return ["confirmed over a new connection: the new rules stay"]

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
        running = self.firewalld.running()
        held = merged(saved.get("held", {}), self.runtime.held() if running else {}, saved.get("ours", {}))
        open_before = not saved.get("active", True) or saved.get("bare", False)
        if open_before:
            # It was not in force before, and where its rules are lost it lets in again whoever got in then.
            self.machine.run(["systemctl", "stop", UNIT], 90)
            self.runtime.kernel.clear()
        if not saved.get("enabled", True):
            self.machine.run(["systemctl", "disable", UNIT])
        self.return_settings()
        if not open_before:
            self.machine.must(["systemctl", "start", UNIT], 90)
            self.runtime.renew(wanted=held)
            self.rebind(saved.get("interfaces", {}))
        if "applied" in saved:
            self.state.record(saved["applied"])
        self.machine.write(RETURNED, "\n", 0o600)
        self.disarm()
        return ["the old rules are back"]

    def return_settings(self) -> None:
        """Put the saved files in place; what others have changed since then, and our change had not, stays."""
        after: Dict[str, str] = self.machine.read_object(SAVED + "/changed.json")
        saved, now = self.digests(SAVED + "/settings"), self.digests(SETTINGS)
        for name in sorted({*saved, *now}):
            theirs = after and after.get(name) == saved.get(name) and now.get(name) != after.get(name)
            if theirs or saved.get(name) == now.get(name):
                continue
            place = "{}/{}".format(SETTINGS, name)
            if name in saved:
                self.machine.path(place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(
                    str(self.machine.path("{}/settings/{}".format(SAVED, name))), str(self.machine.path(place))
                )
            else:
                self.machine.delete(place)

    def rebind(self, interfaces: Dict[str, str]) -> None:
        """Put interfaces back into their permanent zones where the files alone have not."""
        for name, zone in interfaces.items():
            now = self.bindings.lasting(name)
            if zone and now != zone:
                self.firewalld.enter(zone, "--change-interface=", [name])
            elif now and not zone:
                self.firewalld.enter(now, "--remove-interface=", [name])


def merged(saved: Held, now: Held, ours: Dict[str, List[str]]) -> Held:
    """What held before a change, with what others have added since."""
    found = {}
    for scope, parts in saved.items():
        found[scope] = {key: list(words) for key, words in parts.items()}
        for key, there in now.get(scope, {}).items():
            known = [*parts.get(key, []), *ours.get(key, [])]
            added = [one for one in there if one not in known and one.replace('"', "") not in known]
            found[scope][key] = found[scope].get(key, []) + (added if key not in ON_OR_OFF else [])
    return found
