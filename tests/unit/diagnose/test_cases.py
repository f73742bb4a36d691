"""Every case file is diagnosed as its author intended."""

from collections import Counter

import pytest

from labvpn.diagnose.event import Cause
from tests.unit.diagnose.cases import ALL, Case, diagnosed, load


@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
def test_the_true_cause_comes_first_and_the_stage_is_right(case: Case) -> None:
    verdict = diagnosed(case)
    assert (str(verdict.causes[0]), str(verdict.stage)) == (case.cause, case.stage)


def test_there_are_more_than_a_hundred_cases_and_each_cause_has_at_least_three() -> None:
    count = Counter(case.cause for case in ALL)
    assert len(ALL) > 100
    assert {str(cause) for cause in Cause if count[str(cause)] < 3} == set()


def test_the_held_out_half_knows_every_cause() -> None:
    assert {case.cause for case in load("heldout")} == {str(cause) for cause in Cause}
