"""The codecs of the dial: vectors of the specifications, whole round trips, and hostile bytes."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labvpn.dial.systems import SYSTEMS
from labvpn.dial.wire import dns, esp, isakmp, l2tp, mschap, pack, packets, ppp, suite
from labvpn.dial.wire.esp import Association, Protection
from labvpn.dial.wire.suite import KeyExchange, Suite

ONE, OTHER = IPv4Address("192.0.2.1"), IPv4Address("192.0.2.2")
RFC2759 = ("User", "clientPass", bytes.fromhex("5B5D7C7D7B3F2F3E3C2C602132262628"))
OWN = bytes.fromhex("21402324255E262A28295F2B3A337C7E")


def test_md4_is_that_of_rfc_1320() -> None:
    assert mschap.md4(b"").hex() == "31d6cfe0d16ae931b73c59d7e0c089c0"
    assert mschap.md4(b"message digest").hex() == "d9130a8164549fe818874806e1c7014b"


def test_mschapv2_is_that_of_rfc_2759() -> None:
    assert mschap.response(*RFC2759, OWN).hex().upper() == "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF"
    assert mschap.proof(*RFC2759, OWN) == "S=407A5589115FD0D6209F510FE9C04566932CDA56"


@pytest.mark.parametrize(
    ("bits", "tail"), [(1024, "49286651ece65381"), (1536, "f1746c08ca237327"), (2048, "15728e5a8aacaa68")]
)
def test_the_primes_of_the_groups_are_those_of_their_rfcs(bits: int, tail: str) -> None:
    assert suite.prime(bits).to_bytes(bits // 8, "big").hex().endswith(tail + "ffffffffffffffff")


@pytest.mark.parametrize("group", [2, 5, 14, 19, 20])
def test_both_sides_of_a_key_exchange_share_one_secret(group: int) -> None:
    one, other = KeyExchange(group), KeyExchange(group)
    assert one.shared(other.public) == other.shared(one.public)


@pytest.mark.parametrize(
    ("group", "public"), [(2, bytes(128)), (2, b"\1".rjust(128, b"\0")), (19, bytes(64)), (19, b"x")]
)
def test_a_public_value_that_is_none_of_the_group_is_refused(group: int, public: bytes) -> None:
    with pytest.raises(ValueError, match=r"public value|point|curve|Invalid"):
        KeyExchange(group).shared(public)


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_what_a_system_offers_is_read_back_as_it_was_meant(system: object) -> None:
    for each in system.suites:  # type: ignore[attr-defined]
        choice = isakmp.choice(isakmp.association(1, b"", [(1, each.attributes)]))
        assert choice is not None
        assert suite.chosen(choice.attributes) == each
    for one in system.protections:  # type: ignore[attr-defined]
        choice = isakmp.choice(isakmp.association(3, b"spi!", [(one.transform, one.attributes)]))
        assert choice is not None
        assert (choice.spi, esp.protection(choice.transform, choice.attributes)) == (b"spi!", one)


def test_android_offers_the_hash_that_it_cannot_use_first() -> None:
    assert SYSTEMS["android"].suites[0].digest in SYSTEMS["android"].fails_with


@given(st.lists(st.tuples(st.sampled_from([1, 4, 5, 8, 10, 11, 13]), st.binary(max_size=40)), min_size=1, max_size=6))
def test_a_chain_of_payloads_is_read_back(payloads: list[tuple[int, bytes]]) -> None:
    body = isakmp.chain(payloads)
    assert list(isakmp.payloads(payloads[0][0], body)) == payloads
    assert isakmp.is_whole(payloads[0][0], body + bytes(7))


@given(st.binary(max_size=200))
def test_what_esp_seals_opens_once_more_and_a_changed_byte_does_not(content: bytes) -> None:
    for protection in (Protection(esp.AES, 256, esp.HMAC_SHA1), Protection(esp.TRIPLE, 0, esp.HMAC_SHA256)):
        cipher, integrity = protection.key_sizes
        sides = [Association(b"\0\0\x10\1", protection, bytes(range(cipher)), bytes(integrity)) for _ in range(2)]
        encrypted = sides[0].seal(esp.in_udp(content))
        assert esp.from_udp(sides[1].open(encrypted) or b"") == content
        assert sides[1].open(encrypted[:-1] + bytes([encrypted[-1] ^ 1])) is None


def test_no_key_stands_in_the_text_of_an_association() -> None:
    text = repr(Association(b"spi!", Protection(esp.AES, 128, esp.HMAC_SHA1), b"canary-canary-16", b"canary"))
    assert "canary" not in text


@given(st.binary(max_size=300))
def test_hostile_bytes_are_never_an_error(data: bytes) -> None:
    isakmp.decoded(data)
    list(isakmp.payloads(1, data))
    isakmp.choice(data)
    isakmp.notice(data)
    l2tp.decoded(data)
    ppp.protocol_of(data)
    ppp.packet(ppp.LCP, data)
    ppp.options(data)
    pack.decoded(data)
    esp.from_udp(data)
    dns.first_address(data)
    Association(data[:4], Protection(esp.AES, 128, esp.HMAC_SHA1), bytes(16), bytes(20)).open(data)
    Suite(suite.AES_CBC, 128, suite.SHA1, 2).decrypt(bytes(16), bytes(16), data)
    packet = packets.decoded(data)
    if packet:
        packets.segment(packet)
        packets.datagram(packet)


@given(
    st.dictionaries(st.sampled_from(["error", "random", "text"]), st.integers(0, 2**32 - 1) | st.binary(max_size=30))
)
def test_a_pack_is_read_back(values: dict[str, int | bytes]) -> None:
    assert pack.decoded(pack.encoded(values)) == values


def test_a_pack_that_counts_more_than_it_holds_ends_where_it_ends() -> None:
    assert pack.decoded(b"\xff\xff\xff\xff" + pack.encoded({"error": 9})[4:]) == {"error": 9}


def test_packets_are_read_back() -> None:
    sent = packets.udp(ONE, 5000, OTHER, 53, b"question")
    read = packets.decoded(sent.encoded())
    assert read is not None
    assert packets.datagram(read) == (5000, 53, b"question")
    handshake = packets.Segment(5000, 80, 7, 0, packets.SYN)
    read = packets.decoded(handshake.packet(ONE, OTHER).encoded())
    assert read is not None
    assert packets.segment(read) == handshake


def test_a_dns_answer_yields_its_address_behind_an_alias() -> None:
    asked = dns.question(7, "vpn.lab.example")
    alias = b"\xc0\x0c\0\5\0\1\0\0\0\1\0\2\xc0\x10"
    address = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + ONE.packed
    answer = asked[:6] + b"\0\2" + asked[8:] + alias + address
    assert dns.first_address(answer) == str(ONE)
