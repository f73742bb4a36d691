"""Hostile bytes: no parser and no state machine of the dial fails on them, or goes on without a proof."""

from __future__ import annotations

import contextlib
import struct
from ipaddress import IPv4Address

from hypothesis import example, given, settings
from hypothesis import strategies as st

from labvpn.dial import tcp, ways
from labvpn.dial.channel import Channel
from labvpn.dial.link import Link, LinkProgress
from labvpn.dial.login import LinkLogin
from labvpn.dial.phase1 import Keys, MainMode, MainModeProgress
from labvpn.dial.phase2 import QuickMode, deletions, informational
from labvpn.dial.requests import DialUsageError
from labvpn.dial.systems import SYSTEMS
from labvpn.dial.tunnel import Tunnel, TunnelProgress
from labvpn.dial.wire import dhcp, dns, esp, isakmp, l2tp, mschap, packets, ppp
from labvpn.dial.wire.isakmp import Message
from tests.unit.dial.test_machines import MAC, agreed, answered, main_mode

ANY = st.binary(max_size=400)
KEYS = Keys(b"initiate", b"response", MAC[0], bytes(32), bytes(32), bytes(32), bytes(16))


class Wire:
    """A wire that gives what it was given, and forgets what is sent."""

    def __init__(self, datagrams: list[bytes]) -> None:
        self.datagrams, self.clock = datagrams, 0.0

    def send(self, data: bytes, port: int) -> None: ...

    def fragment(self, allowed: bool) -> None: ...

    def is_rejected(self, port: int, times: int) -> bool:
        return False

    def receive(self, seconds: float) -> bytes | None:
        self.clock += seconds / 10
        return self.datagrams.pop(0) if self.datagrams else None

    def now(self) -> float:
        return self.clock


@given(ANY)
def test_every_parser_survives_any_bytes(data: bytes) -> None:
    isakmp.deleted(data)
    isakmp.is_whole(data[0] if data else 0, data)
    dns.first_address(data)
    options = dhcp.options(data, data[4:8])
    dhcp.routes(options or {dhcp.ROUTES: data})
    tcp.address_in(data)
    mschap.response("user", "word", data, data[:16])
    packet = packets.decoded(data)
    if packet:
        packets.segment(packet)


@given(st.dictionaries(st.integers(1, 254), st.binary(max_size=40), max_size=8), st.binary(min_size=4, max_size=4))
def test_what_a_dhcp_server_answers_is_read_back(given_: dict[int, bytes], number: bytes) -> None:
    encoded = b"".join(bytes([kind, len(value)]) + value for kind, value in given_.items())
    answer = b"\2" + bytes(3) + number + bytes(228) + bytes.fromhex("63825363") + b"\0" + encoded + b"\xff" + bytes(9)
    assert dhcp.options(answer, number) == given_
    assert dhcp.options(answer, bytes(4)) is None or number == bytes(4)


def test_routes_are_read_as_rfc_3442_writes_them() -> None:
    text = bytes.fromhex("18c0000201020304" + "00" + "0a000001" + "20cb007114" + "c0a81e01" + "18")
    found = dhcp.routes({dhcp.ROUTES: text})
    assert [f"{target} {router}" for target, router in found] == [
        "192.0.2.0/24 1.2.3.4",
        "0.0.0.0/0 10.0.0.1",
        "203.0.113.20/32 192.168.30.1",
    ]


@settings(deadline=None, max_examples=25)
@given(st.sampled_from([isakmp.MAIN_MODE, isakmp.INFORMATIONAL, isakmp.QUICK_MODE]), st.integers(0, 255), ANY)
def test_phase_1_is_never_up_without_a_proof(exchange: int, first: int, body: bytes) -> None:
    for stage in range(3):
        for flags in (0, isakmp.ENCRYPTED):
            mode = main_mode()
            if stage > 0:
                answered(mode)
            if stage > 1:
                agreed(mode)
            message = Message(mode.initiator, b"response", first, exchange, flags, 0, body).encoded()
            mode.receive(message)
            mode.receive(isakmp.NON_ESP_MARKER + message)
            assert mode.progress is not MainModeProgress.UP


