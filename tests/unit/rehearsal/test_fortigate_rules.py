"""From the box's tables to nft: every case file is a list of REST changes and the script that must come of it."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.fortigate import box as boxes
from rehearsal.fortigate import kernel, listing, matching, ruleset, values
from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.entry import Entry
from rehearsal.fortigate.initial import initial
from rehearsal.fortigate.kernel import Hits
from rehearsal.fortigate.objects import PolicyEntry
from rehearsal.fortigate.refusals import Refused

CASES = Path(__file__).parents[2] / "cases" / "fortigate"


def members(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def policy(**fields: Any) -> dict[str, Any]:
    """The body of a policy from wan1 to dmz that accepts all, unless fields say otherwise."""
    ends = {"srcintf": members("wan1"), "dstintf": members("dmz"), "srcaddr": members("all"), "dstaddr": members("all")}
    return ends | {"name": "p", "service": members("ALL"), "schedule": "always", "action": "accept"} | fields


def changed(changes: list[list[Any]]) -> StandIn:
    """The initial box after changes: [table, body] creates, [table, key, body] updates, [key, place, other] moves."""
    box = initial()
    for change in changes:
        match change:
            case [str(path), dict(body)]:
                box, _ = boxes.create(box, path, body)
            case [str(path), key, dict(body)]:
                box = boxes.update(box, path, key, body)
            case [int(key), str(place), int(other)]:
                box = boxes.move(box, "firewall/policy", key, place, other)
    return box


@pytest.mark.parametrize("case", sorted(CASES.glob("*.json")), ids=lambda case: case.stem)
def test_the_rules_of_a_box_are_those_of_its_case(case: Path) -> None:
    held = json.loads(case.read_text())
    assert ruleset.script(changed(held["changes"]), held["present"]) == case.with_suffix(".nft").read_text()


def test_a_policy_that_is_off_or_never_scheduled_matches_nothing_but_keeps_its_counters() -> None:
    for field in ({"status": "disable"}, {"schedule": "none"}):
        script = ruleset.script(changed([["firewall/policy", policy(**field)]]), ())
        assert "goto policy_5" not in script
        assert "5 : goto" not in script
        assert "counter hits_5" in script


def test_the_address_none_matches_no_packet() -> None:
    box = changed([["firewall/policy", policy(srcaddr=members("none"))]])
    [line] = matching.expressions(matching.Objects(box), last(box))
    assert "ip saddr { 0.0.0.0/32 }" in line


def test_all_addresses_negated_are_no_rule_at_all() -> None:
    box = changed([["firewall/policy", policy(**{"srcaddr-negate": "enable"})]])
    assert list(matching.expressions(matching.Objects(box), last(box))) == []


def test_a_vip_that_no_active_policy_names_is_not_translated() -> None:
    vip = {"name": "v", "extintf": "wan1", "extip": "198.51.100.9", "mappedip": [{"range": "203.0.113.20"}]}
    off = changed([["firewall/vip", vip], ["firewall/policy", policy(dstaddr=members("v"), status="disable")]])
    assert "dnat to" not in ruleset.script(off, ())
    assert ruleset.vip_addresses(off) == set()
    on = boxes.update(off, "firewall/policy", 5, {"status": "enable"})
    assert ruleset.vip_addresses(on) == {("wan1", "198.51.100.9")}


def test_counters_are_read_from_our_table_alone() -> None:
    ours = {"family": "ip", "table": "fortigate"}
    counters = [
        {**ours, "name": "hits_7", "packets": 2, "bytes": 80},
        {**ours, "name": "traffic_7", "packets": 9, "bytes": 900},
        {"family": "inet", "table": "firewalld", "name": "hits_8", "packets": 1, "bytes": 1},
    ]
    assert kernel.counted(counters) == {7: Hits(sessions=2, packets=9, bytes=900)}


def test_the_listing_shows_the_order_of_evaluation_with_hits() -> None:
    box = changed([["firewall/policy", policy(name="vpn", service=members("SSH", "HTTP"))], [5, "before", 4]])
    lines = listing.table(box, {5: Hits(3, 30, 300), 0: Hits(1, 1, 40)}).splitlines()
    assert lines[0].split() == list(listing.HEADINGS)
    assert [line.split()[2] for line in lines[1:]] == [
        "campus-any",
        "campus-out",
        "dmz-out",
        "vpn",
        "deny-outside",
        "(implicit)",
    ]
    assert lines[4].split() == ["4", "5", "vpn", "wan1", "dmz", "all", "all", "SSH,HTTP", "accept", "3"]


spans = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: values.Span(min(pair), max(pair)))


@given(st.lists(spans, min_size=1, max_size=8))
def test_ports_of_many_ranges_are_matched_once_and_completely(held: list[values.Span]) -> None:
    box = changed([["firewall.service/custom", {"name": "s", "tcp-portrange": " ".join(map(values.written, held))}]])
    box, _ = boxes.create(box, "firewall/policy", policy(service=members("s")))
    [line] = matching.expressions(matching.Objects(box), last(box))
    merged = [
        each.destination
        for each in values.port_ranges(line.partition("dport { ")[2].removesuffix(" }").replace(",", ""))
    ]
    assert all(left.last + 1 < right.first for left, right in pairwise(merged))
    assert all(any(m.first <= each.first and each.last <= m.last for m in merged) for each in held)
    assert all(any(m.first == each.first for each in held) for m in merged)


@given(st.lists(st.tuples(st.ip_addresses(v=4), st.integers(1, 32)), min_size=1, max_size=6))
def test_a_group_covers_exactly_the_networks_of_its_members(pairs: list[tuple[IPv4Address, int]]) -> None:
    nets = [IPv4Network(f"{address}/{length}", strict=False) for address, length in pairs]
    addresses = [["firewall/address", {"name": f"a{n}", "subnet": str(net)}] for n, net in enumerate(nets)]
    group = ["firewall/addrgrp", {"name": "g", "member": members(*(f"a{n}" for n in range(len(nets))))}]
    box = changed([*addresses, group, ["firewall/policy", policy(srcaddr=members("g"))]])
    covered = matching.Objects(box).networks(last(box).srcaddr)
    assert sum(net.num_addresses for net in covered) <= sum(net.num_addresses for net in nets)
    assert all(any(net.subnet_of(each) for each in covered) for net in nets)


WITHOUT_B = {"exclude": "enable", "exclude-member": members("b")}
USED: list[list[Any]] = [
    ["firewall/address", {"name": "a", "subnet": "10.0.0.0 255.255.255.0"}],
    ["firewall/address", {"name": "b", "subnet": "10.0.1.0 255.255.255.0"}],
    [
        "firewall/addrgrp",
        {"name": "inner", "member": members("a"), "exclude": "enable", "exclude-member": members("b")},
    ],
    ["firewall/addrgrp", {"name": "outer", "member": members("inner")}],
    ["firewall.service/custom", {"name": "s", "tcp-portrange": "443"}],
    ["firewall.service/group", {"name": "g", "member": members("s")}],
    ["firewall/policy", policy(srcaddr=members("outer"), service=members("g"))],
]


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (["firewall/address", {"name": "unused", "subnet": "10.9.0.0 255.255.255.0"}], False),
        (["firewall.service/custom", "PING", {"comment": "by hand"}], False),
        (["firewall/address", "a", {"subnet": "10.8.0.0 255.255.255.0"}], True),
        (["firewall/address", "b", {"subnet": "10.0.0.0 255.255.255.128"}], True),
        (["firewall/addrgrp", "inner", {"exclude": "disable"}], True),
        (["firewall.service/custom", "s", {"tcp-portrange": "992"}], True),
        ([5, "before", 4], True),
        (["system/zone", {"name": "z", "interface": [{"interface-name": "wan2"}], "intrazone": "allow"}], True),
    ],
)
def test_rules_are_made_anew_for_what_a_policy_uses_however_deep_and_for_nothing_else(
    change: list[Any], counts: bool
) -> None:
    before = changed(USED)
    after = changed([*USED, change])
    assert (_bare(ruleset.sources(before)) != _bare(ruleset.sources(after))) is counts


def _bare(entries: tuple[Entry, ...]) -> list[dict[str, Any]]:
    return [{key: value for key, value in entry.as_rest().items() if key != "uuid"} for entry in entries]


def last(box: StandIn) -> PolicyEntry:
    return box.policies[-1]


def test_a_null_puts_a_field_back_to_its_default() -> None:
    box = changed([["firewall/policy", policy(**{"av-profile": "default", "comments": None})]])
    assert box.policies[-1].av_profile == "default"
    assert boxes.update(box, "firewall/policy", 5, {"av-profile": None, "nat": None}).policies[-1].av_profile == ""


def test_zones_and_negated_services_are_enforced_and_a_policy_names_no_interface_that_is_in_a_zone() -> None:
    zone = {"name": "外部 (WAN)", "interface": [{"interface-name": "wan2"}], "intrazone": "allow"}
    made = policy(**{"srcintf": members("外部 (WAN)"), "service": members("SSH"), "service-negate": "enable"})
    script = ruleset.script(changed([["system/zone", zone], ["firewall/policy", made]]), ())
    assert 'iifname { "wan2" } oifname { "dmz" } ct status ! dnat tcp dport != { 22 } goto policy_5' in script
    assert 'iifname { "wan2" } oifname { "wan2" } accept' in script
    with pytest.raises(Refused, match="in a zone"):
        changed([["system/zone", zone], ["firewall/policy", policy(srcintf=members("wan2"))]])


def test_users_and_names_of_hosts_match_nobody_and_a_group_leaves_out_whom_it_excludes() -> None:
    host = {"name": "home", "type": "fqdn", "fqdn": "home.example"}
    group = {"name": "g", "member": members("campus-net"), "exclude": "enable", "exclude-member": members("desk")}
    desk = {"name": "desk", "subnet": "203.0.113.128 255.255.255.192"}
    parts = [["firewall/address", host], ["firewall/address", desk], ["firewall/addrgrp", group]]
    said = [
        ruleset.script(changed([*parts, ["firewall/policy", policy(**fields)]]), ())
        for fields in ({"groups": members("students")}, {"srcaddr": members("g")}, {"srcaddr": members("home")})
    ]
    assert "goto policy_5" not in said[0]
    assert "ip saddr { 203.0.113.192/26 }" in said[1]
    assert "goto policy_5" not in said[2]
