"""The concern `firewall`: firewalld's service definition and our entries in its zones, permanent and in force."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import json
from typing import Dict, List, Optional

from labvpn.agent.bans import Bans
from labvpn.agent.bindings import Bindings
from labvpn.agent.concern import Concern, Handler, Values
from labvpn.agent.connection import SSH_PORT, ssh_ports
from labvpn.agent.document import Change, Line
from labvpn.agent.errors import AgentError
from labvpn.agent.fallback import RETURNED, Fallback
from labvpn.agent.firewalld import PARTS, Firewalld
from labvpn.agent.guard import Guard, zones_of
from labvpn.agent.lists import entries, listed
from labvpn.agent.machine import Machine
from labvpn.agent.rich import ClosedPorts, RichRules
from labvpn.agent.state import HOME, State
from labvpn.agent.units import Units

# What we added so that SSH stays open on a host whose firewalld did not run.
WAY_IN = HOME + "/firewall.ssh.json"


class ServiceDefinition(Handler):
    """`service vpnserver ports=443/tcp,500/udp`: the whole definition is ours."""

    kind = "service"

    def __init__(self, firewalld: Firewalld) -> None:
        self.firewalld = firewalld

    def show(self, line: Line) -> Optional[Values]:
        permanent = self.firewalld.permanent_service(line.name) if self.firewalld.installed else None
        if permanent is None:
            return None
        now = self.firewalld.current_service(line.name) if self.firewalld.running() else None
        return (
            {"ports": listed(entries(line.values.get("ports", "")), permanent, now)} if "ports" in line.values else {}
        )

    def make(self, changes: List[Change]) -> None:
        for change in changes:
            self.firewalld.define(change.line.name, entries(change.line.values["ports"]))

    def drop(self, lines: List[Line]) -> None:
        for line in lines:
            if self.firewalld.installed and self.firewalld.permanent_service(line.name) is not None:
                self.firewalld.permanent("--delete-service=" + line.name)


class ZoneEntries(Handler):
    """`zone public services=vpnserver ports=none`: of the zone only our own entries."""

    kind = "zone"
    # Key in the document: the option of firewall-cmd.
    options = (("services", "service"), ("ports", "port"), ("protocols", "protocol"))

    def __init__(self, state: State, firewalld: Firewalld) -> None:
        self.state = state
        self.firewalld = firewalld

    def show(self, line: Line) -> Optional[Values]:
        zone = self.firewalld.permanent_zone(line.name) if self.firewalld.installed else None
        if zone is None:
            return None
        now = self.firewalld.current_zone(line.name) if self.firewalld.running() else None
        applied = self.state.lines().get(line.key)
        values = {}
        for key, _ in self.options:
            if key in line.values:
                wanted = entries(line.values[key])
                ours = set(wanted).union(entries(applied.values.get(key, "")) if applied else [])
                permanent = ours.intersection(getattr(zone, key))
                values[key] = listed(wanted, permanent, None if now is None else ours.intersection(now.get(key, [])))
        return values

    def make(self, changes: List[Change]) -> None:
        for change in changes:
            have = change.have.values if change.have else {}
            for key, option in self.options:
                if key in change.line.values or key in have:
                    self.settle(change.line, key, option, entries(have.get(key, "")))

    def settle(self, want: Line, key: str, option: str, have: List[str]) -> None:
        """Add and remove our entries of one kind."""
        zone = self.firewalld.permanent_zone(want.name)
        permanent = getattr(zone, key, [])
        wanted = entries(want.values.get(key, ""))
        self.firewalld.enter(want.name, "--add-{}=".format(option), [one for one in wanted if one not in permanent])
        gone = [one for one in have if one in permanent and one not in wanted]
        self.firewalld.enter(want.name, "--remove-{}=".format(option), gone)

    def drop(self, lines: List[Line]) -> None:
        for line in lines:
            for key, option in self.options:
                self.settle(Line("zone", line.name, {}, ""), key, option, entries(line.values.get(key, "")))


class Daemon(Units):
    """`unit firewalld enabled=yes active=yes beside=nftables`: `beside` names managers that may stay, no state."""

    def show(self, line: Line) -> Optional[Values]:
        values = super().show(line)
        return dict(values, beside=line.values["beside"]) if values and "beside" in line.values else values


class Firewall(Concern):
    """firewalld on the host; every change has a way back until a new connection confirms it."""

    def __init__(self, state: State) -> None:
        self.machine: Machine = state.machine
        self.firewalld = Firewalld(state.machine)
        self.fallback = Fallback(state)
        self.guard = Guard(self.firewalld, self.fallback)
        self.was_running = False
        self.for_now: Dict[str, List[str]] = {}
        self.bans = Bans(self.firewalld)
        # The rules come first, so that a firewalld that is started opens with them.
        handlers: List[Handler] = [
            ServiceDefinition(self.firewalld),
            ZoneEntries(state, self.firewalld),
            Bindings("source", self.firewalld),
            RichRules(state, self.firewalld),
            ClosedPorts(state, self.firewalld),
            Bindings("interface", self.firewalld),
            Daemon(state.machine),
            self.bans,
        ]
        super().__init__(state, handlers)

    def refresh(self) -> None:
        self.firewalld.forget()

    def warnings(self, desired: List[Line]) -> List[str]:
        return self.guard.warnings(desired) + self.bans.warnings()

    def refusals(self, desired: List[Line]) -> List[List[str]]:
        return self.guard.refusals(desired)

    def converge(self, text: str) -> List[str]:
        """As every concern; after a failure the old rules are back at once."""
        self.machine.delete(RETURNED)
        try:
            return super().converge(text)
        except AgentError as error:
            if not self.fallback.restore():
                raise
            self.machine.delete(RETURNED)
            raise AgentError("{}; the old rules are back".format(error)) from None

    def prepare(self, changes: List[Change]) -> bool:
        if not self.firewalld.installed:
            raise AgentError(
                "firewalld is not installed on the VPN host: the host step comes first; run `pulumi up` again"
            )
        self.was_running = self.firewalld.running()
        self.for_now = self.firewalld.for_now_only() if self.was_running else {}
        wanted = [change.want for change in changes if change.want]
        if self.guard.starts(wanted):
            for what, remedy in self.guard.other_managers(wanted):
                raise AgentError("the VPN host {}; {}".format(what, remedy))
        interfaces = [change.line.name for change in changes if change.line.kind == "interface"]
        self.fallback.arm(interfaces)
        if self.guard.starts(wanted):
            self.keep_ssh_open(zones_of(wanted))
        return False

    def keep_ssh_open(self, zones: List[str]) -> None:
        """Allow SSH at its real port in every zone that may serve this connection, before firewalld starts."""
        added: Dict[str, List[str]] = json.loads(self.machine.read(WAY_IN) or "{}")
        for zone in sorted({*zones, self.firewalld.default_zone()}):
            there = self.firewalld.permanent_zone(zone)
            ports = [] if there is None else ["{}/tcp".format(port) for port in ssh_ports(self.machine)]
            missing = [port for port in ports if there and port not in there.ports]
            if there and "ssh" in there.services and "{}/tcp".format(SSH_PORT) in missing:
                missing.remove("{}/tcp".format(SSH_PORT))
            if missing:
                added.setdefault(zone, []).extend(missing)
                self.machine.write(WAY_IN, json.dumps(added), 0o600)
                self.firewalld.enter(zone, "--add-port=", missing)

    def finish(self, changes: List[Change]) -> None:
        rules = [change for change in changes if change.line.kind not in (Daemon.kind, Bans.kind)]
        if rules and self.was_running and self.firewalld.running():
            self.firewalld.reload(self.others_for_now(changes))

    def others_for_now(self, changes: List[Change]) -> Dict[str, List[str]]:
        """What others had added for now only, without what these changes settle."""
        ours = {
            option for change in changes for line in (change.want, change.have) if line for option in self.adding(line)
        }
        return {
            zone: [option for option in options if option.replace('"', "") not in ours]
            for zone, options in self.for_now.items()
        }

    def adding(self, line: Line) -> List[str]:
        """The options that would add what a line of ours holds, in whatever zone."""
        handler = self.handler(line)
        if isinstance(handler, RichRules):
            return [PARTS["rich rules"] + handler.rule(line, part) for part in handler.parts(line)]
        if isinstance(handler, Bindings):
            return [PARTS[line.kind + "s"] + line.name]
        return [PARTS[key] + entry for key in line.values if key in PARTS for entry in entries(line.values[key])]

    def remove(self) -> List[str]:
        """Going back needs no confirmation: it can only open what was open before us."""
        done = super().remove() if self.firewalld.installed else []
        # The guard is no part of firewalld, whose package may have gone before.
        self.bans.drop([])
        added: Dict[str, List[str]] = json.loads(self.machine.read(WAY_IN) or "{}")
        for zone, ports in added.items():
            if self.firewalld.installed:
                self.firewalld.enter(zone, "--remove-port=", ports)
        self.machine.delete(WAY_IN)
        self.machine.delete(RETURNED)
        self.fallback.disarm()
        return done
