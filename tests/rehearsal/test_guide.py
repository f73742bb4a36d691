"""A reader of the guide and the README, who types every command of them as it stands there."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from rehearsal.soak.lab import SECONDS
from tests.guide import ADMINISTERED, ENGLISH, JAPANESE, NOT_RUN, README, TEXTS, block, commands, rows, steps
from tests.rehearsal.guide_days import DAYS, GUESTS
from tests.rehearsal.own_lab import CONFIGURATION, OwnLab

WORK = rows(TEXTS[ENGLISH], "Every day")
LAST = "take everything away"
OMITTED = {"Read the preview.": {"pulumi up"}, "Protect it against mistakes.": {"pulumi destroy"}}
"""What a step of the way over names without asking for it."""

LOG = "Fri Nov 27 10:00:01 2026 : IPSec connecting to server vpn.lab.example\n"
LOG += "Fri Nov 27 10:00:01 2026 : IPSec phase 1 client started\n"
PROBE = "labvpn probe"


def own_lab(lab: OwnLab) -> None:
    """The README's way from the rehearsal to a stack with its keys and secrets."""
    for command in block(TEXTS[README], "From the rehearsal to your own lab"):
        if command not in NOT_RUN:
            lab.shell(command)
        if command == "pulumi stack init mylab":
            with (lab.folder / CONFIGURATION).open("a") as file:
                file.write((lab.folder / "Pulumi.lab.yaml").read_text())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnLab]:
    """The reader's own lab, after the last steps of the guide's way over."""
    lab = OwnLab("guide", tmp_path_factory.mktemp("guide"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABVPN_REHEARSAL", lab.name)
        lab.begin()
        own_lab(lab)
        for title, words in list(steps(TEXTS[ENGLISH]).items())[3:]:
            for command in words:
                if command not in OMITTED.get(title, ()):
                    lab.shell(command, "internet" if command.startswith(PROBE) else "admin")
        yield lab
    lab.stop()


def test_every_days_work_of_the_guide_has_its_effect_looked_at() -> None:
    assert list(WORK) == list(DAYS)


@pytest.mark.parametrize("title", [title for title in WORK if title != LAST])
def test_a_days_work_is_done_by_the_commands_of_its_row(lab: OwnLab, title: str) -> None:
    work(lab, title)


def work(lab: OwnLab, title: str) -> None:
    day = DAYS[title](lab)
    next(day)
    said = "".join(lab.shell(command) for command in WORK[title])
    with pytest.raises(StopIteration):
        day.send(said)


def test_a_run_that_was_cut_off_is_unlocked_as_the_guide_says(lab: OwnLab) -> None:
    locks = lab.home / "labvpn-state/.pulumi/locks"
    cut = lab.popen("pulumi up")
    until = time.monotonic() + SECONDS
    while not list(locks.rglob("*.json")):
        assert time.monotonic() < until
    cut.kill()
    cut.wait()
    assert "locked" in lab.shell("pulumi up", refused=True)
    row = rows(TEXTS[ENGLISH], "When it says ...")["`[urn] is locked` / `the stack is currently locked`"]
    assert row == ["pulumi cancel", "pulumi up"]
    for command in row:
        lab.shell(command)


def test_whatever_else_the_guide_tells_to_type_works_too(lab: OwnLab) -> None:
    (lab.folder / "ppp.log").write_text(LOG)
    (lab.folder / "guests.csv").write_text(GUESTS)
    for command in [*block(TEXTS[README], "\n## Every day"), *commands(TEXTS[ENGLISH]), *commands(TEXTS[JAPANESE])]:
        if command in ADMINISTERED - set(lab.ran) and command not in WORK[LAST]:
            said = lab.shell(command, "internet" if command.startswith(PROBE) else "admin")
            assert said
    assert "unchanged" in lab.shell("pulumi preview --expect-no-changes")


def test_all_is_taken_away_and_every_command_was_run(lab: OwnLab) -> None:
    work(lab, LAST)
    assert ADMINISTERED - set(lab.ran) == set()
