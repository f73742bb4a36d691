"""The access list of a hub; a rule of ours is found again by its memo, the rules of others stay."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import base64
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Dict, Iterable, List, Optional

from labvpn.agent.concern import Values
from labvpn.agent.document import Change, Line
from labvpn.agent.settings import Setting
from labvpn.agent.users import hub_block
from labvpn.agent.vpnconfig import Tree

PROTOCOLS_BY_NUMBER = {"0": "any", "1": "icmp", "6": "tcp", "17": "udp"}
OUR_MEMO = "labvpn:"
ANYWHERE = "0.0.0.0/0"
ALL_BITS = "FF-FF-FF-FF-FF-FF"


class Access(Setting):
    """`access LAB/labvpn:service:web priority=400000 action=pass protocol=tcp to=203.0.113.21/32 port=8000`."""

    kind = "access"

    def rules(self, hub: str) -> Dict[str, Tree]:
        """A hub's rules by their memo."""
        block: Tree = (hub_block(self.softether, hub) or {}).get("AccessList", {})
        return {str(rule.get("Note", "")): rule for rule in block.values() if isinstance(rule, dict)}

    def strangers(self, hub: str) -> List[str]:
        """The memos of rules that are none of ours, or their priority where they have no memo."""
        rules = self.rules(hub).items()
        return [
            memo or "priority {}".format(rule.get("Priority", "unknown"))
            for memo, rule in rules
            if not memo.startswith(OUR_MEMO)
        ]

    def show(self, line: Line) -> Optional[Values]:
        hub, _, memo = line.name.partition("/")
        rule = self.rules(hub).get(memo)
        if rule is None:
            return None
        values = rule_values(rule)
        shown = {key: values.pop(key, "none") for key in line.values}
        shown.update(values)
        return shown

    def make(self, changes: List[Change]) -> None:
        wanted = [change.want for change in changes if change.want]
        for hub in hubs_of(wanted):
            self.replace(hub, [line for line in wanted if line.name.startswith(hub + "/")], [])

    def drop(self, lines: List[Line]) -> None:
        for hub in hubs_of(lines):
            if hub_block(self.softether, hub) is not None:
                self.replace(hub, [], [line.name.partition("/")[2] for line in lines])

    def replace(self, hub: str, wanted: List[Line], gone: Iterable[str]) -> None:
        """Write the whole list anew, since there is no call for one rule: a call for all leaves no gap between them."""
        mine = {line.name.partition("/")[2]: rule_parameters(line) for line in wanted}
        listed = self.call("EnumAccess", HubName_str=hub).get("AccessList", [])
        others = [rule for rule in listed if rule["Note_utf"] not in mine and rule["Note_utf"] not in gone]
        self.call("SetAccessList", HubName_str=hub, AccessList=others + list(mine.values()))


def hubs_of(lines: List[Line]) -> List[str]:
    """The hubs that lines belong to, each once."""
    return list(dict.fromkeys(line.name.partition("/")[0] for line in lines))


def rule_values(rule: Tree) -> Values:
    """A rule of the configuration as a document has it: only what it says."""
    ipv6 = rule.get("IsIPv6") == "true"
    number = str(rule.get("Protocol", "0"))
    first, last = str(rule.get("DestPortStart", "0")), str(rule.get("DestPortEnd", "0"))
    values = {
        "priority": str(rule.get("Priority")),
        "action": "discard" if rule.get("Discard") == "true" else "pass",
        "family": "ipv6" if ipv6 else "",
        "protocol": "" if number == "0" else PROTOCOLS_BY_NUMBER.get(number, number),
        "to": "" if ipv6 else network_of(rule, "Dest"),
        "port": "" if first == "0" else first if last in ("0", first) else first + "-" + last,
        "user": str(rule.get("SrcUsername", "")),
        "mac": str(rule.get("SrcMacAddress", "")) if rule.get("CheckSrcMac") == "true" else "",
    }
    values.update(bent(rule, ipv6))
    return {key: value for key, value in values.items() if value}


def bent(rule: Tree, ipv6: bool) -> Values:
    """What none of our rules ever says, so that a rule bent by hand shows."""
    return {
        "active": "no" if rule.get("Active") == "false" else "",
        "from": "" if ipv6 else network_of(rule, "Src"),
        "to-user": str(rule.get("DestUsername", "")),
        "from-port": "" if rule.get("SrcPortStart", "0") == "0" else str(rule["SrcPortStart"]),
        "mac-mask": "" if rule.get("SrcMacMask", ALL_BITS) == ALL_BITS else str(rule["SrcMacMask"]),
        "to-mac": str(rule.get("DstMacAddress", "")) if rule.get("CheckDstMac") == "true" else "",
        "tcp-state": "checked" if rule.get("CheckTcpState") == "true" else "",
    }


def network_of(rule: Tree, side: str) -> str:
    """The addresses of one side of a rule, nothing where they are all."""
    address, mask = str(rule.get(side + "IpAddress", "0.0.0.0")), str(rule.get(side + "SubnetMask", "0.0.0.0"))  # noqa: S104
    text = "{}/{}".format(address, bin(int(IPv4Address(mask))).count("1"))
    return "" if text == ANYWHERE else text


def rule_parameters(line: Line) -> Dict[str, Any]:
    """A line as an element of SetAccessList; without Protocol_u32 the call would empty the whole list."""
    values = line.values
    numbers = {name: int(number) for number, name in PROTOCOLS_BY_NUMBER.items()}
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
