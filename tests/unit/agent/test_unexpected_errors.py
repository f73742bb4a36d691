"""An error that nobody expected stops its own part alone, and is told without a word of what it was about."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent import main as program
from labvpn.agent.core.paths import BAN_ORDERS, LOG_ORDERS, REAPER_ORDERS
from labvpn.agent.daemons import log_keeper, login_guard, session_reaper
from labvpn.agent.firewalld.ban_list import guard_trouble
from labvpn.agent.session import Session
from labvpn.agent.softether.crashes import CrashWatch
from tests.unit.agent.fakes import FakeMachine

SECRET = "secret-canary"
UNEXPECTED = (ValueError, TypeError, KeyError, OverflowError, RecursionError, UnicodeError, AttributeError)
GUARD = {"slow": "5", "pause": "15", "most": "10", "seconds": "600", "exempt": "none", "hubs": "LAB"}


class End(BaseException):
    """The end of a loop that has none."""


def fails(*words: Any, **more: Any) -> Any:
    raise ValueError(f"invalid literal for int(): '{SECRET}'")


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Runs a service for three rounds."""

    def run(service: Callable[[], None]) -> None:
        left = [1, 2, 3]

        def sleep(seconds: float) -> None:
            left.pop()
            if not left:
                raise End

        for module in (session_reaper, login_guard, log_keeper):
            monkeypatch.setattr(module.time, "sleep", sleep)
        with pytest.raises(End):
            service()

    return run


@pytest.mark.parametrize("kind", UNEXPECTED)
def test_a_concern_that_fails_stops_no_other(
    kind: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Session.concern

    def concern(self: Session, name: str) -> Any:
        if name == "server":
            raise kind(SECRET)
        return whole(self, name)

    monkeypatch.setattr(Session, "concern", concern)
    answer = Session(FakeMachine(tmp_path), {}).inspect_all(dict.fromkeys(("host", "server", "hub"), ""))
    assert kind.__name__ in str(answer["server"]["notes"])
    assert set(answer) == {"host", "server", "hub"}
    assert "failed by a fault of its own" not in json.dumps([answer["host"], answer["hub"]])
    assert SECRET not in json.dumps(answer)


def test_the_agent_ends_with_one_sentence_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(program, "work", fails)
    assert program.main(["status"]) == 1
    said = capfdbinary.readouterr().err.decode()
    assert said.startswith("the agent on the VPN host failed by a fault of its own (ValueError at ")
    assert "main.py, line " in said
    assert SECRET not in said
    assert said.count("\n") == 1


def test_a_hub_that_fails_keeps_no_other_from_its_limits(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rounds: Callable[[Callable[[], None]], None],
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    machine = FakeMachine(tmp_path)
    orders = {"hubs": {"A": "x", "B": "y"}, "interval": "5", "hold": "60", "grace": "30", "keep": "newest"}
    machine.write(REAPER_ORDERS, json.dumps(orders))
    done: list[str] = []

    def one_round(self: session_reaper.SessionReaper, now: float) -> list[str]:
        done.append(self.hub)
        return fails() if self.hub == "A" else []

    monkeypatch.setattr(session_reaper.SessionReaper, "round", one_round)
    monkeypatch.setattr(CrashWatch, "poll", fails)
    monkeypatch.setattr(session_reaper, "set_again", fails)
    rounds(lambda: session_reaper.reap_sessions(machine))
    assert done == ["A", "B"] * 3
    said = capfdbinary.readouterr().out.decode().splitlines()
    beginnings = ("crashes cannot be counted now", "no session of A can be ended now", "syslog cannot be set again now")
    assert [line.partition(":")[0] for line in said] == list(beginnings)
    assert SECRET not in str(said)


def test_a_round_of_the_login_guard_that_fails_is_not_its_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: Callable[[Callable[[], None]], None]
) -> None:
    machine = FakeMachine(tmp_path)
    machine.write(BAN_ORDERS, json.dumps({**GUARD, "zones": "public", "from": "443/tcp"}))
    monkeypatch.setattr(CrashWatch, "poll", fails)
    rounds(lambda: login_guard.guard_logins(machine))
    trouble = guard_trouble(machine, machine.path("/run/labvpn/guard.json").stat().st_mtime)
    assert "ValueError" in trouble
    assert SECRET not in trouble


def test_a_round_of_the_log_keeper_that_fails_is_not_its_last(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rounds: Callable[[Callable[[], None]], None],
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    machine = FakeMachine(tmp_path)
    machine.write(LOG_ORDERS, json.dumps({"days": "90", "megabytes": "none"}))
    monkeypatch.setattr(log_keeper, "prune", fails)
    rounds(lambda: log_keeper.keep_logs(machine))
    assert capfdbinary.readouterr().out.startswith(b"old logs cannot be deleted now: ")


def test_a_request_that_is_no_object_is_one_sentence(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    class Words(io.StringIO):
        def isatty(self) -> bool:
            return False

    with pytest.raises(Exception, match="is not a JSON object"):
        program.read_request(Words(f'["{SECRET}"]'))
