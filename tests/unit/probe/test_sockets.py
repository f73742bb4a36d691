import errno
import socket
import struct
import sys
import time

import pytest

from labvpn.probe import sockets
from labvpn.probe.observation import Refusal
from labvpn.probe.sockets import Knock, knock_tcp, knock_udp, refusal_of
from tests.unit.probe.servers import LOOPBACK, tcp, udp, unused

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the sender of an ICMP error")

REAL_WAITS = sockets.WAITS


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "WAITS", (0.03,) * 5)


def said(reply: bytes) -> str | None:
    return reply.decode() if reply == b"answer" else None


def test_a_udp_service_that_answers_is_open_at_the_first_try() -> None:
    with udp(lambda _, packet: b"answer" if packet == b"ask" else None) as port:
        assert knock_udp(LOOPBACK, port, b"ask", said) == Knock(1, "answer")


def test_a_udp_service_is_asked_five_times_before_it_is_called_silent() -> None:
    heard: list[bytes] = []
    with udp(lambda _, packet: heard.append(packet)) as port:
        assert knock_udp(LOOPBACK, port, b"ask", said) == Knock(5)
        time.sleep(0.02)
    assert heard == [b"ask"] * 5


def test_five_tries_take_three_or_four_seconds() -> None:
    assert len(REAL_WAITS) == 5 and 3 < sum(REAL_WAITS) < 4


def test_four_lost_packets_do_not_close_a_port() -> None:
    with udp(lambda count, _: b"answer" if count == 4 else None) as port:
        assert knock_udp(LOOPBACK, port, b"ask", said) == Knock(5, "answer")


def test_a_reply_that_is_no_answer_opens_nothing() -> None:
    with udp(lambda _, __: b"noise") as port:
        assert knock_udp(LOOPBACK, port, b"ask", said) == Knock(5)


@linux
def test_a_udp_port_without_a_listener_names_the_machine_that_says_so() -> None:
    port = unused(socket.SOCK_DGRAM)
    assert knock_udp(LOOPBACK, port, b"ask", said) == Knock(1, refusal=Refusal("ECONNREFUSED", 3, LOOPBACK))


def test_elsewhere_than_on_linux_the_refusal_comes_without_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "SHOWS_OFFENDER", False)
    knock = knock_udp(LOOPBACK, unused(socket.SOCK_DGRAM), b"ask", said)
    assert knock.refusal == Refusal("ECONNREFUSED")


def test_a_tcp_port_that_accepts_is_open() -> None:
    with tcp(lambda _: None) as port:
        assert knock_tcp(LOOPBACK, port) == Knock(1, "connected")


def test_a_tcp_port_without_a_listener_refuses() -> None:
    assert knock_tcp(LOOPBACK, unused(socket.SOCK_STREAM)) == Knock(1, refusal=Refusal("ECONNREFUSED"))


def test_a_full_listener_is_called_silent_after_five_tries_and_no_later() -> None:
    with socket.create_server((LOOPBACK, 0), backlog=0) as full:
        fill = [socket.socket() for _ in range(4)]
        for call in fill:
            call.setblocking(False)
            call.connect_ex(full.getsockname())
        began = time.monotonic()
        assert knock_tcp(LOOPBACK, full.getsockname()[1]) == Knock(5)
        assert time.monotonic() - began < 1
        for call in fill:
            call.close()


def test_no_route_is_told_and_not_raised() -> None:
    assert knock_udp("255.255.255.255", 9, b"ask", said).refusal == Refusal("EACCES")


def extended(origin: int, icmp_type: int, code: int, sender: bytes) -> bytes:
    return struct.pack("=IBBBxII", errno.EHOSTUNREACH, origin, icmp_type, code, 0, 0) + sender


def test_the_sender_of_an_icmp_error_is_read() -> None:
    sender = struct.pack("=HH", socket.AF_INET, 0) + socket.inet_aton("203.0.113.17") + bytes(8)
    assert refusal_of(extended(2, 3, 13, sender)) == Refusal("EHOSTUNREACH", 13, "203.0.113.17")


def test_an_unknown_sender_is_none() -> None:
    assert refusal_of(extended(2, 3, 13, struct.pack("=HH", 0, 0) + bytes(12))) == Refusal("EHOSTUNREACH", 13)


@pytest.mark.parametrize(("origin", "icmp_type"), [(1, 3), (2, 11), (4, 3)])
def test_what_is_no_icmp_unreachable_is_no_refusal(origin: int, icmp_type: int) -> None:
    assert refusal_of(extended(origin, icmp_type, 0, bytes(16))) is None


def test_an_error_read_from_the_queue_is_a_refusal_though_the_socket_forgets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusal = Refusal("EHOSTUNREACH", 13, "203.0.113.17")
    monkeypatch.setattr(sockets, "queued", lambda _: refusal)
    with tcp(lambda _: None) as port:
        assert knock_tcp(LOOPBACK, port) == Knock(1, refusal=refusal)
