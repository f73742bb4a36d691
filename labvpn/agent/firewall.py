"""The concern `firewall`: firewalld's service definition and our entries in its zones, permanent and in force."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import json
from typing import Dict, Iterable, List, Optional, Set

from labvpn.agent.concern import Concern, Handler, Values
from labvpn.agent.connection import SSH_PORT, ssh_ports
from labvpn.agent.document import Change, Line
from labvpn.agent.errors import AgentError
from labvpn.agent.fallback import Fallback
from labvpn.agent.firewalld import Firewalld
from labvpn.agent.machine import Machine
from labvpn.agent.state import HOME, State
from labvpn.agent.units import Units

# What we added so that SSH stays open on a host whose firewalld did not run.
WAY_IN = HOME + "/firewall.ssh.json"
OTHER_MANAGERS = ("ufw", "nftables", "iptables", "shorewall", "netfilter-persistent")


def entries(value: str) -> List[str]:
    """A list in a document; `none` is empty, and a mark says where an entry is missing."""
    return [] if value in ("", "none") else [entry.partition("(")[0] for entry in value.split(",")]


def listed(wanted: Iterable[str], permanent: Iterable[str], now: Optional[Iterable[str]]) -> str:
    """A list as the machine has it, in the wanted order: what is only permanent, or holds only now, is marked."""
    lasting = set(permanent)
    current: Set[str] = lasting if now is None else set(now)
    known = [entry for entry in wanted if entry in lasting | current]
    order = known + sorted((lasting | current) - set(known), key=by_number)
    return ",".join(entry + mark(entry in lasting, entry in current) for entry in order) or "none"


def mark(lasting: bool, current: bool) -> str:
    """Where an entry is, if not in both."""
    return "" if lasting and current else "(permanent)" if lasting else "(now)"


def by_number(entry: str) -> List[object]:
    """Ports by their number, services by name."""
    number, _, rest = entry.partition("/")
    return [int(number) if number.isdigit() else 0, rest, entry]


def wants_start(change: Change) -> bool:
    """Whether a change starts a unit."""
    return change.want is not None and change.want.kind == "unit" and change.want.values.get("active") == "yes"


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
    options = (("services", "service"), ("ports", "port"))

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


class Firewall(Concern):
    """firewalld on the host; every change has a way back until a new connection confirms it."""

    def __init__(self, state: State) -> None:
        self.machine: Machine = state.machine
        self.firewalld = Firewalld(state.machine)
        self.fallback = Fallback(state)
        self.was_running = False
        # The rules come first, so that a firewalld that is started opens with them.
        super().__init__(
            state, [ServiceDefinition(self.firewalld), ZoneEntries(state, self.firewalld), Units(state.machine)]
        )

    def prepare(self, changes: List[Change]) -> bool:
        if not self.firewalld.installed:
            raise AgentError(
                "firewalld is not installed on the VPN host: the host step comes first; run `pulumi up` again"
            )
        self.was_running = self.firewalld.running()
        starts = not self.was_running and any(wants_start(change) for change in changes)
        if starts:
            self.refuse_two_managers()
        self.fallback.arm()
        if starts:
            self.keep_ssh_open([change.line.name for change in changes if change.line.kind == "zone"])
        return False

    def refuse_two_managers(self) -> None:
        """AgentError where another firewall manager is active: the two would undo each other."""
        for unit in OTHER_MANAGERS:
            if self.machine.run(["systemctl", "is-active", "--quiet", unit]).status == 0:
                raise AgentError(
                    "the VPN host's firewall is managed by {0} already, and firewalld would fight with it: "
                    "disable {0} there, or leave the host firewall out of this stack".format(unit)
                )

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
        rules = [change for change in changes if change.line.kind in ("service", "zone")]
        if rules and self.was_running and self.firewalld.running():
            self.firewalld.reload()

    def remove(self) -> List[str]:
        """Going back needs no confirmation: it can only open what was open before us."""
        done = super().remove() if self.firewalld.installed else []
        added: Dict[str, List[str]] = json.loads(self.machine.read(WAY_IN) or "{}")
        for zone, ports in added.items():
            if self.firewalld.installed:
                self.firewalld.enter(zone, "--remove-port=", ports)
        self.machine.delete(WAY_IN)
        self.fallback.disarm()
        return done
