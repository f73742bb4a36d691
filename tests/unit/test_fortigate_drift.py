"""Our objects on a FortiGate: what we did not put there is reported, and names of others are accepted as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from labvpn.model.fortigate import FortiGate
from labvpn.model.problems import problems_of
from labvpn.plan.fortigate.checks import name_conflicts, self_references
from labvpn.plan.fortigate.diff import drifted
from labvpn.plan.fortigate.service_swap import swapped, under_actual_names
from labvpn.state.fortigate import COMMENT
from tests.unit.fortigate_rows import LAST, SECTION, Rows, case, names, owned, rule, tables

OURS = {"name": "vpn-allow", "comments": COMMENT, "logtraffic": "all", "nat": "disable"}
COMMENTS = {"firewall/policy": "comments"}
DRIFT: list[tuple[dict[str, Any], str, str]] = [
    ({"srcaddr_negate": "enable"}, "sources all but all on the box, all here", "restated"),
    ({"service_negate": "enable"}, "services all but", "restated"),
    ({"geoip_match": "registered-location"}, "geoip-match registered-location on the box, none here", "restated"),
    ({"inspection_mode": "proxy"}, "inspection-mode proxy on the box", "restated"),
    ({"av_profile": "default"}, "av-profile default on the box, none here", "cleared"),
    ({"groups": names("students")}, "groups students on the box, none here", "renewed"),
    ({"srcaddr6": names("all")}, "srcaddr6 all on the box, none here", "renewed"),
    (
        {"internet_service_src": "enable", "internet_service_src_name": names("Tor")},
        "internet-service-src-name Tor",
        "renewed",
    ),
    ({"a_key_of_a_later_version": "enable"}, "a-key-of-a-later-version enable on the box, none here", "renewed"),
]


@pytest.mark.parametrize(("fields", "said", "remedy"), DRIFT, ids=[said for _, said, _ in DRIFT])
def test_anything_on_a_policy_of_ours_that_we_did_not_put_there_is_drift_and_is_removed(
    fields: dict[str, Any], said: str, remedy: str
) -> None:
    made = rule(5, "accept", dstaddr="vpn-server", service="SoftEther vpn-udp", **fields) | OURS
    compared = case(tables(made, LAST))
    desired, actual = compared.desired, compared.actual
    assert any(f"policy vpn-allow: {said}" in one for one in drifted(desired, actual))
    then = swapped(under_actual_names(desired, actual), actual).objects.policies[0]
    assert (then.name == "vpn-allow-2") == (remedy == "renewed")
    assert bool(then.restated) == (remedy == "restated") or remedy == "renewed"
    rows = tables({**made, "comments": "edited too"}, LAST)
    compared = case(rows)
    desired, edited = compared.desired, compared.actual
    assert swapped(under_actual_names(desired, edited), edited).objects.policies[0].name == then.name
    kept = swapped(under_actual_names(desired, actual), actual, protected=True).objects.policies[0]
    assert kept.name == "vpn-allow"


def test_what_fortios_fills_in_itself_is_neither_drift_nor_a_condition() -> None:
    filled = json.loads((Path(__file__).parents[1] / "cases/fortios-7.6-defaults.json").read_text())
    dialled = {"mapped": "10.0.0.2", "addresses": {"wan1": "203.0.113.20"}}
    more = {"sources": ["192.0.2.0/24", "198.51.100.0/24"], "vip": dialled}
    policy = rule(5, "accept", srcaddr="vpn-sources", dstaddr="vpn-vip", service="SoftEther vpn-udp") | OURS
    networks = {
        "server": "10.0.0.2/32",
        "from-192.0.2.0-24": "192.0.2.0/24",
        "from-198.51.100.0-24": "198.51.100.0/24",
    }
    made: Rows = {
        "firewall/policy": [policy],
        "firewall/address": [{"name": f"vpn-{name}", "subnet": net} for name, net in networks.items()],
        "firewall/addrgrp": [
            {"name": "vpn-sources", "member": names("vpn-from-192.0.2.0-24 vpn-from-198.51.100.0-24")},
        ],
        "firewall.service/custom": [
            {"name": "SoftEther", "tcp-portrange": "443"},
            {"name": "vpn-udp", "udp-portrange": "500 1194 4500"},
        ],
        "firewall/vip": [
            {"name": "vpn-vip", "extintf": "wan1", "extip": "203.0.113.20", "mappedip": [{"range": "10.0.0.2"}]},
        ],
    }
    rows = tables(LAST)
    for path, held in made.items():
        ours = [{**filled[path], COMMENTS.get(path, "comment"): COMMENT, **row} for row in held]
        rows[path] = [*ours, *rows[path]] if path == "firewall/policy" else [*rows.get(path, []), *ours]
    compared = case(rows, **more)
    desired, actual = compared.desired, compared.actual
    assert drifted(desired, actual) == []
    everything: list[Any] = [*actual.policies, *actual.addresses, *actual.groups, *actual.services, *actual.vips]
    assert [(one.name, one.unread) for one in everything if one.unread] == []
    then = swapped(under_actual_names(desired, actual), actual).objects
    kept: list[Any] = [*then.policies, *then.services]
    assert [one.name for one in kept if one.restated or one.name.endswith("-2")] == []


def test_an_address_or_group_of_ours_that_became_another_kind_is_drift_and_is_set_back() -> None:
    addresses = [{"name": "vpn-server", "type": "fqdn", "fqdn": "evil.example", "comment": COMMENT}]
    groups = [{"name": "vpn-sources", "comment": COMMENT, "member": names("vpn-from-192.0.2.0-24 vpn-from-JP")}]
    groups[0] |= {"exclude": "enable", "exclude-member": names("vpn-from-JP")}
    rows = tables(LAST, firewall__address=addresses, firewall__addrgrp=groups)
    compared = case(rows, sources=["192.0.2.0/24", "JP"])
    desired, actual = compared.desired, compared.actual
    sentences = " / ".join(drifted(desired, actual))
    assert "address vpn-server: address evil.example on the box, 203.0.113.20/32 here" in sentences
    assert "address vpn-server: type fqdn on the box, none here" in sentences
    assert "group vpn-sources: exclude-member vpn-from-JP on the box, none here" in sentences
    then = swapped(under_actual_names(desired, actual), actual).objects
    assert ("type", "ipmask") in then.addresses[0].restated
    assert then.groups[0].restated == (("exclude", "disable"),)


@pytest.mark.parametrize("table", ["firewall.service/custom", "firewall.service/group"])
def test_an_object_of_others_with_our_name_is_refused_before_any_change(table: str) -> None:
    rows = tables(LAST)
    rows[table] = [*rows.get(table, []), {"name": "SoftEther", "tcp-portrange": "8443", "comment": "theirs"}]
    compared = case(rows)
    (problem,) = name_conflicts(compared.desired, owned(compared))
    assert "a service 'SoftEther' that this stack did not make (comment: theirs)" in str(problem)


def test_an_object_of_ours_whose_comment_was_changed_is_still_ours() -> None:
    made = rule(5, "accept", dstaddr="vpn-server", service="SoftEther") | OURS
    rows = tables(made, LAST, firewall_dot_service__custom=[{"name": "SoftEther", "tcp-portrange": "443"}])
    compared = case(rows)
    assert name_conflicts(compared.desired, owned(compared)) == []


def test_a_policy_of_others_with_our_name_is_refused_and_ours_with_another_comment_is_repaired() -> None:
    theirs = rule(5, "accept") | {"name": "vpn-allow", "comments": "by hand"}
    compared = case(tables(theirs, LAST))
    desired, actual = compared.desired, compared.actual
    (problem,) = name_conflicts(desired, owned(compared))
    assert "the FortiGate has rule 5 'vpn-allow' that this stack did not make (comment: by hand)" in str(problem)
    ours = rule(5, "accept", dstaddr="vpn-server") | {"name": "vpn-allow", "comments": "by hand"}
    compared = case(tables(ours, LAST))
    desired, actual = compared.desired, compared.actual
    assert name_conflicts(desired, owned(compared)) == []
    assert any("comment by hand on the box" in one for one in drifted(desired, actual))


def test_before_that_names_a_policy_of_ours_is_refused_in_a_sentence() -> None:
    made = rule(5, "accept") | OURS
    for before in ("vpn-allow", 5):
        compared = case(tables(made, LAST), before=before)
        desired, actual = compared.desired, compared.actual
        (problem,) = self_references(desired, actual, compared.settings)
        assert str(problem).endswith("a policy of this stack's own; name one of the others: 'last'")


@pytest.mark.parametrize(
    "name",
    [
        "virtual-wan-link",
        "学内ネットワーク",
        "Außen (WAN)",
        "a:b/c[d]",
        "x" * 35,
        'guest\'s "zone"',
        "#1 & <2>",
        "外部　回線",
    ],
)
def test_every_name_that_fortios_accepts_is_accepted(name: str) -> None:
    compared = case(tables(LAST), outside=[name, "wan2"], inside=f"{name}"[:34] + "i", before=name)
    assert compared.settings.outside[0] == name
    translated = {"mapped": "10.0.0.2", "addresses": {name: "203.0.113.20", "wan2": "203.0.113.25"}}
    compared = case(tables(LAST), outside=[name, "wan2"], vip=translated)
    desired = compared.desired
    for vip in desired.objects.vips:
        assert vip.name.isascii() and not set(vip.name) & set("<>()#'\"[]:/&")
    assert len({vip.name for vip in desired.objects.vips}) == 2


@pytest.mark.parametrize("name", ["", " ", "x" * 36, "a\nb", "a\u2028b", ["x"], True, 0])
def test_a_name_that_fortios_cannot_have_is_refused_once_and_in_words(name: object) -> None:
    with pytest.raises(ValidationError) as raised:
        FortiGate.model_validate({**SECTION, "before": name})
    (problem,) = problems_of(raised.value, "fortigate", FortiGate)
    assert problem.place == "fortigate.before"
    assert "policy" in problem.message
