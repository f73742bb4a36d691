"""No secret of the stack stands where anybody else could read it, whatever the stack does and however it fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rehearsal import stack
from rehearsal.soak.lab import Lab
from rehearsal.soak.leaks import Life, life
from rehearsal.soak.window import SUCCESSES
from tests.rehearsal.stack import Stack


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    lab = Stack("secrets")
    lab.stop()
    lab.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABVPN_REHEARSAL", lab.name)
        yield lab
    lab.stop()


@pytest.fixture(scope="module")
def watched(lab: Stack) -> Life:
    """The stack brought up, made to fail, changed by hand and taken down, all the while watched."""
    lab.output("server", "apt-get", "update", "-q")
    stack.configured(lab.state, lambda _words: None)
    return life(Lab(lab.name))


def test_no_secret_stands_where_somebody_else_could_read_it(watched: Life) -> None:
    assert watched.hunt.leaks() == []


def test_the_hunt_looked_often_and_finds_what_has_to_hold_a_secret(watched: Life) -> None:
    assert watched.hunt.seen["scans"] > 500
    missed = [reason for reason, seen in watched.hunt.kept().items() if not seen]
    assert [reason for reason in missed if "outputs" not in reason] == []


def test_nobody_administers_the_fresh_server_without_a_password_while_it_comes_up(watched: Life) -> None:
    for machine, answers in watched.answers.items():
        assert not any(answers[success] for success in SUCCESSES), machine
        assert sum(answers.values()) > 20, machine
    assert watched.answers["campus"]["JSON-RPC 401"], "they never met the server"
