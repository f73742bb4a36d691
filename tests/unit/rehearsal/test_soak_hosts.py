"""The soak's matrix of hosts: every system with every way that it has, and nothing that was skipped counts as kept."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from rehearsal.soak import hosts
from rehearsal.soak.lab import Lab
from rehearsal.soak.trial import Outcome, Trial
from tests.rehearsal.test_hosts import MATRIX


def trials() -> list[Trial]:
    return list(hosts.trials(Lab("soak"), 7))


def outcome(monkeypatch: pytest.MonkeyPatch, status: int, said: str) -> tuple[Outcome, dict[str, Any]]:
    asked: dict[str, Any] = {}

    def run(line: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
        asked.update(how, line=line)
        return subprocess.CompletedProcess(line, status, said, "")

    monkeypatch.setattr(subprocess, "run", run)
    return trials()[0].run(), asked


def test_every_row_of_the_tests_is_a_trial_and_debian_12_has_its_own() -> None:
    rows = [f"{system} with install: {way}" for system, way in MATRIX]
    assert sorted(trial.name for trial in trials()) == sorted([*rows, "debian-12"])


def test_a_trial_runs_the_tests_of_its_row_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found, asked = outcome(monkeypatch, 0, "4 passed, 1 skipped in 200 s\n")
    assert found.kept
    assert asked["line"][-2:] == ["-k", "debian-11-package"]
    assert asked["env"]["LABVPN_MATRIX"] == "1"


@pytest.mark.parametrize(("status", "said"), [(0, "5 skipped in 3 s\n"), (1, "FAILED tests/x.py::y\n"), (5, "")])
def test_a_row_that_was_skipped_or_failed_is_not_kept(status: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = outcome(monkeypatch, status, said)
    assert not found.kept
    assert said.startswith("FAILED") is ("FAILED tests/x.py::y" in found.complaints)
