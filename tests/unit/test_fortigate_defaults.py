"""A FortiOS newer than this program shows keys that nobody here knows, with defaults that are not empty."""

from __future__ import annotations

from typing import Any

from labvpn.parse.fortigate import tables as fortigate
from labvpn.plan.fortigate.service_swap import swapped
from labvpn.state.fortigate import COMMENT, Block, DesiredFortiGate, Objects, Policy
from tests.unit.fortigate_rows import NOW, rule, tables


def held(*rows: dict[str, Any]) -> tuple[Policy, ...]:
    return fortigate.inventory(tables(*rows), now=NOW).policies


def ours(**fields: Any) -> dict[str, Any]:
    return {**rule(9, "accept", **fields), "comments": COMMENT}


def test_what_all_others_have_too_is_no_drift_of_ours() -> None:
    *_, policy = held(rule(1, "deny", new_mode="fast"), rule(2, "deny", new_mode="fast"), ours(new_mode="fast"))
    assert (policy.extras, policy.unread, policy.widening) == ((), (), False)


def test_what_one_other_lacks_or_has_otherwise_is_drift_of_ours() -> None:
    for other in ({}, {"new_mode": "slow"}):
        *_, policy = held(rule(1, "deny", new_mode="fast"), rule(2, "deny", **other), ours(new_mode="fast"))
        assert policy.extras == (("new-mode", "fast"),)
    *_, policy = held(rule(1, "deny", new_mode="fast"), rule(2, "deny", new_mode="fast"), ours(new_mode="slow"))
    assert policy.extras == (("new-mode", "slow"),)


def test_a_key_that_is_known_is_drift_of_ours_even_where_all_others_have_it() -> None:
    profile = {"av_profile": "default"}
    *_, policy = held(rule(1, "deny", **profile), rule(2, "deny", **profile), ours(**profile))
    assert policy.extras == (("av-profile", "default"),)


def test_one_other_is_too_few_to_tell_a_default() -> None:
    *_, policy = held(rule(1, "deny", new_mode="fast"), ours(new_mode="fast"))
    assert policy.extras == (("new-mode", "fast"),)


def test_what_others_have_everywhere_stays_unread() -> None:
    first, _ = held(rule(1, "deny", new_mode="fast"), rule(2, "deny", new_mode="fast"))
    assert first.unread == ("new-mode fast",)


def test_a_policy_of_ours_with_a_new_default_is_not_replaced() -> None:
    rows = (rule(1, "deny", new_mode="fast"), rule(2, "deny", new_mode="fast"), ours(new_mode="fast"))
    actual = fortigate.inventory(tables(*rows), now=NOW)
    mine = Policy("r9", ("wan1",), ("dmz",), ("all",), ("all",), ("ALL",))
    desired = DesiredFortiGate(Objects(policies=(mine,)), (Block((mine,), "r1"),))
    assert swapped(desired, actual).objects.policies[0].name == "r9"
