"""The box's policies as one nft script, which the kernel applies completely or not at all.

Sessions follow FortiOS's default `firewall-session-dirty check-all`: a connection is marked with the id of the policy
that accepted it, every packet in its original direction is evaluated again, and replies pass only while that policy
still accepts. So a policy that is removed, moved or switched off ends the connections that only it allowed, without a
flush of the kernel's connection table.

Two counters for each policy: `hits_ID` counts sessions (each packet if denied), `traffic_ID` all packets and bytes.
They are not replaced with the rules, so they live as long as their policy. ID 0 is the implicit deny.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address

from rehearsal.fortigate import matching, values
from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.entry import Entry
from rehearsal.fortigate.objects import AddressGroupEntry, PolicyEntry, ServiceGroupEntry, VipEntry
from rehearsal.fortigate.system import InterfaceEntry
from rehearsal.fortigate.tables import (
    ADDRESSES,
    GROUPS,
    INTERFACES,
    POLICIES,
    SDWAN,
    SERVICE_GROUPS,
    SERVICES,
    VIPS,
    ZONES,
)

TABLE = "table ip fortigate"
IMPLICIT_DENY = 0
_OBJECTS = (ADDRESSES, GROUPS, SERVICES, SERVICE_GROUPS, VIPS)
_Group = AddressGroupEntry | ServiceGroupEntry
_OWN_SERVICES = {"ping": "icmp type echo-request", "https": "tcp dport 443", "ssh": "tcp dport 22"}
_REFUSE = {"enable": "reject with icmp type admin-prohibited", "disable": "drop"}


def script(box: StandIn, present: Collection[int]) -> str:
    """The nft script that replaces the rules with the box's.

    `present` are the ids of the policies that have counters in the kernel now; those no longer in the box are removed.
    """
    wanted = {IMPLICIT_DENY, *(policy.policyid for policy in box.policies)}
    removed = [line for policyid in sorted(set(present) - wanted) for line in _removed(policyid)]
    blocks = [_counters(sorted(wanted)), _input(box), _forward(box), _sessions(box)]
    blocks += [_policy(policy) for policy in box.policies]
    blocks += [_implicit_deny(), _prerouting(box), _postrouting(box)]
    rules = [line for block in blocks for line in block]
    head = [TABLE + " {", "}", "flush " + TABLE, *removed]
    return "\n".join([*head, TABLE + " {", *(f"  {line}" for line in rules), "}", ""])


def sources(box: StandIn) -> tuple[Entry, ...]:
    """Every entry that the rules are made from: an object that no policy uses is in none of them."""
    used = {each.name for policy in box.policies for each in (*policy.srcaddr, *policy.dstaddr, *policy.service)}
    ahead = list(used)
    groups = {
        each.name: each for of in (GROUPS, SERVICE_GROUPS) for each in box.entries(of) if isinstance(each, _Group)
    }
    while ahead:
        group = groups.get(ahead.pop())
        held = {each.name for each in (*group.member, *getattr(group, "exclude_member", ()))} if group else set()
        ahead += held - used
        used |= held
    always = [entry for of in (POLICIES, INTERFACES, ZONES, SDWAN) for entry in box.entries(of)]
    objects = [entry for of in _OBJECTS for entry in box.entries(of) if of.key_of(entry) in used]
    return (*always, *objects)


def vip_addresses(box: StandIn) -> set[tuple[str, str]]:
    """(interface, address) for each VIP in use with an address of its own, for which the box answers ARP."""
    found: set[tuple[str, str]] = set()
    for vip in _used_vips(box):
        for interface in _interfaces(box):
            own, near = interface.ip.split()[0], IPv4Address(vip.extip) in values.network(interface.ip)
            if near and interface.status == "up" and vip.extip != own and vip.arp_reply == "enable":
                found.add((interface.name, vip.extip))
    return found


def _removed(policyid: int) -> tuple[str, ...]:
    of = TABLE.removeprefix("table ")
    return (
        f"delete chain {of} policy_{policyid}",
        f"delete chain {of} session_{policyid}",
        f"delete counter {of} hits_{policyid}",
        f"delete counter {of} traffic_{policyid}",
    )


def _chain(name: str, *rules: str) -> list[str]:
    return [f"chain {name} {{", *(f"  {rule}" for rule in rules), "}"]


def _counters(ids: list[int]) -> list[str]:
    return [line for number in ids for line in (f"counter hits_{number} {{ }}", f"counter traffic_{number} {{ }}")]


def _input(box: StandIn) -> list[str]:
    """What the box's own services accept, by each interface's allowaccess."""
    allowed = [
        f'iifname "{interface.name}" {_OWN_SERVICES[service]} accept'
        for interface in _interfaces(box)
        for service in interface.allowaccess.split()
        if service in _OWN_SERVICES
    ]
    hook = "type filter hook input priority filter; policy drop;"
    return _chain("input", hook, "ct state established,related accept", 'iifname "lo" accept', *allowed)


def _forward(box: StandIn) -> list[str]:
    objects = matching.Objects(box)
    rules = [
        f"{match} goto policy_{each.policyid}".strip()
        for each in box.policies
        for match in matching.expressions(objects, each)
    ]
    return _chain(
        "forward",
        "type filter hook forward priority filter; policy drop;",
        "ct state invalid drop",
        "ct state related goto sessions",
        "ct direction reply goto sessions",
        *rules,
        *(f"{match} accept" for match in matching.within_zones(box)),
        f"goto policy_{IMPLICIT_DENY}",
    )


def _accepting(box: StandIn) -> list[PolicyEntry]:
    return [each for each in box.policies if each.action == "accept" and each.active]


def _sessions(box: StandIn) -> list[str]:
    """The path of replies: through the policy that accepted the connection, if it still accepts, or within a zone."""
    within = (f"ct mark 0 {match} accept" for match in matching.within_zones(box))
    verdicts = ", ".join(f"{each.policyid} : goto session_{each.policyid}" for each in _accepting(box))
    return _chain("sessions", *([f"ct mark vmap {{ {verdicts} }}"] if verdicts else []), *within, "drop")


def _policy(policy: PolicyEntry) -> list[str]:
    number = policy.policyid
    if policy.action == "accept":
        verdict = "accept"
        first = f"ct mark != {number} ct mark set {number} counter name hits_{number}"
    else:
        verdict = _REFUSE[policy.send_deny_packet]
        first = f"ct mark set 0 counter name hits_{number}"
    return _chain(f"session_{number}", f"counter name traffic_{number} {verdict}") + _chain(
        f"policy_{number}", first, f"goto session_{number}"
    )


def _implicit_deny() -> list[str]:
    return _chain(f"session_{IMPLICIT_DENY}", f"counter name traffic_{IMPLICIT_DENY} drop") + _chain(
        f"policy_{IMPLICIT_DENY}", f"ct mark set 0 counter name hits_{IMPLICIT_DENY}", f"goto session_{IMPLICIT_DENY}"
    )


def _prerouting(box: StandIn) -> list[str]:
    rules = []
    for vip in _used_vips(box):
        where = "" if vip.extintf == "any" else f'iifname "{vip.extintf}"'
        parts = (where, f"ip daddr {vip.extip}", matching.outside_ports(vip), f"dnat to {_inside(vip)}")
        rules.append(" ".join(part for part in parts if part))
    return _chain("prerouting", "type nat hook prerouting priority dstnat; policy accept;", *rules)


def _inside(vip: VipEntry) -> str:
    inside = vip.mappedip[0].address
    shifted = vip.portforward == "enable" and vip.extport != vip.mappedport
    return f"{inside}:{vip.mappedport}" if shifted else inside


def _postrouting(box: StandIn) -> list[str]:
    """Source translation if a policy asks for it; a host behind a VIP for all ports leaves with the VIP's address."""
    ids = ", ".join(str(policy.policyid) for policy in _accepting(box) if policy.nat == "enable")
    marked = f"ct mark {{ {ids} }}"
    rules = [
        f'{marked} oifname "{vip.extintf}" ip saddr {vip.mappedip[0].address} snat to {vip.extip}'
        for vip in _used_vips(box)
        if vip.portforward == "disable" and vip.extintf != "any"
    ]
    hook = "type nat hook postrouting priority srcnat; policy accept;"
    return _chain("postrouting", hook, *([*rules, f"{marked} masquerade"] if ids else []))


def _used_vips(box: StandIn) -> list[VipEntry]:
    """The VIPs in active policies, each once: FortiOS translates no others."""
    objects = matching.Objects(box)
    used = [vip for policy in box.policies if policy.active for vip in objects.vips(policy)]
    return list({vip.name: vip for vip in used}.values())


def _interfaces(box: StandIn) -> list[InterfaceEntry]:
    return [entry for entry in box.entries(INTERFACES) if isinstance(entry, InterfaceEntry)]
