import struct
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labvpn.probe.wire import ike, l2tp, names_and_time, openvpn, sstp
from tests.unit.probe.answers import COOKIE, IKE_CHOICE, IKE_REFUSAL, L2TP_REPLY, OPENVPN_RESET, TUNNEL

READERS: list[Callable[[bytes], object]] = [
    lambda reply: ike.read(reply, COOKIE) is not None,
    lambda reply: openvpn.is_answer(reply, COOKIE),
    lambda reply: l2tp.is_answer(reply, TUNNEL),
    sstp.is_answer,
]


def payloads(packet: bytes) -> Iterator[tuple[int, bytes]]:
    """A second reading of RFC 2408, 3.2: every payload names the type and tells its own length."""
    kind, at = packet[16], 28
    while kind:
        length = int.from_bytes(packet[at + 2 : at + 4], "big")
        yield kind, packet[at + 4 : at + length]
        kind, at = packet[at], at + length
    assert at == len(packet)


def test_ike_sends_the_nat_t_vendor_id_without_which_softether_is_silent() -> None:
    assert (13, bytes.fromhex("4a131c81070358455c5728f20e95452f")) in list(payloads(ike.request(COOKIE)))


def test_ike_opens_main_mode_of_version_one_and_states_its_true_length() -> None:
    packet = ike.request(COOKIE)
    assert packet[:16] == COOKIE + bytes(8)
    assert (packet[17], packet[18]) == (0x10, 2)
    assert int.from_bytes(packet[24:28], "big") == len(packet)


def test_ike_offers_aes_256_with_sha1_and_modp2048_by_pre_shared_key() -> None:
    association = dict(payloads(ike.request(COOKIE)))[1]
    wanted = ((1, 7), (14, 256), (2, 2), (3, 1), (4, 14))
    assert b"".join(struct.pack(">HH", 0x8000 | kind, value) for kind, value in wanted) in association


def test_every_transform_of_the_offer_is_counted_and_the_last_says_so() -> None:
    association = dict(payloads(ike.request(COOKIE)))[1]
    count, at, kinds = association[15], 16, []
    while at < len(association):
        kinds.append(association[at])
        at += int.from_bytes(association[at + 2 : at + 4], "big")
    assert (len(kinds), kinds[-1], set(kinds[:-1]), at) == (count, 0, {3}, len(association))


def test_the_choice_of_softether_is_read() -> None:
    assert ike.read(IKE_CHOICE, COOKIE) == "chooses AES-256/SHA256/modp2048"


def test_a_server_that_declines_is_a_server_that_answers() -> None:
    assert ike.read(IKE_REFUSAL, COOKIE) == "answers: no proposal chosen"


def test_openvpn_asks_with_the_hard_reset_of_fourteen_bytes() -> None:
    assert openvpn.request(COOKIE) == b"\x38" + COOKIE + bytes(5)
    assert openvpn.framed(openvpn.request(COOKIE))[:3] == b"\x00\x0e\x38"


def test_openvpn_over_tcp_waits_for_the_whole_packet() -> None:
    stream = openvpn.framed(OPENVPN_RESET)
    assert [openvpn.unframed(stream[:cut]) for cut in range(len(stream))] == [b""] * len(stream)
    assert openvpn.unframed(stream + b"more") == OPENVPN_RESET


def test_l2tp_asks_for_a_tunnel_with_its_number_and_its_true_length() -> None:
    packet = l2tp.request(TUNNEL)
    assert packet[:2] == b"\xc8\x02" and int.from_bytes(packet[2:4], "big") == len(packet)
    assert bytes.fromhex("8008000000090102") in packet


def test_sstp_asks_for_the_path_of_the_protocol_without_an_end() -> None:
    request = sstp.request("vpn.lab.example", "1d2c").decode()
    assert request.startswith("SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n")
    assert "Content-Length: 18446744073709551615\r\n" in request and request.endswith("\r\n\r\n")


@pytest.mark.parametrize(
    ("reader", "reply"),
    list(zip(READERS, (IKE_CHOICE, OPENVPN_RESET, L2TP_REPLY, b"HTTP/1.1 200\r\nServer: x\r\n"), strict=True)),
)
def test_a_real_answer_is_one_and_any_part_of_it_is_none(reader: Callable[[bytes], object], reply: bytes) -> None:
    assert reader(reply)
    assert not any(reader(reply[:cut]) for cut in range(12))


@given(st.binary(max_size=120), st.sampled_from(READERS[:3]))
def test_no_bytes_from_the_network_raise_or_pass_for_an_answer(noise: bytes, reader: Callable[[bytes], object]) -> None:
    assert not reader(noise)


@given(st.integers(0, len(IKE_CHOICE) - 1), st.integers(0, 255))
def test_a_damaged_answer_never_raises(at: int, value: int) -> None:
    damaged = IKE_CHOICE[:at] + bytes([value]) + IKE_CHOICE[at + 1 :]
    ike.read(damaged, COOKIE)


def test_an_answer_without_a_responders_cookie_is_an_echo_of_the_question() -> None:
    assert ike.read(IKE_CHOICE[:8] + bytes(8) + IKE_CHOICE[16:], COOKIE) is None
    assert ike.read(ike.request(COOKIE), COOKIE) is None


@pytest.mark.parametrize("other", [bytes(8), COOKIE[::-1]])
def test_an_answer_to_someone_else_is_none(other: bytes) -> None:
    assert ike.read(IKE_CHOICE, other) is None
    assert not openvpn.is_answer(OPENVPN_RESET, other)
    assert not l2tp.is_answer(L2TP_REPLY, TUNNEL + 1)


def test_a_name_server_and_a_time_server_are_asked_what_each_of_them_answers() -> None:
    question = names_and_time.name_request(0xABCD)
    assert question == bytes.fromhex("abcd01000001000000000000" + "00" + "00020001")
    refused = bytes.fromhex("abcd8185000100000000000000")
    assert names_and_time.is_name_answer(refused, 0xABCD)
    assert not names_and_time.is_name_answer(refused, 0xABCE)
    assert not names_and_time.is_name_answer(question, 0xABCD)
    assert not any(names_and_time.is_name_answer(refused[:cut], 0xABCD) for cut in range(12))
    assert len(names_and_time.time_request()) == 48
    assert names_and_time.is_time_answer(b"\x1c" + bytes(47))
    assert not names_and_time.is_time_answer(names_and_time.time_request())
    assert not names_and_time.is_time_answer(b"\x1c" + bytes(46))
