"""What a FortiGate shows that nobody foresaw: null for unset, other forms, unknown keys, names of any kind."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.parse.fortigate import tables as fortigate
from labvpn.plan.fortigate.service_swap import swapped
from labvpn.state.fortigate import COMMENT, Action, Inventory, Policy
from tests.unit.fortigate_rows import LAST, NOW, case, decided, names, rule, tables


def read(*rules: dict[str, Any], **more: list[dict[str, Any]]) -> Inventory:
    return fortigate.inventory(tables(*rules, **more), now=NOW)


def policy(**fields: Any) -> Policy:
    return read({**rule(1, "accept"), **{key.replace("_", "-"): value for key, value in fields.items()}}).policies[0]


UNSET = """
name comments status action schedule logtraffic nat match-vip srcaddr-negate dstaddr-negate service-negate groups
users policy-expiry policy-expiry-date session-ttl av-profile internet-service srcaddr6 dstaddr6 unheard-of
"""


@pytest.mark.parametrize("key", UNSET.split())
def test_null_means_what_a_key_that_is_absent_means(key: str) -> None:
    plain = rule(1, "accept")
    absent = {other: value for other, value in plain.items() if other != key}
    assert read({**plain, key: None}).policies == read(absent).policies


@pytest.mark.parametrize(
    ("table", "row", "keys"),
    [
        ("firewall__address", {"name": "x", "subnet": "10.0.0.0 255.0.0.0"}, "type country fqdn comment color"),
        ("firewall__addrgrp", {"name": "x", "member": names("office")}, "comment exclude exclude-member type"),
        ("firewall_dot_service__custom", {"name": "x", "tcp-portrange": "443"}, "protocol udp-portrange session-ttl"),
        (
            "firewall__vip",
            {"name": "x", "extip": "198.51.100.9", "mappedip": [{"range": "10.0.0.2"}], "extintf": "wan1"},
            "type status portforward protocol extport mappedport ssl-certificate realservers",
        ),
    ],
)
def test_null_is_unset_on_every_other_kind_of_object_too(table: str, row: dict[str, Any], keys: str) -> None:
    for key in keys.split():
        assert read(**{table: [{**row, key: None}]}) == read(**{table: [row]})


def test_a_status_that_is_empty_is_not_off() -> None:
    assert policy(status="").active
    assert not policy(status="disable").active


def test_an_accept_of_unset_action_is_the_deny_that_fortios_takes_it_for() -> None:
    assert policy(action=None).action is Action.DENY


ODD: dict[str, list[dict[str, Any]]] = {
    "firewall__address": [{"name": "odd", "type": "iprange", "start-ip": {"a": 1}}],
    "firewall__addrgrp": [{"name": "odd", "member": 5}],
    "firewall_dot_service__custom": [{"name": "odd", "protocol": "IP", "protocol-number": "esp"}],
    "firewall__vip": [{"name": "odd", "extip": "198.51.100.9", "mappedip": "10.0.0.2"}],
}


@pytest.mark.parametrize("table", ODD)
def test_an_object_in_another_form_is_unread_and_stops_nothing(table: str) -> None:
    held = read(rule(1, "deny"), **{table: ODD[table]})
    objects: tuple[Any, ...] = (*held.addresses, *held.groups, *held.services, *held.vips)
    (odd,) = [one for one in objects if one.name == "odd"]
    assert odd.unread
    assert len(held.policies) == 1


@pytest.mark.parametrize(("key", "value"), [("srcaddr", 5), ("service", [None]), ("dstintf", {"name": "dmz"})])
def test_a_policy_in_another_form_leaves_what_lies_below_it_undecided(key: str, value: Any) -> None:
    odd = {**rule(1, "accept"), key: value}
    verdict = decided(tables(odd, rule(2, "deny")))
    assert verdict.passes is None
    assert "rule 1 'r1'" in verdict.because
    assert decided(tables(rule(2, "deny"), odd)).passes is False


def test_a_list_of_plain_names_is_read_as_one_of_references() -> None:
    assert policy(srcaddr=["office", "pc"]).sources == ("office", "pc")
    assert policy(schedule="always", srcaddr="office").sources == ("office",)


def test_numbers_may_come_as_text_and_text_as_numbers() -> None:
    held = read({**rule(7, "accept"), "policyid": "7", "vlan-cos-fwd": "255", "tcp-mss-sender": "0", "session-ttl": 0})
    assert (held.policies[0].number, held.policies[0].extras) == (7, ())
    service = {"name": "x", "protocol": "IP", "protocol-number": "50", "session-ttl": 0}
    assert read(firewall_dot_service__custom=[service]).services[-1].protocol == 50


@pytest.mark.parametrize(
    "value", [None, "", 0, "0", False, "disable", [], {}, [{}], {"a": "", "b": 0}, {"a": {"b": None}}]
)
def test_a_key_that_nobody_knows_and_that_holds_nothing_is_no_condition(value: Any) -> None:
    assert (policy(unheard_of=value).extras, policy(unheard_of=value).unread) == ((), ())


@pytest.mark.parametrize(
    "value", ["auto", 7, True, [{"name": "all"}], [{"odd": 1, "q_origin_key": 9}], {"a": {"b": "c"}}]
)
def test_a_key_that_nobody_knows_and_that_holds_something_is_named(value: Any) -> None:
    (said,) = policy(unheard_of=value).unread
    assert said.startswith("unheard-of ")
    assert "q_origin_key" not in said and "{" not in said


@pytest.mark.parametrize(
    ("fields", "active", "at_times"),
    [
        ({"policy-expiry-date": "2026-11-01 00:00:00"}, False, False),
        ({"policy-expiry-date": "0000-00-00 00:00:00", "policy-expiry-date-utc": "1777600000"}, False, False),
        ({"policy-expiry-date-utc": "2026-11-01 00:00:00"}, False, False),
        ({"policy-expiry-date-utc": 4102444800}, True, False),
        ({"policy-expiry-date": "in spring"}, True, True),
        ({}, True, True),
    ],
)
def test_a_policys_own_end_is_read_in_each_form_and_one_that_cannot_be_leaves_it_undecided(
    fields: dict[str, Any], active: bool, at_times: bool
) -> None:
    found = read({**rule(1, "accept"), "policy-expiry": "enable", **fields}).policies[0]
    assert (found.active, found.at_times) == (active, at_times)


def ours(**fields: Any) -> dict[str, Any]:
    return {**rule(5, "accept", **fields), "name": "vpn-allow", "comments": COMMENT}


def declared(*rules: dict[str, Any]) -> str:
    """The name under which our policy is declared on a FortiGate with these."""
    compared = case(tables(*rules))
    return swapped(compared.desired, compared.actual).objects.policies[0].name


def test_what_may_be_a_default_of_a_newer_fortios_is_no_reason_to_replace_a_policy_again_and_again() -> None:
    assert declared(ours(new_mode="fast"), {**LAST, "new-mode": "fast"}) == "vpn-allow"
    assert declared(ours(new_mode="fast"), LAST) == "vpn-allow-2"
    assert declared(ours(groups=names("students")), {**LAST, "groups": names("students")}) == "vpn-allow-2"


@pytest.mark.parametrize(
    "name", ['o\'brien "the" 1st', "研究室の許可", "a/b (x) [y] {z} %2F & <c>", "x" * 35, " padded "]
)
def test_a_name_of_any_kind_is_adopted_placed_before_and_named_as_it_is(name: str) -> None:
    rows = tables({**rule(3, "accept"), "name": name}, LAST)
    desired = case(rows, adopt={"policies": {"vpn-allow": name}}).desired
    (adopted,) = desired.objects.policies
    assert (adopted.name, adopted.adopts) == (name, "3")
    assert case(rows, before=name).desired.blocks[0].before == name


def test_a_policy_without_a_name_is_adopted_and_placed_before_by_its_id() -> None:
    nameless = {key: value for key, value in rule(3, "accept").items() if key != "name"} | {"uuid": "7b8f-51ef"}
    desired = case(tables(nameless, LAST), adopt={"policies": {"vpn-allow": 3}}).desired
    (adopted,) = desired.objects.policies
    assert (adopted.name, adopted.adopts, adopted.key) == ("", "3", "#3")
    assert case(tables(nameless, LAST), before=3).desired.blocks[0].before == "#3"


def test_a_comment_with_line_ends_is_kept_as_it_is() -> None:
    comment = "first\r\nsecond\u2028third\ttab"
    desired = case(
        tables({**rule(3, "accept"), "comments": comment}, LAST), adopt={"policies": {"vpn-allow": 3}}
    ).desired
    assert desired.objects.policies[0].comment == comment


def test_all_that_is_shown_of_an_adopted_object_is_known_by_its_key_whatever_it_is() -> None:
    found = {"unheard-of": [{"odd": 1}], "q_origin_key": 3, "later-mode": {"a": 1}, "uuid": "7b8f"}
    desired = case(tables({**rule(3, "accept"), **found}, LAST), adopt={"policies": {"vpn-allow": 3}}).desired
    assert {"unheard-of", "later-mode", "uuid", "srcaddr"} <= desired.objects.policies[0].visible
    assert "q_origin_key" not in desired.objects.policies[0].visible


def test_the_interfaces_of_the_vdom_that_is_configured_are_those_that_count() -> None:
    rows = tables(LAST, system__interface=[{"name": "lab-out", "vdom": "lab"}, {"name": "other-out", "vdom": "root"}])
    known = fortigate.inventory(rows, "lab", NOW).interface_names
    assert "lab-out" in known and "other-out" not in known
