"""What is checked before the firewall is changed: what is impossible, and what users would notice."""

from typing import Iterable, Iterator, List, Set

from labvpn.agent.core.connection import ssh_ports
from labvpn.agent.core.document import Line
from labvpn.agent.core.lists import covers, entries
from labvpn.agent.core.paths import RETURNED
from labvpn.agent.firewalld.definitions import Definitions
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.listening_ports import listening
from labvpn.agent.firewalld.overruled import overruled
from labvpn.agent.firewalld.rollback import Rollback
from labvpn.agent.firewalld.warnings import Exposure

MANAGERS = (
    "ufw",
    "nftables",
    "iptables",
    "ip6tables",
    "netfilter-persistent",
    "shorewall",
    "shorewall6",
    "ferm",
    "firehol",
)
# firewalld 1.3's own zones, for a host on which it is not installed yet.
SHIPPED_ZONES = ["block", "dmz", "drop", "external", "home", "internal", "public", "trusted", "work"]


def zones_of(lines: Iterable[Line]) -> List[str]:
    """The zones that a document names, each once."""
    named = []
    for line in lines:
        if line.kind in ("zone", "rich", "closed"):
            named.append(line.name.partition("/")[0])
        elif line.kind in ("source", "interface"):
            named.append(line.values["zone"])
    return list(dict.fromkeys(named))


