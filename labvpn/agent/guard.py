"""What is looked at before the firewall is changed: what cannot be, and what users would notice."""

import shlex
from typing import Dict, Iterable, Iterator, List, Set, Tuple

from labvpn.agent.connection import ssh_ports
from labvpn.agent.document import Line
from labvpn.agent.fallback import RETURNED, Fallback
from labvpn.agent.firewalld import Firewalld
from labvpn.agent.lists import by_number, entries
from labvpn.agent.sockets import listening

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


class Guard:
    """One look at a host's firewalls and sockets, against a document."""

    def __init__(self, firewalld: Firewalld, fallback: Fallback) -> None:
        self.firewalld = firewalld
        self.fallback = fallback
        self.machine = firewalld.machine

    def starts(self, desired: Iterable[Line]) -> bool:
        """Whether firewalld does not run and shall."""
        wanted = any(line.kind == "unit" and line.values.get("active") == "yes" for line in desired)
        return wanted and not self.firewalld.running()

    def refusals(self, desired: List[Line]) -> List[List[str]]:
        """Zones and interfaces that do not exist, and another manager where firewalld would be started."""
        found = [*self.missing_zones(desired), *self.missing_interfaces(desired)]
        return found + (self.other_managers(desired) if self.starts(desired) else [])

    def missing_zones(self, desired: List[Line]) -> Iterator[List[str]]:
        """Zones that firewalld does not have."""
        known = self.firewalld.zone_names() or SHIPPED_ZONES
        for zone in zones_of(desired):
            if zone not in known:
                remedy = "in `firewall`, name one that it has ({}), or make it there first".format(", ".join(known))
                yield ["has no firewalld zone {}".format(zone), remedy]

    def missing_interfaces(self, desired: List[Line]) -> Iterator[List[str]]:
        """Interfaces that the host does not have."""
        folder = self.machine.path("/sys/class/net")
        known = sorted(path.name for path in folder.iterdir() if path.name != "lo") if folder.is_dir() else []
        for line in desired:
            if line.kind == "interface" and line.name not in known:
                remedy = "in `firewall.zones`, name one that it has: {}".format(", ".join(known))
                yield ["has no network interface {}".format(line.name), remedy]

    def other_managers(self, desired: Iterable[Line]) -> List[List[str]]:
        """Other firewall managers at work that nobody said may stay."""
        beside = [name for line in desired if line.kind == "unit" for name in entries(line.values.get("beside", ""))]
        what = "has a firewall managed by {0} already, which firewalld would fight with"
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
        """What users would notice, and what is as nobody here wanted it."""
        found = list(self.unsettled())
        if self.starts(desired):
            found += self.closing(desired)
        elif self.firewalld.installed:
            found += [what + "; each may undo the other's rules" for what in self.beside(desired)]
        closed = [line for line in desired if line.kind == "closed"]
        return found + (Openings(self.firewalld, desired).sentences(closed) if self.firewalld.installed else [])

    def beside(self, desired: List[Line]) -> List[str]:
        """Managers at work beside a firewalld that runs."""
        return ["beside firewalld the VPN host " + what.partition(",")[0] for what, _ in self.other_managers(desired)]

    def unsettled(self) -> Iterator[str]:
        """What an earlier change has left."""
        if self.machine.read(RETURNED) is not None:
            yield "the firewall returned to its old rules after the last change, which no new SSH connection confirmed"
        elif self.fallback.armed():
            yield "a firewall change waits for a new SSH connection to confirm it, or is undone within a minute"

    def closing(self, desired: List[Line]) -> Iterator[str]:
        """The ports that are open now, since firewalld does not run, and would not be any more."""
        opened = self.opened(desired)
        for port, who in listening(self.machine):
            if not any(covers(entry, port) for entry in opened):
                yield "starting firewalld closes {} ({}) to everyone outside".format(port, who)

    def unopened(self, server: List[Line]) -> Iterator[str]:
        """The ports that SoftEther needs and that a firewalld which nobody here manages keeps shut."""
        if not self.firewalld.installed or not self.firewalld.running():
            return
        opened = {entry for zone in Openings(self.firewalld, []).zones() for entry in self.ports_of(zone[1])}
        shut = [port for port in needed(server) if not any(covers(entry, port) for entry in opened)]
        if shut:
            silence = "; phase 1 of L2TP/IPsec is then never answered" if "500/udp" in shut else ""
            remedy = "set `firewall` in the configuration, or open them there"
            yield "firewalld, which this stack leaves alone, lets nobody in at {}{}: {}".format(
                ", ".join(shut), silence, remedy
            )

    def ports_of(self, zone: Dict[str, List[str]]) -> List[str]:
        """What a zone opens to everyone."""
        services = [port for name in zone.get("services", []) for port in self.firewalld.permanent_service(name) or []]
        everything = ["0-65535/tcp", "0-65535/udp"] if zone.get("target") == ["ACCEPT"] else []
        return zone.get("ports", []) + services + everything

    def opened(self, desired: List[Line]) -> Set[str]:
        """What is open after the start: SSH, the document's own, and what the files of its zones hold already."""
        ports = {"{}/tcp".format(port) for port in ssh_ports(self.machine)}
        for line in desired:
            if line.kind in ("service", "zone"):
                ports.update(entries(line.values.get("ports", "")))
        for name in {*zones_of(desired), self.firewalld.default_zone()}:
            zone = self.firewalld.permanent_zone(name)
            if zone:
                ports.update(zone.ports)
                ports.update(
                    port for service in zone.services for port in self.firewalld.permanent_service(service) or []
                )
        return ports


