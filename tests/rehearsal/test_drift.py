"""A sample of the changes by hand that `make soak` makes, on real servers, with a fixed seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from rehearsal.soak import drift
from rehearsal.soak.changes import groups
from rehearsal.soak.lab import Lab

SEED = 7


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    lab = Lab("drift-test")
    lab.stop()
    lab.bring_up()
    furnished = drift.furnished(lab)
    drift.plant(furnished)
    yield furnished
    lab.stop()


def test_what_is_not_ours_causes_no_difference_and_stays(lab: Lab) -> None:
    assert drift.leave_alone(lab).complaints == ()


def test_changes_by_hand_are_each_named_in_one_line_and_repaired_by_one_run(lab: Lab) -> None:
    group = next(groups(drift.CHANGES, range(30, 31), random.Random(SEED)))
    assert drift.try_changes(lab, group).complaints == ()


def test_a_change_alone_is_named_and_repaired(lab: Lab) -> None:
    change = random.Random(SEED).choice(drift.CHANGES)
    assert drift.try_changes(lab, [change]).complaints == ()
