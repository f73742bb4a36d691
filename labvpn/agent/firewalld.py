"""firewalld as the agent needs it: what is permanent (its files), what holds now, and how both change."""

import re
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from labvpn.agent.barred import bars_again, guard_rules
from labvpn.agent.errors import AgentError
from labvpn.agent.machine import Machine

UNIT = "firewalld"
SETTINGS = "/etc/firewalld"
SHIPPED = "/usr/lib/firewalld"
# The parts of a zone that firewall-cmd lists and that may have been added for now only.
PARTS = {
    "services": "--add-service=",
    "ports": "--add-port=",
    "protocols": "--add-protocol=",
    "source-ports": "--add-source-port=",
    "sources": "--add-source=",
    "interfaces": "--change-interface=",
    "rich rules": "--add-rich-rule=",
}


class Zone(NamedTuple):
    """The entries of one zone."""

    services: List[str]
    ports: List[str]
    protocols: List[str]


class Firewalld:
    """The host's firewalld."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.read: Dict[bool, Dict[str, Dict[str, List[str]]]] = {}

    @property
    def installed(self) -> bool:
        """Whether its command is on the host."""
        return self.machine.path("/usr/bin/firewall-cmd").exists()

    def running(self) -> bool:
        """Whether the daemon answers."""
        return self.machine.run(["systemctl", "is-active", "--quiet", UNIT]).status == 0

    def forget(self) -> None:
        """Look anew at the next question."""
        self.read = {}

    def now(self, *words: str) -> str:
        """Ask or tell the daemon; AgentError gives its complaint."""
        self.forget()
        return self.machine.must(["firewall-cmd", *words]).strip()

    def permanent(self, *words: str) -> str:
        """Change what is permanent: through the daemon, or in the files of one that is not running."""
        if self.running():
            return self.now("--permanent", *words)
        self.forget()
        offline = [word.replace("--remove-service=", "--remove-service-from-zone=") for word in words]
        return self.machine.must(["firewall-offline-cmd", *offline]).strip()

    def file(self, kind: str, name: str) -> Optional[Path]:
        """The file that defines a zone or a service, the host's own before the shipped one."""
        places = [self.machine.path("{}/{}/{}.xml".format(folder, kind, name)) for folder in (SETTINGS, SHIPPED)]
        return next((path for path in places if path.exists()), None)

    def default_zone(self) -> str:
        """The zone of every interface that is in no other."""
        text = self.machine.read(SETTINGS + "/firewalld.conf") or ""
        found = re.search(r"^DefaultZone=(\S+)", text, re.MULTILINE)
        return found.group(1) if found else "public"

    def permanent_zone(self, name: str) -> Optional[Zone]:
        """A zone's permanent entries, None where there is no such zone."""
        path = self.file("zones", name)
        if path is None:
            return None
        root = ElementTree.parse(str(path)).getroot()  # noqa: S314 -- the host's own file, written by root
        ports = ["{}/{}".format(port.get("port"), port.get("protocol")) for port in root.findall("port")]
        protocols = [protocol.get("value", "") for protocol in root.findall("protocol")]
        return Zone([service.get("name", "") for service in root.findall("service")], ports, protocols)

    def permanent_service(self, name: str) -> Optional[List[str]]:
        """A service's permanent ports, None where there is no such service."""
        path = self.file("services", name)
        if path is None:
            return None
        root = ElementTree.parse(str(path)).getroot()  # noqa: S314 -- the host's own file, written by root
        return ["{}/{}".format(port.get("port"), port.get("protocol")) for port in root.findall("port")]

    def zone_names(self) -> List[str]:
        """Every zone there is."""
        folders = [self.machine.path(folder + "/zones") for folder in (SETTINGS, SHIPPED)]
        return sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.xml")})

    def zones(self, lasting: bool) -> Dict[str, Dict[str, List[str]]]:
        """Every zone's entries, permanent or of now, by kind; of a firewalld that is down the permanent ones."""
        if lasting not in self.read:
            permanent = ["firewall-cmd", "--permanent"] if self.running() else ["firewall-offline-cmd"]
            command = permanent if lasting else ["firewall-cmd"]
            self.read[lasting] = sections(self.machine.run([*command, "--list-all-zones"]).output)
        return self.read[lasting]

    def current_zone(self, name: str) -> Dict[str, List[str]]:
        """A zone's entries of now, by kind; empty where firewalld does not run."""
        return self.zones(lasting=False).get(name, {})

    def current_service(self, name: str) -> List[str]:
        """A service's ports of now; empty where firewalld does not run or does not know it."""
        return listing(self.machine.run(["firewall-cmd", "--info-service=" + name]).output).get("ports", [])

    def define(self, name: str, ports: List[str]) -> None:
        """Make the service permanent, with exactly these ports."""
        before = self.permanent_service(name)
        if before is None:
            self.permanent("--new-service=" + name)
            before = []
        added = ["--add-port=" + port for port in ports if port not in before]
        removed = ["--remove-port=" + port for port in before if port not in ports]
        for words in (added, removed):
            if words:
                self.permanent("--service=" + name, *words)

    def enter(self, zone: str, option: str, entries: List[str]) -> None:
        """Add or remove (`--add-service=`, `--remove-port=`...) permanent entries of one kind in one call."""
        if self.permanent_zone(zone) is None:
            raise AgentError(
                "firewalld on the VPN host has no zone {}: take one that `firewall-cmd --get-zones` lists".format(zone)
            )
        if entries:
            self.permanent("--zone=" + zone, *[option + entry for entry in entries])

    def has_rule(self, zone: str, rule: str, lasting: bool) -> bool:
        """Whether a zone has a rich rule, permanently or now; the daemon writes it in a spelling of its own."""
        rules = self.zones(lasting).get(zone, {}).get("rich rules", [])
        if rule in [text.replace('"', "") for text in rules]:
            return True
        # Where the zone has no rule at all, no other spelling has to be asked for.
        command = ["firewall-cmd", "--permanent"] if lasting and self.running() else ["firewall-cmd"]
        if lasting and not self.running():
            command = ["firewall-offline-cmd"]
        query = [*command, "--zone=" + zone, "--query-rich-rule=" + rule]
        return bool(rules) and self.machine.run(query).status == 0

    def reload(self, extra: Dict[str, List[str]]) -> None:
        """Make what is permanent hold now, and put back what somebody had added to a zone for now only."""
        self.now("--reload")
        for zone, options in extra.items():
            for option in options:
                self.machine.run(["firewall-cmd", "--zone=" + zone, option])
        for words in bars_again(self.machine, time.time()):
            self.machine.run(["firewall-cmd", *words])

    def for_now_only(self) -> Dict[str, List[str]]:
        """The entries of each zone that a reload would take away, as options that add them.

        Not the bars of the guard, which have an end: a reload brings them back by themselves.
        """
        lasting, bars = self.zones(lasting=True), guard_rules(self.machine)
        now = self.zones(lasting=False)
        # The guard goes on meanwhile: its rules of now are in its list either before or afterwards.
        bars |= guard_rules(self.machine)
        extra = {}
        for zone, parts in now.items():
            kept = lasting.get(zone, {})
            extra[zone] = [
                option + entry
                for part, option in PARTS.items()
                for entry in parts.get(part, [])
                if entry not in kept.get(part, []) and entry.replace('"', "") not in bars
            ]
        return {zone: options for zone, options in extra.items() if options}


def listing(text: str) -> Dict[str, List[str]]:
    """One `--list-all` or `--info-service`: words by key; rich rules are whole lines."""
    parts: Dict[str, List[str]] = {}
    key = ""
    for line in text.splitlines()[1:]:
        found = re.match(r"  ([a-z][a-z -]*):(.*)", line)
        if found:
            key = found.group(1)
            parts[key] = found.group(2).split()
        elif key == "rich rules" and line.strip():
            parts[key].append(line.strip())
    return parts


def sections(text: str) -> Dict[str, Dict[str, List[str]]]:
    """`--list-all-zones`, by zone."""
    blocks = [block for block in text.strip().split("\n\n") if block.strip()]
    return {block.split()[0]: listing(block) for block in blocks}
