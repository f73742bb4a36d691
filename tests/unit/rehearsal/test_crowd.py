"""A crowd of clients on one machine, with a program in OpenVPN's place that says what a client says."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.crowd import steps

STAYS = "echo 'ifconfig 10.64.1.7 255.255.192.0'; echo 'Initialization Sequence Completed'; exec sleep 60"
REFUSED = "echo 'AUTH: Received control message: AUTH_FAILED'; exit 1"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The program; what ends a crowd stands as before afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    program = tmp_path / "openvpn"
    program.touch(0o700)
    yield program
    signal.signal(signal.SIGTERM, before)


def prints(client: Path, words: str) -> None:
    client.write_text(f"#!/bin/sh\necho $$ >>{client}.pids\n{words}\n")


def pids(client: Path) -> list[str]:
    return Path(f"{client}.pids").read_text().split()


def test_it_stands_at_each_count_in_turn(client: Path) -> None:
    prints(client, STAYS)
    done = list(steps("profile", iter([2, 5])))
    assert [(step.alive, len(step.seconds), step.failed) for step in done] == [(2, 2, 0), (5, 3, 0)]


def test_who_is_gone_is_dialled_anew(client: Path) -> None:
    prints(client, STAYS)
    standing = steps("profile", iter([2, 2]))
    next(standing)
    gone = int(pids(client)[0])
    os.kill(gone, signal.SIGKILL)
    os.waitid(os.P_PID, gone, os.WEXITED | os.WNOWAIT)
    step = next(standing)
    assert (step.alive, len(step.seconds)) == (2, 1)
    assert list(standing) == []


def test_a_refused_dial_is_counted_with_the_clients_last_words(client: Path) -> None:
    prints(client, REFUSED)
    (step,) = steps("profile", iter([2]))
    assert (step.alive, step.seconds, step.failed) == (0, (), 2)
    assert step.words.endswith("AUTH_FAILED")


def test_the_end_of_its_input_ends_them_all(client: Path) -> None:
    prints(client, STAYS)
    list(steps("profile", iter([3])))
    assert len(pids(client)) == 3
    assert not [pid for pid in pids(client) if Path("/proc", pid).exists()]
