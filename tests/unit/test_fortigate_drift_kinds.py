"""Our objects on a FortiGate that became another kind of object by hand: that is reported, and set back."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.plan.fortigate.diff import drifted
from labvpn.plan.fortigate.service_swap import swapped, under_actual_names
from labvpn.state.fortigate import COMMENT, Objects
from tests.unit.fortigate_rows import LAST, Rows, case, rule, tables

VIP = {"name": "vpn-vip", "extintf": "wan1", "extip": "203.0.113.20", "mappedip": [{"range": "10.0.0.2"}]}
FORWARDS = {"portforward": "enable", "protocol": "tcp", "extport": "443", "mappedport": "443"}
KINDS: list[tuple[dict[str, Any], str, dict[str, str]]] = [
    ({"status": "disable"}, "VIP vpn-vip: status disable on the box, none here", {"status": "enable"}),
    ({"type": "load-balance"}, "VIP vpn-vip: type load-balance on the box", {"type": "static-nat"}),
    (
        {"type": "server-load-balance", "status": "disable"},
        "VIP vpn-vip: type",
        {"type": "static-nat", "status": "enable"},
    ),
    (FORWARDS, "tcp 443 443 alone on the box", {"portforward": "disable"}),
    ({"mappedip": [{"range": "10.0.0.2-10.0.0.3"}]}, "VIP vpn-vip: translation", {}),
    ({"status": 1}, "VIP vpn-vip: status 1 on the box", {"status": "enable"}),
    ({"portforward": 1}, "VIP vpn-vip: fields that are not in FortiOS's form on the box", {}),
]


def repaired(rows: Rows, **section: Any) -> tuple[str, Objects]:
    compared = case(rows, **section)
    desired, actual = compared.desired, compared.actual
    return " / ".join(drifted(desired, actual)), swapped(under_actual_names(desired, actual), actual).objects


@pytest.mark.parametrize(("fields", "said", "restated"), KINDS, ids=[said for _, said, _ in KINDS])
def test_a_vip_of_ours_that_became_another_kind_of_vip_is_drift_and_is_set_back(
    fields: dict[str, Any], said: str, restated: dict[str, str]
) -> None:
    rows = tables(LAST, firewall__vip=[{**VIP, "comment": COMMENT, **fields}])
    sentences, objects = repaired(rows, vip={"mapped": "10.0.0.2"})
    assert sentences.count(said) == 1
    assert dict(objects.vips[0].restated) == restated


def test_a_vip_of_ours_as_it_was_made_is_no_drift() -> None:
    rows = tables(LAST, firewall__vip=[{**VIP, "comment": COMMENT, "status": "enable", "type": "static-nat"}])
    sentences, objects = repaired(rows, vip={"mapped": "10.0.0.2"})
    assert (sentences, objects.vips[0].restated) == ("", ())


@pytest.mark.parametrize("action", ["ipsec", "ssl-vpn", "of-a-later-version"])
def test_a_policy_of_ours_with_another_action_is_drift(action: str) -> None:
    ours = rule(5, "accept", dstaddr="vpn-server", service="SoftEther") | {"name": "vpn-allow", "comments": COMMENT}
    sentences, objects = repaired(tables({**ours, "action": action}, LAST))
    assert f"policy vpn-allow: action {action} on the box, none here" in sentences
    assert objects.policies[0].name == "vpn-allow", "the program states the action, so nothing is made anew"


def test_what_is_not_read_of_an_adopted_object_is_reported_too() -> None:
    rows = tables({**rule(5, "accept"), "action": "ipsec"}, LAST, firewall__vip=[{**VIP, "status": "disable"}])
    adopt = {"policies": {"vpn-allow": 5}, "vips": {"vpn-vip": "vpn-vip"}}
    sentences, objects = repaired(rows, vip={"mapped": "10.0.0.2"}, adopt=adopt)
    assert "policy r5: action ipsec on the box" in sentences
    assert "VIP vpn-vip: status disable on the box" in sentences
    assert objects.vips[0].restated == ()
