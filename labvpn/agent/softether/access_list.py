"""The access list of a hub; a rule of ours is found again by its memo, the rules of others stay."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import base64
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Dict, Iterable, List, Optional, Set

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Change, Line, line_of
from labvpn.agent.firewalld.listening_ports import printable
from labvpn.agent.softether.accounts import hub_block
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.config_file import Tree
from labvpn.agent.softether.server_settings import Setting

PROTOCOLS_BY_NUMBER = {"0": "any", "1": "icmp", "6": "tcp", "17": "udp"}
OUR_MEMO = "labvpn:"
ANYWHERE = "0.0.0.0/0"
ALL_BITS = "FF-FF-FF-FF-FF-FF"


class AccessList(Setting):
    """`access LAB/labvpn:service:web priority=400000 action=pass protocol=tcp to=203.0.113.21/32 port=8000`."""

    kind = "access"

    def __init__(self, softether: SoftEther) -> None:
        super().__init__(softether)
        # The hubs whose list is ours, so that a rule with our mark is ours whoever wrote it.
        self.managed: Set[str] = set()

    def rules(self, hub: str) -> List[Tree]:
        """A hub's rules; several may have the same memo, or none."""
        block: Tree = (hub_block(self.softether, hub) or {}).get("AccessList", {})
        return [rule for rule in block.values() if isinstance(rule, dict)]

    def others(self, hub: str) -> List[Tree]:
        """The rules that are not ours."""
        return [rule for rule in self.rules(hub) if not memo_of(rule).startswith(OUR_MEMO)]

    def unmanaged_titles(self, hub: str) -> List[str]:
        """The memos of the rules that are not ours, or their priorities where they have no memo."""
        return [title_of(rule) for rule in self.others(hub)]

    def found(self, hub: str) -> List[Dict[str, str]]:
        """The rules of others, each as a document would have it, with its title and what no document knows of."""
        found = []
        for rule in self.others(hub):
            more = {"title": title_of(rule), "unread": ",".join(unread_keys(rule))}
            found.append({key: value for key, value in dict(rule_values(rule), **more).items() if value})
        return found

    def unmanaged(self) -> List[Line]:
        memos = {hub + "/" + memo_of(rule) for hub in self.managed for rule in self.rules(hub)}
        return [line_of(self.kind, name, {}) for name in sorted(memos) if name.partition("/")[2].startswith(OUR_MEMO)]

    def read(self, line: Line) -> Optional[Values]:
        hub, _, memo = line.name.partition("/")
        found = [rule for rule in self.rules(hub) if memo_of(rule) == memo]
        if not found:
            return None
        values = rule_values(found[0])
        actual = {key: values.pop(key, "none") for key in line.values}
        actual.update(values)
        if len(found) > 1:
            actual["copies"] = str(len(found))
        return actual

    def openings(self, hub: str, wanted: Iterable[Line]) -> List[str]:
        """What rules of others let pass that ours would not, in words: those before the end of our list."""
        ours = [line for line in wanted if line.name.startswith(hub + "/")]
        end = max((int(line.values["priority"]) for line in ours), default=-1)
        free = {line.values["user"].lower() for line in ours if is_free(line)}
        return [
            "a rule made by hand in {} ({}) lets {} pass before the stack's own rules: "
            "list it in the hub's services, or delete it".format(hub, title_of(rule), reach_of(rule))
            for rule in self.others(hub)
            if passes(rule) and number(rule, "Priority") <= end and str(rule.get("SrcUsername", "")).lower() not in free
        ]

    def apply(self, changes: List[Change]) -> None:
        wanted = [change.want for change in changes if change.want]
        for hub in hubs_of(wanted):
            self.replace(hub, [line for line in wanted if line.name.startswith(hub + "/")], [])

    def remove(self, lines: List[Line]) -> None:
        for hub in hubs_of(lines):
            if hub_block(self.softether, hub) is not None:
                self.replace(hub, [], [line.name.partition("/")[2] for line in lines])

    def replace(self, hub: str, wanted: List[Line], gone: Iterable[str]) -> None:
        """Rewrite the whole list, since no call sets one rule: a call for all leaves no gap between them."""
        mine = {line.name.partition("/")[2]: rule_parameters(line) for line in wanted}
        listed = self.call("EnumAccess", HubName_str=hub).get("AccessList", [])
        others = [rule for rule in listed if rule["Note_utf"] not in mine and rule["Note_utf"] not in gone]
        self.call("SetAccessList", HubName_str=hub, AccessList=others + list(mine.values()))


def hubs_of(lines: List[Line]) -> List[str]:
    """The hubs that lines belong to, each once."""
    return list(dict.fromkeys(line.name.partition("/")[0] for line in lines))


def memo_of(rule: Tree) -> str:
    """A rule's memo, empty where it has none."""
    return str(rule.get("Note", ""))


def title_of(rule: Tree) -> str:
    """By what an administrator finds a rule."""
    return printable(memo_of(rule)) or "priority {}".format(number(rule, "Priority"))


def number(rule: Tree, key: str) -> int:
    """A number of a rule; what is damaged or missing is 0, as the server reads it."""
    word = str(rule.get(key, "0"))
    return int(word) if word.isdigit() else 0


