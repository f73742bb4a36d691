"""firewalld's rules as the kernel has them, and those of others beside them."""

import re
import time
from typing import Dict, Iterator, List, Optional, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.firewalld.firewalld import SETTINGS, Firewalld
from labvpn.agent.firewalld.packets import DROP, END, Packet, Ruleset

TABLE, POLICY_TABLE = "firewalld", "firewalld_policy_drop"
"""firewalld's own tables of nft: its rules, and what keeps new connections out while it reloads or panics."""

STRANGER = {"ip": "192.0.2.77", "ip6": "2001:db8::77"}
"""A source that no rule names (RFC 5737, RFC 3849)."""

UNASKED = 9
"""The port by which is seen that not everything passes (discard, RFC 863)."""


RELOADING = 1.5
"""Seconds after which a reload that is under way is over."""

INNER = re.compile(r"(docker|virbr|lxdbr|lxcbr|podman|cni|veth|vnet|br-[0-9a-f]{12}$)[0-9a-z]*")
INNER_PORT = re.compile(r"(veth|vnet|tap|vif|lxc|cali|virbr)")


class KernelRules:
    """Reads the kernel's rules."""

    def __init__(self, firewalld: Firewalld) -> None:
        self.firewalld = firewalld
        self.machine: Machine = firewalld.machine

    def ruleset(self) -> Optional[Ruleset]:
        """nft's rules; None where they cannot be read."""
        outcome = self.machine.run(["nft", "-j", "list", "ruleset"])
        try:
            return Ruleset(outcome.output) if outcome.status == 0 else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def outside(self) -> List[str]:
        """The interfaces on which packets from other hosts may arrive."""
        folder = self.machine.path("/sys/class/net")
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        return [name for name in names if name != "lo" and not self.is_inner(name)]

    def is_inner(self, name: str) -> bool:
        """Whether only containers and virtual machines of this host are behind an interface."""
        folder = self.machine.path("/sys/class/net/" + name)
        if not (folder / "bridge").is_dir():
            return bool(INNER.match(name))
        members = [path.name for path in (folder / "brif").iterdir()] if (folder / "brif").is_dir() else []
        return all(self.is_virtual(member) for member in members)

    def is_virtual(self, member: str) -> bool:
        """Whether a port of a bridge leads to a container or a virtual machine."""
        folder = self.machine.path("/sys/class/net/" + member)
        return bool(INNER_PORT.match(member)) and not (folder / "device").exists()

    def lost(self) -> List[str]:
        """What is missing of firewalld's rules although it runs; it is read twice, since firewalld may be reloading."""
        if not self.firewalld.running() or not self.missing():
            return []
        time.sleep(RELOADING)
        self.machine.again()
        self.firewalld.forget()
        return self.missing()

    def missing(self) -> List[str]:
        """The same, read once."""
        ruleset = self.ruleset()
        if ruleset is None or ("inet", TABLE) not in ruleset.tables:
            read_unchecked = {"nftables": ruleset is not None, "iptables": bool(self.input_chain())}
            bare = read_unchecked.get(self.backend(), any(read_unchecked.values()))
            return ["the kernel has none of its rules"] if bare and not self.in_xtables() else []
        if ("inet", POLICY_TABLE) in ruleset.tables:
            return ["its table {} blocks every new connection".format(POLICY_TABLE)] if not self.panics() else []
        return list(self.of_table(ruleset))

    def backend(self) -> str:
        """What firewalld writes its rules with; empty where its settings do not name it, as before 0.6."""
        settings = self.machine.read(SETTINGS + "/firewalld.conf") or ""
        found = re.search(r"^FirewallBackend=(\w+)", settings, re.MULTILINE)
        return found.group(1) if found else ""

    def unverifiable(self) -> bool:
        """Whether the kernel's rules are unknown: neither nft nor iptables shows firewalld's."""
        return self.machine.run(["nft", "-j", "list", "ruleset"]).status != 0 and not self.in_xtables()

    def panics(self) -> bool:
        """Whether panic mode is on, in which nothing passes."""
        return self.machine.run(["firewall-cmd", "--query-panic"]).status == 0

    def of_table(self, ruleset: Ruleset) -> Iterator[str]:
        """What is not in firewalld's table of nft."""
        bases = ruleset.bases("ip", ("input",))
        if not [key for key in bases if key[1] == TABLE]:
            yield "the kernel does not evaluate its rules"
            return
        for interface in self.outside():
            if END in ruleset.verdicts(Packet(interface, STRANGER["ip"], "tcp", UNASKED), {TABLE}):
                yield "what its rules do not name passes on {}".format(interface)
        for zone, ports in sorted(self.plainly_open().items()):
            for interface in self.firewalld.zones(False)[zone].get("interfaces", []):
                for port, transport in ports:
                    if ruleset.verdicts(Packet(interface, STRANGER["ip"], transport, port), {TABLE}) == {DROP}:
                        yield "zone {} opens {}/{}, and its rules do not".format(zone, port, transport)

    def plainly_open(self) -> Dict[str, List[Tuple[int, str]]]:
        """Single ports of zones in which nothing denies anything, so that they are surely open."""
        if [name for name, parts in self.firewalld.policies(False).items() if name != "allow-host-ipv6"]:
            return {}
        found: Dict[str, List[Tuple[int, str]]] = {}
        for name, parts in self.firewalld.zones(False).items():
            if not parts.get("rich rules") and "+" not in "".join(parts.get("interfaces", [])):
                ports = [port.partition("/") for port in parts.get("ports", [])]
                found[name] = [
                    (int(number), transport)
                    for number, _, transport in ports
                    if number.isdigit() and transport in ("tcp", "udp")
                ]
        return found

    def input_chain(self) -> List[str]:
        """The rules of iptables for packets to this host; empty without iptables."""
        return self.machine.run(["iptables", "-S", "INPUT"]).output.splitlines()

    def in_xtables(self) -> bool:
        """Whether firewalld's rules are those of iptables: its zones are asked, and the rest is refused."""
        rules = self.input_chain()
        asked = [place for place, rule in enumerate(rules) if rule.startswith("-A INPUT -j INPUT_ZONES")]
        refused = [
            place for place, rule in enumerate(rules) if rule.startswith(("-A INPUT -j REJECT", "-A INPUT -j DROP"))
        ]
        return bool(asked and refused) and asked[0] < refused[-1]

    def before_zones(self) -> List[str]:
        """Rules of iptables that accept before firewalld's zones are asked, but for firewalld's own."""
        rules = self.input_chain()
        asked = [place for place, rule in enumerate(rules) if "INPUT_ZONES" in rule]
        own = ("-i lo ", "ESTABLISHED", "DNAT")
        return [
            rule
            for rule in rules[: asked[0] if asked else 0]
            if "-j ACCEPT" in rule and not any(one in rule for one in own)
        ]

    def clear(self) -> None:
        """Take away what a firewalld that does not run has left in the kernel: it knows nothing of it any more."""
        ruleset = self.ruleset()
        for family, name in sorted(ruleset.tables if ruleset else set()):
            if name in (TABLE, POLICY_TABLE):
                self.machine.run(["nft", "delete", "table", family, name])
