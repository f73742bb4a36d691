"""The soak's own book-keeping: what is drawn, what is noted, what the end says."""

import random
from pathlib import Path

import pytest

from rehearsal.soak import __main__ as soak
from rehearsal.soak.changes import Change, groups
from rehearsal.soak.drift import CHANGES
from rehearsal.soak.trial import Notebook, Outcome, Result, Trial

KEPT = Outcome(2, 2, 2, 5)


def test_at_least_sixty_different_changes_stand_in_the_table() -> None:
    assert len({change.words for change in CHANGES}) >= 60


def test_every_change_is_in_one_group_and_none_hides_another() -> None:
    drawn = list(groups(CHANGES, range(5, 12), random.Random(1)))
    assert sorted(change.words for group in drawn for change in group) == sorted(change.words for change in CHANGES)
    for group in drawn:
        assert not [(a, b) for a in group for b in group if a is not b and a.meets(b)]


def test_a_seed_draws_the_same_groups_again() -> None:
    first, second = (list(groups(CHANGES, range(5, 12), random.Random(3))) for _ in range(2))
    assert first == second


def test_a_change_meets_what_touches_its_whole_or_its_part_alone() -> None:
    user, note, other = (Change(place, "", lambda _: None) for place in ("user a", "user a/note", "user b"))
    assert user.meets(note)
    assert note.meets(user)
    assert not user.meets(other)


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    ran: list[str] = []

    def trial(name: str) -> Trial:
        return Trial(name, lambda: ran.append(name) or KEPT)  # type: ignore[func-returns-value]

    soak.work("drift", [trial("one")], Notebook(tmp_path / "7.jsonl"))
    soak.work("drift", [trial("one"), trial("two")], Notebook(tmp_path / "7.jsonl"))
    assert ran == ["one", "two"]
    assert [one.trial for one in Notebook(tmp_path / "7.jsonl").results] == ["one", "two"]


def test_the_last_line_gives_the_sums(capsys: pytest.CaptureFixture[str]) -> None:
    soak.show(7, [Result("drift", "one", 1.0, KEPT), Result("drift", "two", 1.0, Outcome(1, 0, 1, 5))])
    assert (
        capsys.readouterr().out.splitlines()[-1].endswith("seed 7: tried 3, found 2, repaired 3, survived 10, lost 0")
    )


@pytest.mark.parametrize("broken", [Outcome(2, 1, 2), Outcome(2, 2, 1), Outcome(1, 1, 1, 4, 1)])
def test_what_was_not_found_not_repaired_or_lost_breaks_the_promise(broken: Outcome) -> None:
    assert KEPT.kept
    assert not broken.kept
