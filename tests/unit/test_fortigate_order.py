"""The order of the FortiGate's policies: each move is reported once, and only for ours."""

from __future__ import annotations

import pytest

from labvpn.plan.fortigate.order import misplaced
from labvpn.state.fortigate import Block, Inventory, Policy

OURS = ["office", "dial", "only"]


def named(names: list[str]) -> tuple[Policy, ...]:
    return tuple(Policy(name, (), (), (), (), (), number=place) for place, name in enumerate(names, 1))


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("office dial only theirs", []),
        ("office dial theirs only", ["policy only moved below theirs"]),
        ("dial only office theirs", ["policy office moved below only"]),
        ("dial theirs only office", ["policy office moved below theirs", "policy only moved below theirs"]),
        ("dial office only theirs", ["policy office moved below dial"]),
        ("only office dial theirs", ["policy only moved above office"]),
        ("office another dial only theirs", ["rule 2 'another' moved between office and dial"]),
        (
            "dial another office only theirs",
            ["policy office moved below dial", "rule 2 'another' moved between dial and only"],
        ),
        ("only dial office theirs", ["policy office moved below only", "policy dial moved below only"]),
        ("another office only theirs", []),
        ("office dial only another theirs", ["rule 4 'another' is new, or moved, between only and theirs"]),
    ],
)
def test_each_policy_that_was_moved_is_reported_in_one_sentence(order: str, said: list[str]) -> None:
    actual = named(order.split())
    block = Block(named(OURS), "theirs")
    assert list(misplaced(block, Inventory(policies=actual))) == said