@example(isakmp.HASH, b"")
@given(st.integers(0, 255), ANY)
def test_phase_2_and_what_follows_believe_nothing_unproven(first: int, body: bytes) -> None:
    quick = QuickMode(KEYS, SYSTEMS["mac"].protections, bytes(4), bytes(4))
    for exchange in (isakmp.QUICK_MODE, isakmp.INFORMATIONAL):
        encrypted, _ = KEYS.encrypted(exchange, 7, [(first or 1, body)], KEYS.iv(7))
        for data in (Message(b"initiate", b"response", first, exchange, 1, 7, body).encoded(), encrypted):
            assert not quick.receive(data)
            message = isakmp.decoded(data)
            assert message is not None
            assert informational(KEYS, message) == []
            assert deletions(KEYS, message) == []
    assert not quick.is_up


@given(st.lists(ANY, max_size=5))
def test_a_channel_survives_any_datagrams_and_is_over_by_a_proof_alone(datagrams: list[bytes]) -> None:
    both = [each for data in datagrams for each in (data, isakmp.NON_ESP_MARKER + data)]
    channel = Channel(Wire(both), KEYS, QuickMode(KEYS, SYSTEMS["mac"].protections, bytes(4), bytes(4)))
    channel.renew()
    assert channel.receive(5.0) is None
    assert not channel.is_over


@given(st.lists(st.tuples(st.sampled_from(sorted(l2tp.NAMES)), st.dictionaries(st.integers(0, 40), ANY)), max_size=5))
@settings(max_examples=60)
def test_a_tunnel_survives_any_attributes(messages: list[tuple[int, dict[int, bytes]]]) -> None:
    line = Tunnel("phone")
    line.open()
    for number, (kind, attributes) in enumerate(messages):
        short = {key: value[:300] for key, value in attributes.items() if key}
        line.receive(l2tp.Control(0, 0, number, 1, kind, short).encoded())
        line.send_frame(b"frame")
    assert line.progress in TunnelProgress


@given(st.lists(st.tuples(st.sampled_from([0xC021, 0xC023, 0xC223, 0x8021, 0x8057]), ANY), max_size=8))
def test_a_link_survives_any_frames_and_has_no_address_without_a_login(frames: list[tuple[int, bytes]]) -> None:
    link = Link(LinkLogin("guest1", "word", ("mschapv2",)))
    for protocol, content in frames:
        link.receive(ppp.frame_of(protocol, content))
        link.receive(ppp.frame_of(protocol, struct.pack(">BBH", 1, 1, len(content) + 4) + content))
        assert isinstance(link.address, IPv4Address)
        assert isinstance(link.router, IPv4Address)
    assert link.progress < LinkProgress.ADDRESS or link.progress is LinkProgress.ENDED


@example("x" * 300, "y" * 300, b"")
@given(st.text(max_size=80), st.text(max_size=80), ANY)
def test_any_name_and_password_are_sent(user: str, password: str, challenge: bytes) -> None:
    login = LinkLogin(user, password, ("pap", "mschapv2"))
    link = Link(login)
    link.receive(ppp.frame_of(ppp.CHAP, struct.pack(">BBH", 1, 1, len(challenge) + 4) + challenge))
    link.progress, link.method = LinkProgress.LOGIN, "pap"
    link.ask()
    assert all(frame for frame in link.outgoing)


@given(st.text(max_size=80))
def test_any_name_makes_a_question(name: str) -> None:
    assert len(dns.question(1, name)) >= 17


@given(ANY)
def test_a_request_from_elsewhere_is_a_request_or_wrong_usage(data: bytes) -> None:
    with contextlib.suppress(DialUsageError):
        ways.from_json(data.decode("latin-1"))


def test_a_packet_that_was_sealed_for_another_association_does_not_open() -> None:
    protection = esp.Protection(esp.AES, 256, esp.HMAC_SHA1)
    one = esp.Association(b"one!", protection, bytes(32), bytes(20))
    other = esp.Association(b"two!", protection, bytes(32), bytes(20))
    assert other.open(one.seal(b"x" * 40)) is None


def test_main_mode_starts_anew_for_every_dial() -> None:
    first, second = (MainMode(MAC, "key", bytes(4)) for _ in range(2))
    assert first.initiator != second.initiator
