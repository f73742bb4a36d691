"""UDP from inside a tunnel: an answer, a rejection by the machine itself, silence; and how a port to ask is written."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Callable
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labvpn.dial import inside, requests, ways
from labvpn.dial.inside import Inside, Questions, Target
from labvpn.dial.requests import DialUsageError, Options
from labvpn.dial.session import DialSession
from labvpn.dial.ways import Way
from labvpn.dial.wire import packets
from labvpn.dial.wire.packets import ICMP, Packet
from labvpn.probe import dial_check
from tests.unit.dial.outputs import never, outputs

OWN, THERE = IPv4Address("192.168.30.10"), IPv4Address("203.0.113.21")
NAMES = Target(THERE, 53, transport="udp")

Answer = Callable[[Packet], "Packet | None"]


def answered(asked: Packet) -> Packet:
    own, port, content = packets.datagram(asked) or (0, 0, b"")
    return packets.udp(asked.target, port, asked.source, own, content[:2] + b"\x80\0" + bytes(8))


def rejected(asked: Packet) -> Packet:
    """Port unreachable, with the first bytes of what was asked (RFC 792)."""
    return Packet(asked.target, asked.source, ICMP, struct.pack(">BBHI", 3, 3, 0, 0) + asked.encoded()[:28])


def of_another(asked: Packet) -> Packet:
    own, _, _ = packets.datagram(asked) or (0, 0, b"")
    return rejected(packets.udp(asked.source, own, IPv4Address("192.0.2.9"), 53, b"other"))


def asks(target: Target, answer: Answer) -> str:
    """What a session says whose other side answers so."""
    link: Any = SimpleNamespace(address=OWN, resolver=IPv4Address(0), packets=[])

    def send_packet(data: bytes) -> None:
        found = answer(cast(Packet, packets.decoded(data)))
        link.packets += [found.encoded()] if found else []

    link.send_packet = send_packet
    session = SimpleNamespace(link=link, pump=lambda _seconds, until: until(), flush=lambda: None)
    return Questions(cast(DialSession, session)).opens(target)


@pytest.mark.parametrize(
    ("answer", "state"),
    [(answered, "open"), (rejected, "closed"), (of_another, "silent"), (lambda _asked: None, "silent")],
)
def test_a_udp_port_is_open_closed_or_silent(answer: Answer, state: str) -> None:
    assert asks(NAMES, answer) == state


@given(st.binary(max_size=80), st.integers(0, 255))
def test_no_bytes_are_taken_for_a_rejection_of_another_question(content: bytes, protocol: int) -> None:
    asked = packets.udp(OWN, 50000, THERE, 53, b"question")
    other = Packet(THERE, OWN, protocol, content)
    assert not packets.is_rejection(other, asked) or content[8:].find(THERE.packed) >= 0


def test_what_is_asked_without_a_judgement_is_no_problem() -> None:
    seen = Inside(services={NAMES: "open", Target(THERE, 22): "silent"})
    assert seen.problems == []


def test_a_port_to_ask_is_read_with_its_transport_and_sent_on_whole() -> None:
    options = Options("guest1", asked=("203.0.113.21:53/udp", "203.0.113.21:8000/tcp", "203.0.113.21:22"))
    (one,) = requests.requests(options, outputs(), never)
    asked = [target for target in one.services if target.should_open is None]
    assert [str(target) for target in asked] == ["203.0.113.21:53/udp", "203.0.113.21:8000", "203.0.113.21:22"]
    assert ways.from_json(ways.to_json(Way(ways.L2TP, one))).request.services == one.services
    with pytest.raises(DialUsageError, match="--ask"):
        requests.requests(Options("guest1", asked=("203.0.113.21:53/icmp",)), outputs(), never)


def said(dials: list[dict[str, Any]], status: int = 0, err: str = "") -> Callable[..., Any]:
    return lambda *_words, **_how: subprocess.CompletedProcess([], status, json.dumps({"dials": dials}), err)


def test_a_check_reads_what_a_users_dial_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [{"target": "203.0.113.21:8000", "state": "open"}, {"target": "203.0.113.21:53/udp", "state": "silent"}]
    asked = [("203.0.113.21", "8000/tcp"), ("203.0.113.21", "53/udp"), ("203.0.113.21", "22/tcp")]
    monkeypatch.setattr(subprocess, "run", said([{"connected": True, "services": seen}]))
    assert dial_check.ask("{}", "guest1", asked) == {asked[0]: "open", asked[1]: "silent"}
    monkeypatch.setattr(subprocess, "run", said([{"connected": False, "cause": "wrong-psk", "services": []}]))
    assert dial_check.ask("{}", "guest1", asked) == "the dial as guest1 did not get in: wrong-psk"
    monkeypatch.setattr(subprocess, "run", said([], 2, "no such user\n"))
    assert str(dial_check.ask("{}", "guest1", asked)).startswith("no dial as guest1")


@pytest.mark.parametrize(
    ("page", "line"),
    [
        ("http://203.0.113.21", "GET / HTTP/1.0"),
        ("http://203.0.113.21/p?format=text&x=a%20b", "GET /p?format=text&x=a%20b HTTP/1.0"),
        ("http://203.0.113.21/住所?q=é", "GET /%E4%BD%8F%E6%89%80?q=%C3%A9 HTTP/1.0"),
        ("http://203.0.113.21?ip", "GET /?ip HTTP/1.0"),
    ],
)
def test_a_page_is_asked_for_with_its_query(monkeypatch: pytest.MonkeyPatch, page: str, line: str) -> None:
    sent: list[bytes] = []

    def fetch(request: bytes) -> bytes:
        sent.append(request)
        return b"HTTP/1.0 200 OK\r\n\r\n192.0.2.3"

    call = SimpleNamespace(opens=lambda: "open", fetch=fetch, hang_up=lambda: None)
    monkeypatch.setattr(inside, "TcpCall", lambda *_where: call)
    assert Questions(cast(DialSession, SimpleNamespace())).seen_from(page) == "192.0.2.3"
    assert sent[0].decode("ascii").splitlines()[0] == line
