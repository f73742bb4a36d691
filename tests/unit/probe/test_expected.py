"""Expectations proven with packets: what is answered, refused by the machine itself, or silent."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from labvpn.model.outputs import ExpectedPackets
from labvpn.probe import expected


def packets(port: int | str, reach: bool, place: str = "outside") -> ExpectedPackets:
    text = port if isinstance(port, str) else f"{port}/tcp"
    given = {"place": place, "address": "127.0.0.1", "ports": [text], "reach": reach, "sentence": "x should do y"}
    return ExpectedPackets.model_validate(given)


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as ear:
        yield ear.getsockname()[1]


def test_a_port_that_answers_keeps_one_expectation_and_breaks_the_other(port: int) -> None:
    assert expected.broken([packets(port, True)], "outside") == []
    (one,) = expected.broken([packets(port, False)], "outside")
    assert str(one) == f"x should do y, but a packet to {port}/tcp of 127.0.0.1 was answered"


def test_a_refusal_proves_nothing_since_a_firewall_may_refuse_like_a_machine_without_a_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ear:
        free = ear.getsockname()[1]
    assert expected.broken([packets(free, True), packets(free, False)], "outside") == []


def test_silence_and_a_prohibition_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (TimeoutError(), OSError(113, "No route to host")):

        def refused(*_: object, error: OSError = error) -> None:
            raise error

        monkeypatch.setattr(socket, "create_connection", refused)
        assert expected.broken([packets(1, False)], "outside") == []
        assert [one.reached for one in expected.broken([packets(1, True)], "outside")] == [False]


def test_other_places_udp_and_ranges_are_not_tried(port: int) -> None:
    given = [packets(port, False, "campus"), packets("500/udp", False), packets("1-9/tcp", False)]
    assert expected.broken(given, "outside") == []


def test_where_this_machine_administers_the_lab_an_answer_says_nothing_of_others(port: int) -> None:
    own = {("127.0.0.1", f"{port}/tcp")}
    assert expected.broken([packets(port, False), packets(port, True)], "outside", own) == []
    assert expected.broken([packets(port, False)], "outside", {("127.0.0.2", f"{port}/tcp")})
