"""A FortiGate that stays silent ends the run; one that answers again does not, and only one process watches."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
from pulumi.dynamic import Config

from components import fortigate_watch as module
from labvpn.connect.fortigate import Place

PLACE = Place("box", "root")


class EndError(BaseException):
    """The test has seen enough."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that pass as the watch sleeps."""
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: passed[0])
    return passed


def watched(monkeypatch: pytest.MonkeyPatch, answers: Iterator[str | None]) -> tuple[list[str], list[int]]:
    said: list[str] = []
    ended: list[int] = []

    def failure(*_given: object) -> str | None:
        try:
            return next(answers)
        except StopIteration:
            raise EndError from None

    monkeypatch.setattr(module, "_failure", failure)
    monkeypatch.setattr(module, "interrupt", ended.append)
    with suppress(EndError):
        module._watch(PLACE, "token", "ca", said.append, 42)
    return said, ended


def test_a_box_that_stays_silent_ends_the_run(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    said, ended = watched(monkeypatch, iter([None, *["silent"] * 100]))
    assert [("waits for it" in one, "this run is ended" in one) for one in said] == [(True, False), (False, True)]
    assert ended == [42]
    assert clock[0] <= 60


def test_a_box_that_answers_again_does_not(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    said, ended = watched(monkeypatch, iter([*["silent"] * 5, *[None] * 100]))
    assert (len(said), ended) == (1, [])


def test_a_box_that_takes_its_time_is_told_of_once_unless_it_gets_worse(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    def answers() -> Iterator[None]:
        for seconds in (1, 4, 5, 4, 9, 1, 9):
            clock[0] += seconds
            yield None

    said, ended = watched(monkeypatch, answers())
    assert [one.partition(" s for one answer")[0] for one in said] == [
        "The FortiGate box took 4",
        "The FortiGate box took 9",
    ]
    assert ended == []


def test_the_engine_gets_what_two_presses_of_ctrl_c_are(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda *given: sent.append(given))
    module.interrupt(42)
    assert sent == [(42, signal.SIGINT)] * 2


def test_the_engine_is_the_nearest_ancestor_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    line = [(9, "python3"), (8, "pulumi-language"), (7, "/usr/bin/pulumi"), (6, "pulumi"), (5, "bash")]
    monkeypatch.setattr(module, "_ancestors", lambda _process: iter(line))
    assert module.engine_of(9) == 7
    monkeypatch.setattr(module, "_ancestors", lambda _process: iter(line[:2]))
    assert module.engine_of(9) is None


def test_ancestors_are_read_from_the_system() -> None:
    expected = [os.getpid(), *([os.getppid()] if os.getppid() > 1 else [])]
    assert [number for number, _ in module._ancestors(os.getpid())][:2] == expected


def test_only_one_process_watches_for_an_engine_and_the_next_may_once_it_is_gone() -> None:
    # The name is the whole machine's, where another run of these tests may hold one of its own.
    engine = os.getpid()
    hold = f"from components import fortigate_watch as w; print(w._is_ours({engine}), flush=True); input()"
    other = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout and other.stdout.readline().strip() == "True"
    assert not module._is_ours(engine)
    other.kill()
    other.wait()
    assert module._is_ours(engine)


@pytest.mark.parametrize("given", [{}, {"labvpn:fortigate": "not JSON"}, {"labvpn:fortigate": '{"host": "box"}'}])
def test_without_a_fortigate_or_its_secrets_nothing_is_watched(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    monkeypatch.setattr(module, "watch", lambda *_given: pytest.fail("watched"))
    module.watch_as_configured(Config(given, "labvpn"))


def test_what_is_configured_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(module, "watch", lambda *given: seen.extend(given[:3]))
    given = {"fortigate": '{"host": "box:8443", "vdom": "lab"}', "fortigateToken": "t", "fortigateCa": "c"}
    module.watch_as_configured(Config({f"labvpn:{key}": value for key, value in given.items()}, "labvpn"))
    assert seen == [Place("box:8443", "lab"), "t", "c"]
