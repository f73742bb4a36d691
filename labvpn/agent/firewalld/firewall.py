"""The concern `firewall`: firewalld's service definition and our entries in its zones, permanent and in force."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import json
from typing import Any, Dict, List, Optional

from labvpn.agent.core.concern import Concern, Handler, Values
from labvpn.agent.core.connection import SSH_PORT, ssh_ports
from labvpn.agent.core.document import Change, Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.lists import entries
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import RETURNED, SSH_OPENED
from labvpn.agent.core.state import State
from labvpn.agent.core.state_file import are_texts
from labvpn.agent.core.units import Units
from labvpn.agent.daemons.login_guard_service import LoginGuardService
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.kernel_rules import KernelRules
from labvpn.agent.firewalld.packet_facts import PacketFacts
from labvpn.agent.firewalld.prechecks import Prechecks, zones_of
from labvpn.agent.firewalld.rich_rules import ClosedPorts, RichRules
from labvpn.agent.firewalld.rollback import Rollback
from labvpn.agent.firewalld.runtime import Runtime
from labvpn.agent.firewalld.zone_bindings import ZoneBindings
from labvpn.agent.firewalld.zones import ServiceDefinition, ZoneEntries

WITHOUT_RULES = "without-its-rules-in-the-kernel"


class FirewalldUnit(Units):
    """`unit firewalld enabled=yes active=yes beside=nftables`: `beside` names managers that may stay, no state.

    A firewalld whose rules are not in the kernel is active in name only, and is shown so.
    """

    def __init__(self, machine: Machine, kernel: KernelRules) -> None:
        super().__init__(machine)
        self.kernel = kernel

    def read(self, line: Line) -> Optional[Values]:
        values = super().read(line)
        if values and values.get("active") == "yes" and self.kernel.lost():
            values["active"] = WITHOUT_RULES
        return dict(values, beside=line.values["beside"]) if values and "beside" in line.values else values


class FirewallConcern(Concern):
    """firewalld on the host; every change has a way back until a new connection confirms it."""

    def __init__(self, state: State) -> None:
        self.machine: Machine = state.machine
        self.firewalld = Firewalld(state.machine)
        self.runtime = Runtime(self.firewalld)
        self.rollback = Rollback(state, self.runtime)
        self.prechecks = Prechecks(self.firewalld, self.rollback)
        self.left: List[str] = []
        self.login_guard = LoginGuardService(self.firewalld)
        # The rules come first, so that a firewalld that is started opens with them.
        handlers: List[Handler] = [
            ServiceDefinition(self.firewalld, self.renew),
            ZoneEntries(state, self.firewalld),
            ZoneBindings("source", self.firewalld),
            RichRules(state, self.firewalld),
            ClosedPorts(state, self.firewalld),
            ZoneBindings("interface", self.firewalld),
            FirewalldUnit(state.machine, self.runtime.kernel),
            self.login_guard,
        ]
        super().__init__(state, handlers)

    def renew(self) -> None:
        """Take what is permanent into force where firewalld runs; what others had for now holds again afterwards."""
        if self.firewalld.running():
            self.left += self.runtime.renew()

    def refresh(self) -> None:
        self.firewalld.forget()

    def warnings(self, desired: List[Line]) -> List[str]:
        return self.prechecks.warnings(desired) + self.login_guard.warnings()

    def notes(self, desired: List[Line]) -> List[str]:
        return self.prechecks.notes(desired)

    def refusals(self, desired: List[Line]) -> List[List[str]]:
        return self.prechecks.refusals(desired)

    def facts(self, desired: List[Line]) -> Dict[str, Any]:
        return PacketFacts(self.firewalld).all()

    def converge(self, text: str) -> List[str]:
        """As every concern; after a failure the old rules are back at once. A hindered login guard is not one."""
        self.machine.delete(RETURNED)
        try:
            said = super().converge(text)
            said += ["differs after firewalld's reload: " + one for one in self.left]
            return said + (self.login_guard.warnings() if self.login_guard.started else [])
        except AgentError as error:
            if not self.rollback.restore():
                raise
            self.machine.delete(RETURNED)
            raise AgentError("{}; the old rules are back".format(error)) from None

    def prepare(self, changes: List[Change]) -> bool:
        if not self.firewalld.installed:
            raise AgentError(
                "firewalld is not installed on the VPN host: the host step comes first; run `pulumi up` again"
            )
        wanted = [change.want for change in changes if change.want]
        if self.prechecks.starts(wanted):
            for what, remedy in self.prechecks.other_managers(wanted):
                raise AgentError("the VPN host {}; {}".format(what, remedy))
        interfaces = [change.line.name for change in changes if change.line.kind == "interface"]
        self.rollback.arm(interfaces, self.ours(changes))
        if self.prechecks.starts(wanted):
            self.keep_ssh_open(zones_of(wanted))
        elif self.rollback.saved().get("bare"):
            # Nothing can be changed in force before firewalld's rules are in the kernel again.
            self.renew()
            return True
        return False

    def keep_ssh_open(self, zones: List[str]) -> None:
        """Allow SSH at its real port in every zone that may serve this connection, before firewalld starts."""
        opened = self.ssh_opened()
        for zone in sorted({*zones, self.firewalld.default_zone()}):
            there = self.firewalld.permanent_zone(zone)
            ports = [] if there is None else ["{}/tcp".format(port) for port in ssh_ports(self.machine)]
            missing = [port for port in ports if there and port not in there.ports]
            if there and "ssh" in there.services and "{}/tcp".format(SSH_PORT) in missing:
                missing.remove("{}/tcp".format(SSH_PORT))
            if missing:
                opened.setdefault(zone, []).extend(missing)
                self.machine.write(SSH_OPENED, json.dumps(opened), 0o600)
                self.firewalld.enter(zone, "--add-port=", missing)

    def ssh_opened(self) -> Dict[str, List[str]]:
        """By zone, the ports of SSH that were opened so; none where the memory of that is damaged."""
        found = self.machine.read_object(SSH_OPENED)
        return found if all(map(are_texts, found.values())) else {}

    def finish(self, changes: List[Change]) -> None:
        self.rollback.await_confirmation()

    def ours(self, changes: List[Change]) -> Dict[str, List[str]]:
        """By kind, the entries of zones that these changes settle: not what others may add meanwhile."""
        found: Dict[str, List[str]] = {}
        for line in [line for change in changes for line in (change.want, change.have) if line]:
            handler = self.handler(line)
            if isinstance(handler, RichRules):
                found.setdefault("rich rules", []).extend(handler.rule(line, part) for part in handler.parts(line))
            elif isinstance(handler, ZoneBindings):
                found.setdefault(line.kind + "s", []).append(line.name)
            elif isinstance(handler, ZoneEntries):
                for key, value in line.values.items():
                    found.setdefault(key, []).extend(entries(value))
        return found

    def remove(self) -> List[str]:
        """Going back needs no confirmation: it can only open what was open before us."""
        done = super().remove() if self.firewalld.installed else []
        # The guard is not part of firewalld, whose package may be gone already.
        self.login_guard.remove([])
        for zone, ports in self.ssh_opened().items():
            if self.firewalld.installed:
                self.firewalld.enter(zone, "--remove-port=", ports)
        self.machine.delete(SSH_OPENED)
        self.machine.delete(RETURNED)
        self.rollback.disarm()
        return done
