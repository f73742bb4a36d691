"""Whether the code verifier works, how it is asked, and what is said where it does not."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from labvpn.agent.codes import health, service
from labvpn.agent.codes.health import TROUBLE, CodesHealth, answers
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Outcome
from tests.unit.agent.codes_cases import applied, host_with_verifier, read
from tests.unit.agent.fakes import FakeMachine


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    return host_with_verifier(tmp_path, monkeypatch)


def test_a_verifier_that_is_down_says_why(machine: FakeMachine) -> None:
    applied(machine)
    machine.answers["systemctl is-active"] = Outcome(3)
    machine.answers["journalctl"] = "Info: fine\nError binding to port 11812: Address already in use\nInfo: bye\n"
    (said,) = CodesHealth(machine).warnings()
    assert said.startswith("nobody with a second factor gets in: FreeRADIUS does not run (Error binding to port 11812")
    found = read(machine)[0]
    assert found is not None and found["active"] == "no"
    assert CodesHealth(machine).status() == {"users": 1, "trouble": said.partition(": ")[2], "campus": None}


def test_a_verifier_that_runs_and_does_not_answer_or_cannot_write_is_hindered(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(machine)
    machine.write(TROUBLE, "no room\n")
    found = read(machine)[0]
    assert found is not None and found["active"] == "hindered"
    assert CodesHealth(machine).trouble() == "no room"
    monkeypatch.setattr(health, "answers", lambda port, secret: False)
    assert CodesHealth(machine).trouble().startswith("FreeRADIUS runs, but does not answer on UDP port 11812")
    monkeypatch.setattr(service, "START_SECONDS", -1)
    verifier, _ = applied(machine)
    assert read(machine)[1] == {"secret": "current"}, "the rest is applied"
    with pytest.raises(AgentError, match="nobody with a second factor gets in: FreeRADIUS runs, but does not answer"):
        verifier.require_working()


@pytest.mark.parametrize("words", ["System clock synchronized: no\n", "     NTP synchronized: no\n"])
def test_a_clock_that_nothing_sets_is_a_note_since_codes_depend_on_it(machine: FakeMachine, words: str) -> None:
    applied(machine)
    assert CodesHealth(machine).notes() == []
    machine.answers["timedatectl"] = words
    (said,) = CodesHealth(machine).notes()
    assert "not synchronized" in said


def test_what_the_verifier_left_is_read_only_where_it_is_a_plain_file(machine: FakeMachine) -> None:
    applied(machine)
    machine.write("/etc/shadow", "root:secret")
    machine.write(TROUBLE, "x" * 1000 + "\x1b[2J")
    assert CodesHealth(machine).trouble() == "x" * 300
    path = machine.path(TROUBLE)
    path.write_text("no \x1b[2J room")
    assert "\x1b" not in CodesHealth(machine).trouble()
    path.unlink()
    path.symlink_to(machine.path("/etc/shadow"))
    assert CodesHealth(machine).trouble() == ""
    path.unlink()
    os.mkfifo(path)
    assert CodesHealth(machine).trouble() == ""


def test_nothing_is_said_where_no_code_is_checked(machine: FakeMachine) -> None:
    assert CodesHealth(machine).status() is None
    assert CodesHealth(machine).warnings() == CodesHealth(machine).notes() == []
    assert machine.ran == []


@pytest.fixture
def answering() -> Iterator[tuple[int, list[bytes]]]:
    """A RADIUS server that answers Status-Server with the secret `right`."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            question, whence = server.recvfrom(4096)
            asked.append(question)
            head = bytes([2, question[1], 0, 20])
            server.sendto(head + hashlib.md5(head + question[4:20] + b"right").digest(), whence)  # noqa: S324

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], asked


@pytest.mark.parametrize("secret", ["right", "wrong"])
def test_a_server_is_asked_as_the_rfc_has_it_and_only_one_with_the_secret_counts(
    answering: tuple[int, list[bytes]], secret: str
) -> None:
    port, asked = answering
    assert answers(port, secret) is (secret == "right")
    (question,) = asked
    assert (question[0], question[20:22]) == (12, b"\x50\x12")
    proof = hmac.new(secret.encode(), question[:22] + bytes(16), "md5").digest()
    assert question[22:] == proof


def test_no_server_at_all_does_not_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert answers(port, "right") is False
