"""firewalld as the agent needs it: what is permanent (its files), what holds now, and how both change."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from labvpn.agent.core.document import Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.firewalld.earlier_bans import earlier_rules

UNIT = "firewalld"
SETTINGS = "/etc/firewalld"
SHIPPED = "/usr/lib/firewalld"
LISTED = {
    "services": "service",
    "ports": "port",
    "protocols": "protocol",
    "source-ports": "source-port",
    "sources": "source",
    "interfaces": "interface",
    "icmp-blocks": "icmp-block",
    "forward-ports": "forward-port",
    "rich rules": "rich-rule",
    "ingress-zones": "ingress-zone",
    "egress-zones": "egress-zone",
}
"""The lists of a zone or policy, as firewall-cmd names them: the options that add and remove an entry end so."""

MOVED = ("source", "interface")
"""What is in one zone alone, and so is moved there rather than added."""
Listings = Dict[str, Dict[str, List[str]]]
"""Zones or policies by name, each with its entries by the word that firewall-cmd lists them under."""


class Zone(NamedTuple):
    """The entries of one zone."""

    services: List[str]
    ports: List[str]
    protocols: List[str]


class Firewalld:
    """The host's firewalld."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.read: Dict[Tuple[str, bool], Listings] = {}

    @property
    def installed(self) -> bool:
        """Whether its command is on the host."""
        return self.machine.path("/usr/bin/firewall-cmd").exists()

    def running(self) -> bool:
        """Whether the daemon answers."""
        return self.machine.run(["systemctl", "is-active", "--quiet", UNIT]).status == 0

    def read_ahead(self, desired: List[Line]) -> None:
        """Begin to ask for all that an inspection needs, since each answer of firewall-cmd takes a while."""
        if desired and self.installed and self.running():
            lists = ("--list-all-zones", "--list-all-policies")
            commands = [[*self.command(lasting), words] for words in lists for lasting in (False, True)]
            services = [line.name for line in desired if line.kind == "service"]
            self.machine.begin(commands + [["firewall-cmd", "--info-service=" + name] for name in services])

    def forget(self) -> None:
        """Drop what was read, so that the next question is asked again."""
        self.read = {}

    def now(self, *words: str) -> str:
        """Send a command to the daemon; AgentError has its complaint."""
        self.forget()
        return self.machine.must(["firewall-cmd", *words]).strip()

    def permanent(self, *words: str) -> str:
        """Change what is permanent: through the daemon, or in the files of one that is not running."""
        if self.running():
            return self.now("--permanent", *words)
        self.forget()
        offline = [word.replace("--remove-service=", "--remove-service-from-zone=") for word in words]
        return self.machine.must(["firewall-offline-cmd", *offline]).strip()

    def definition(self, kind: str, name: str) -> Optional["ElementTree.Element"]:
        """What defines a zone or a service: as firewalld, the first of its files that can be read."""
        paths = (self.machine.path("{}/{}/{}.xml".format(folder, kind, name)) for folder in (SETTINGS, SHIPPED))
        return next((root for root in map(root_of, paths) if root is not None), None)

    def unread(self) -> List[str]:
        """The host's own files of zones, services and policies that cannot be read, so that firewalld ignores them."""
        folders = [self.machine.path("{}/{}".format(SETTINGS, kind)) for kind in ("zones", "services", "policies")]
        paths = [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.xml"))]
        return ["{}/{}/{}".format(SETTINGS, path.parent.name, path.name) for path in paths if root_of(path) is None]

    def ships(self, service: str) -> bool:
        """Whether a service is one of firewalld's own."""
        return self.machine.path("{}/services/{}.xml".format(SHIPPED, service)).exists()

    def default_zone(self) -> str:
        """The zone of every interface that is in no other."""
        text = self.machine.read(SETTINGS + "/firewalld.conf") or ""
        found = re.search(r"^DefaultZone=(\S+)", text, re.MULTILINE)
        return found.group(1) if found else "public"

    def permanent_zone(self, name: str) -> Optional[Zone]:
        """A zone's permanent entries, None where there is no such zone."""
        root = self.definition("zones", name)
        if root is None:
            return None
        ports = ["{}/{}".format(port.get("port"), port.get("protocol")) for port in root.findall("port")]
        protocols = [protocol.get("value", "") for protocol in root.findall("protocol")]
        return Zone([service.get("name", "") for service in root.findall("service")], ports, protocols)

    def permanent_service(self, name: str) -> Optional[List[str]]:
        """A service's permanent ports, None where there is no such service."""
        root = self.definition("services", name)
        if root is None:
            return None
        return ["{}/{}".format(port.get("port"), port.get("protocol")) for port in root.findall("port")]

    def zone_names(self) -> List[str]:
        """Every zone there is."""
        folders = [self.machine.path(folder + "/zones") for folder in (SETTINGS, SHIPPED)]
        return sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.xml")})

    def zones(self, lasting: bool) -> Listings:
        """Every zone's entries by kind, permanent or runtime; the permanent ones where firewalld is down."""
        if ("zones", lasting) not in self.read:
            self.read["zones", lasting] = sections(self.machine.must([*self.command(lasting), "--list-all-zones"]))
        return self.read["zones", lasting]

    def policies(self, lasting: bool) -> Listings:
        """Every policy likewise; firewalld before 0.9 has none and does not know the option."""
        if ("policies", lasting) not in self.read:
            outcome = self.machine.run([*self.command(lasting), "--list-all-policies"])
            self.read["policies", lasting] = sections(outcome.output) if outcome.status == 0 else {}
        return self.read["policies", lasting]

    def command(self, lasting: bool) -> List[str]:
        """The command for what is permanent, or for the runtime."""
        if not lasting:
            return ["firewall-cmd"]
        return ["firewall-cmd", "--permanent"] if self.running() else ["firewall-offline-cmd"]

    def scopes(self) -> List[bool]:
        """What can be read and changed: the permanent settings, and the runtime where firewalld runs."""
        return [True, False] if self.running() else [True]

    def current_zone(self, name: str) -> Dict[str, List[str]]:
        """A zone's runtime entries by kind; empty where firewalld does not run."""
        return self.zones(lasting=False).get(name, {})

    def current_service(self, name: str) -> List[str]:
        """A service's runtime ports; empty where firewalld does not run or does not know it."""
        return listing(self.machine.run(["firewall-cmd", "--info-service=" + name]).output).get("ports", [])

    def define(self, name: str, ports: List[str]) -> None:
        """Make the service permanent, with exactly these ports."""
        if self.ships(name):
            raise AgentError(
                "firewalld ships the service {}: give `service` in `firewall` another name, such as vpnserver".format(
                    name
                )
            )
        before = self.permanent_service(name)
        if before is None:
            self.permanent("--new-service=" + name)
            before = []
        added = ["--add-port=" + port for port in ports if port not in before]
        removed = ["--remove-port=" + port for port in before if port not in ports]
        for words in (added, removed):
            if words:
                self.permanent("--service=" + name, *words)

    def enter(self, zone: str, option: str, entries: List[str], lasting: bool = True) -> None:
        """Add or remove (`--add-service=`, `--remove-port=`...) entries of one kind in one call, permanently or now."""
        if self.permanent_zone(zone) is None:
            raise AgentError(
                "firewalld on the VPN host has no zone {}: use one that `firewall-cmd --get-zones` lists".format(zone)
            )
        if entries:
            (self.permanent if lasting else self.now)("--zone=" + zone, *[option + entry for entry in entries])

    def has_rule(self, zone: str, rule: str, lasting: bool) -> bool:
        """Whether a zone has a rich rule, permanently or now; the daemon writes it in a spelling of its own."""
        rules = self.zones(lasting).get(zone, {}).get("rich rules", [])
        if rule in [text.replace('"', "") for text in rules]:
            return True
        # Where the zone has no rule at all, no other spelling has to be asked for.
        query = [*self.command(lasting), "--zone=" + zone, "--query-rich-rule=" + rule]
        return bool(rules) and self.machine.run(query).status == 0

    def without_bans(self) -> Listings:
        """Every zone's runtime entries without an earlier agent's bans, which have an end of their own."""
        bans = earlier_rules(self.machine)
        now = {name: dict(parts) for name, parts in self.zones(lasting=False).items()}
        # That agent may still be at work: its rules are in its list either before or afterwards.
        bans |= earlier_rules(self.machine)
        for parts in now.values():
            if "rich rules" in parts:
                parts["rich rules"] = [rule for rule in parts["rich rules"] if rule.replace('"', "") not in bans]
        return now

    def for_now_only(self) -> Dict[str, List[str]]:
        """The entries of each zone that a reload would take away, as options that add them."""
        lasting, extra = self.zones(lasting=True), {}
        for zone, parts in self.without_bans().items():
            kept = lasting.get(zone, {})
            extra[zone] = [
                "--{}-{}={}".format("change" if option in MOVED else "add", option, entry)
                for part, option in LISTED.items()
                for entry in parts.get(part, [])
                if entry not in kept.get(part, [])
            ]
        return {zone: options for zone, options in extra.items() if options}


def root_of(path: Path) -> Optional["ElementTree.Element"]:
    """The content of a file of firewalld; None where there is none, or where it is cut off or no XML."""
    try:
        return ElementTree.parse(str(path)).getroot()  # noqa: S314 -- the host's own file, written by root
    except (OSError, ValueError, LookupError, ElementTree.ParseError):
        return None


def listing(text: str) -> Dict[str, List[str]]:
    """One `--list-all` or `--info-service`: words by key; rich rules are whole lines, forward ports may be so too."""
    parts: Dict[str, List[str]] = {}
    key = ""
    for line in text.splitlines()[1:]:
        found = re.match(r"  ([a-z][a-z -]*):(.*)", line)
        if found:
            key = found.group(1)
            parts[key] = []
        rest = (found.group(2) if found else line).strip()
        if key and rest:
            parts[key] += [rest] if key == "rich rules" else rest.split()
    return parts


def sections(text: str) -> Listings:
    """`--list-all-zones` or `--list-all-policies`, by name."""
    blocks = [block for block in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n")) if block.strip()]
    return {block.split()[0]: listing(block) for block in blocks}