def passes(rule: Tree) -> bool:
    """Whether a rule lets anything pass; one that lacks a switch is as the server reads it: it discards nothing."""
    return rule.get("Active") == "true" and rule.get("Discard") != "true"


def is_free(line: Line) -> bool:
    """Whether a rule of ours lets a user pass, whatever they send."""
    return line.values["action"] == "pass" and set(line.values) == {"priority", "action", "user"}


def reach_of(rule: Tree) -> str:
    """What a rule lets pass, in words: `tcp to 203.0.113.21/32 port 22`, or everything."""
    values = rule_values(rule)
    keys = ("family", "protocol", "from", "from-port", "user", "mac", "to", "to-user", "port")
    parts = [values[key] if key in ("family", "protocol") else key + " " + values[key] for key in keys if key in values]
    return " ".join(parts) or "everything"


def rule_values(rule: Tree) -> Values:
    """A rule of the configuration as a document has it: only what it says."""
    ipv6 = rule.get("IsIPv6") == "true"
    protocol = str(rule.get("Protocol", "0"))
    values = {
        "priority": str(number(rule, "Priority")),
        "action": "discard" if rule.get("Discard") == "true" else "pass",
        "family": "ipv6" if ipv6 else "",
        "protocol": "" if protocol == "0" else PROTOCOLS_BY_NUMBER.get(protocol, protocol),
        "to": "" if ipv6 else network_of(rule, "Dest"),
        "port": ports_of(rule, "Dest"),
        "user": str(rule.get("SrcUsername", "")),
        "mac": str(rule.get("SrcMacAddress", "")) if rule.get("CheckSrcMac") == "true" else "",
    }
    values.update(foreign_values(rule, ipv6))
    return {key: value for key, value in values.items() if value}


def foreign_values(rule: Tree, ipv6: bool) -> Values:
    """Values that our rules never have, so that a rule changed by hand shows."""
    return {
        "active": "no" if rule.get("Active") == "false" else "",
        "from": "" if ipv6 else network_of(rule, "Src"),
        "to-user": str(rule.get("DestUsername", "")),
        "from-port": ports_of(rule, "Src"),
        "mac-mask": "" if rule.get("SrcMacMask", ALL_BITS) == ALL_BITS else str(rule["SrcMacMask"]),
        "to-mac": str(rule.get("DstMacAddress", "")) if rule.get("CheckDstMac") == "true" else "",
        "tcp-state": "checked" if rule.get("CheckTcpState") == "true" else "",
    }


def unread_keys(rule: Tree) -> List[str]:
    """What else a rule does with a packet: it may be lost, come late, or go to another page."""
    return [key for key in ("Delay", "Jitter", "Loss", "RedirectUrl") if str(rule.get(key, "0")) not in ("0", "")]


def ports_of(rule: Tree, side: str) -> str:
    """The ports of one side of a rule, nothing where they are all; SoftEther takes an end before the start for it."""
    first, last = number(rule, side + "PortStart"), number(rule, side + "PortEnd")
    if not (first or last):
        return ""
    return str(first) if last <= first else "{}-{}".format(max(first, 1), last)


def network_of(rule: Tree, side: str) -> str:
    """The addresses of one side of a rule, nothing where they are all."""
    address, mask = str(rule.get(side + "IpAddress", "0.0.0.0")), str(rule.get(side + "SubnetMask", "0.0.0.0"))  # noqa: S104
    length = length_of(mask)
    text = "{}/{}".format(address, mask if length is None else length)
    return "" if text == ANYWHERE else text


def length_of(mask: str) -> Optional[int]:
    """The length of a mask; None for one with gaps, which SoftEther takes bit by bit, and of a damaged file."""
    try:
        bits = "{:032b}".format(int(IPv4Address(mask)))
    except ValueError:
        return None
    return None if "01" in bits else bits.count("1")


def rule_parameters(line: Line) -> Dict[str, Any]:
    """A line as an element of SetAccessList; without Protocol_u32 the call would empty the whole list."""
    values = line.values
    numbers = {name: int(protocol) for protocol, name in PROTOCOLS_BY_NUMBER.items()}
    rule: Dict[str, Any] = {
        "Note_utf": line.name.partition("/")[2],
        "Active_bool": True,
        "Priority_u32": int(values["priority"]),
        "Discard_bool": values.get("action") == "discard",
        "IsIPv6_bool": values.get("family") == "ipv6",
        "Protocol_u32": numbers[values.get("protocol", "any")],
        "SrcUsername_str": values.get("user", ""),
    }
    if "to" in values:
        network = IPv4Network(values["to"])
        rule.update(DestIpAddress_ip=str(network.network_address), DestSubnetMask_ip=str(network.netmask))
    if "port" in values:
        rule.update(DestPortStart_u32=int(values["port"]), DestPortEnd_u32=int(values["port"]))
    if "mac" in values:
        address = base64.b64encode(bytes.fromhex(values["mac"].replace("-", ""))).decode("ascii")
        rule.update(CheckSrcMac_bool=True, SrcMacAddress_bin=address, SrcMacMask_bin="////////")
    return rule