def needed(server: List[Line]) -> List[str]:
    """The ports of the server's document."""
    ports = [line.name + "/tcp" for line in server if line.kind == "listener" and line.values.get("enabled") == "yes"]
    for line in server:
        if line.kind == "udp":
            ports += [number + "/udp" for number in entries(line.values.get("ports", ""))]
        if line.kind == "ipsec" and line.values.get("l2tp") == "yes":
            ports += ["500/udp", "4500/udp"]
    return ports


def covers(entry: str, port: str) -> bool:
    """Whether a port entry (`8000/tcp`, `7000-9000/tcp`) holds a port."""
    numbers, _, transport = entry.partition("/")
    first, _, last = numbers.partition("-")
    number, _, wanted = port.partition("/")
    return transport == wanted and first.isdigit() and int(first) <= int(number) <= int(last or first)


class Openings:
    """What opens a port that is to be closed, in any zone that packets come to: permanently or now."""

    def __init__(self, firewalld: Firewalld, desired: List[Line]) -> None:
        self.firewalld = firewalld
        self.ours = {line.values.get("rule", "") for line in desired if line.kind == "rich"}
        self.ours.update(part for line in desired if line.kind == "closed" for part in allowed(line))

    def sentences(self, closed: List[Line]) -> List[str]:
        """One for each opening."""
        if not closed:
            return []
        ports = list(dict.fromkeys(line.name.partition("/")[2] for line in closed))
        found = [sentence for port in ports for zone in self.zones() for sentence in self.openings(port, *zone)]
        return list(dict.fromkeys(found))

    def zones(self) -> List[Tuple[str, Dict[str, List[str]]]]:
        """The zones in use, with what they hold permanently and what they hold now."""
        looks = [self.firewalld.zones(lasting=True)]
        looks += [self.firewalld.zones(lasting=False)] if self.firewalld.running() else []
        default = self.firewalld.default_zone()
        used = {
            name for look in looks for name, parts in look.items() if parts.get("interfaces") or parts.get("sources")
        }
        return [(name, parts) for look in looks for name, parts in look.items() if name in {*used, default}]

    def openings(self, port: str, zone: str, parts: Dict[str, List[str]]) -> Iterator[str]:
        """What in a zone opens the port."""
        say = "{} shall be closed, but zone {} of firewalld opens it to {{}} by {{}}: take that away".format(port, zone)
        if parts.get("target") == ["ACCEPT"]:
            yield say.format("everyone", "its target ACCEPT")
        for entry in sorted(parts.get("ports", []), key=by_number):
            if covers(entry, port):
                yield say.format("everyone", "port " + entry)
        for service in parts.get("services", []):
            if any(covers(entry, port) for entry in self.firewalld.permanent_service(service) or []):
                yield say.format("everyone", "service " + service)
        for entry in parts.get("protocols", []):
            if entry == port.partition("/")[2]:
                yield say.format("everyone", "protocol " + entry)
        for text in parts.get("rich rules", []):
            if text.replace('"', "") not in self.ours and self.accepts(text, port):
                yield say.format(source(text), "the rich rule " + text.replace('"', ""))

    def accepts(self, text: str, port: str) -> bool:
        """Whether a rich rule lets packets to the port in."""
        words = shlex.split(text)
        if "accept" not in words:
            return False
        values = dict(word.partition("=")[::2] for word in words if "=" in word)
        if "port" in words:
            return covers("{}/{}".format(values.get("port"), values.get("protocol")), port)
        if "service" in words:
            service = self.firewalld.permanent_service(values.get("name", "")) or []
            return any(covers(entry, port) for entry in service)
        if "protocol" in words:
            return values.get("value") == port.partition("/")[2]
        return not {"icmp-block", "icmp-type", "masquerade", "forward-port", "source-port"}.intersection(words)


def allowed(line: Line) -> List[str]:
    """The rules that a line `closed` stands for."""
    _, port, transport = line.name.split("/")
    text = "rule family=ipv4 source address={} port port={} protocol={} accept"
    return [text.format(address, port, transport) for address in entries(line.values.get("only", ""))]


def source(text: str) -> str:
    """Whom a rich rule lets in."""
    values = [word.partition("=")[2] for word in shlex.split(text) if word.startswith(("address=", "mac=", "ipset="))]
    return values[0] if "source" in text and values else "everyone"