class Prechecks:
    """Compares a host's firewalls and sockets with a document."""

    def __init__(self, firewalld: Firewalld, rollback: Rollback) -> None:
        self.firewalld = firewalld
        self.rollback = rollback
        self.machine = firewalld.machine
        self.exposure = Exposure(firewalld, rollback.runtime)

    def starts(self, desired: Iterable[Line]) -> bool:
        """Whether firewalld does not run but should."""
        wanted = any(line.kind == "unit" and line.values.get("active") == "yes" for line in desired)
        return wanted and not self.firewalld.running()

    def refusals(self, desired: List[Line]) -> List[List[str]]:
        """Zones and interfaces that do not exist, services of others, another manager where firewalld would start."""
        found = [*self.missing_zones(desired), *self.missing_interfaces(desired), *self.taken_services(desired)]
        return found + (self.other_managers(desired) if self.starts(desired) else [])

    def missing_zones(self, desired: List[Line]) -> Iterator[List[str]]:
        """Zones that firewalld does not have."""
        known = self.firewalld.zone_names() or SHIPPED_ZONES
        for zone in zones_of(desired):
            if zone not in known:
                remedy = "in `firewall`, name one that exists ({}), or create it there first".format(", ".join(known))
                yield ["has no firewalld zone {}".format(zone), remedy]

    def missing_interfaces(self, desired: List[Line]) -> Iterator[List[str]]:
        """Interfaces that the host does not have."""
        folder = self.machine.path("/sys/class/net")
        known = sorted(path.name for path in folder.iterdir() if path.name != "lo") if folder.is_dir() else []
        for line in desired:
            if line.kind == "interface" and line.name not in known:
                remedy = "in `firewall.zones`, name one that exists: {}".format(", ".join(known))
                yield ["has no network interface {}".format(line.name), remedy]

    def taken_services(self, desired: List[Line]) -> Iterator[List[str]]:
        """Services that are not the stack's to define: firewalld's own, and those that open more than the VPN."""
        remedy = "in `firewall`, give `service` a name that no service has, such as vpnserver"
        for line in [line for line in desired if line.kind == "service"]:
            if self.firewalld.ships(line.name):
                yield ["has the service {}, which firewalld ships and others rely on".format(line.name), remedy]
            elif self.is_of_others(line):
                yield ["has a service {} of others, which opens more than the VPN's ports".format(line.name), remedy]

    def is_of_others(self, line: Line) -> bool:
        """Whether a service is there that the stack neither made before nor could have adopted."""
        there = self.firewalld.permanent_service(line.name)
        state = self.rollback.state
        if there is None or state.lost or line.key in state.lines() or line.key in state.before:
            return False
        plain = Definitions(self.firewalld).is_plain(line.name)
        return not plain or not set(there) <= set(entries(line.values.get("ports", "")))

    def other_managers(self, desired: Iterable[Line]) -> List[List[str]]:
        """Other active firewall managers that the document does not allow."""
        beside = [name for line in desired if line.kind == "unit" for name in entries(line.values.get("beside", ""))]
        what = "already has a firewall managed by {0}, which would conflict with firewalld"
        remedy = "stop it there (`systemctl disable --now {0}`), name it in `firewall.beside`, or leave `firewall` out"
        return [[what.format(name), remedy.format(name)] for name in self.managers() if name not in beside]

    def managers(self) -> List[str]:
        """Other firewall managers that are active."""
        return [name for name in MANAGERS if self.is_at_work(name)]

    def is_at_work(self, name: str) -> bool:
        """Whether a manager is active; the unit of ufw is so too where ufw is switched off."""
        if name == "ufw" and "ENABLED=yes" not in (self.machine.read("/etc/ufw/ufw.conf") or "ENABLED=yes"):
            return False
        return self.machine.run(["systemctl", "is-active", "--quiet", name]).status == 0

    def warnings(self, desired: List[Line]) -> List[str]:
        """What users would notice, and what is not as the stack wants it."""
        found = list(self.unsettled())
        if self.starts(desired):
            found += self.closing(desired)
        elif self.firewalld.installed:
            found += [what + "; each may undo the other's rules" for what in self.beside(desired)]
            found += overruled(self.rollback.runtime.kernel, opened_by(desired))
        return found + (self.exposure.sentences(desired) if self.firewalld.installed else [])

    def notes(self, desired: List[Line]) -> List[str]:
        """What else firewalld lets in that this stack does not manage."""
        if not self.firewalld.installed or self.starts(desired):
            return []
        return list(dict.fromkeys([*self.exposure.others(desired), *map(ignored, self.firewalld.unread())]))

    def unopened(self, server: List[Line]) -> Iterator[str]:
        """The ports that SoftEther needs and that a firewalld which the stack does not manage keeps closed."""
        if self.firewalld.installed and self.firewalld.running():
            yield from self.exposure.unopened(needed(server))
            yield from overruled(self.rollback.runtime.kernel, needed(server))

    def beside(self, desired: List[Line]) -> List[str]:
        """Managers at work beside a firewalld that runs."""
        return ["beside firewalld the VPN host " + what.partition(",")[0] for what, _ in self.other_managers(desired)]

    def unsettled(self) -> Iterator[str]:
        """What an earlier change has left."""
        if self.machine.read(RETURNED) is not None:
            yield "the firewall returned to its old rules, since no new SSH connection confirmed the last change"
        elif self.rollback.armed():
            yield "a firewall change waits for a new SSH connection, without which it is undone within a minute"

    def closing(self, desired: List[Line]) -> Iterator[str]:
        """The ports that are open now, since firewalld does not run, and would not be any more."""
        opened = self.opened(desired)
        for port, who in listening(self.machine):
            if not any(covers(entry, port) for entry in opened):
                yield "starting firewalld closes {} ({}) to everyone outside".format(port, who)

    def opened(self, desired: List[Line]) -> Set[str]:
        """What is open after the start: SSH, the document's own, and what the files of its zones contain already."""
        ports = {"{}/tcp".format(port) for port in ssh_ports(self.machine)}
        ports.update(opened_by(desired))
        for name in {*zones_of(desired), self.firewalld.default_zone()}:
            zone = self.firewalld.permanent_zone(name)
            if zone:
                ports.update(zone.ports)
                ports.update(
                    port for service in zone.services for port in self.firewalld.permanent_service(service) or []
                )
        return ports


def opened_by(desired: Iterable[Line]) -> List[str]:
    """The ports that a document opens, each once."""
    lines = [line for line in desired if line.kind in ("service", "zone")]
    return list(dict.fromkeys(port for line in lines for port in entries(line.values.get("ports", ""))))


def ignored(file: str) -> str:
    """That firewalld goes without a file of its settings."""
    return "firewalld cannot read its file {}, and ignores it; it stays as it is".format(file)


def needed(server: List[Line]) -> List[str]:
    """The ports of the server's document."""
    ports = [line.name + "/tcp" for line in server if line.kind == "listener" and line.values.get("enabled") == "yes"]
    for line in server:
        if line.kind == "udp":
            ports += [number + "/udp" for number in entries(line.values.get("ports", ""))]
        if line.kind == "ipsec" and line.values.get("l2tp") == "yes":
            ports += ["500/udp", "4500/udp"]
    return ports
