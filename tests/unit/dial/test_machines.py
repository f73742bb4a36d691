"""The dial's state machines, each against answers written here."""

from __future__ import annotations

import struct

from labvpn.dial import link as ppp_link
from labvpn.dial import tunnel
from labvpn.dial.link import Link
from labvpn.dial.login import LinkLogin
from labvpn.dial.phase1 import UNOFFERED, MainMode, MainModeProgress
from labvpn.dial.softether import split
from labvpn.dial.systems import SYSTEMS
from labvpn.dial.tunnel import Tunnel
from labvpn.dial.wire import isakmp, l2tp, ppp
from labvpn.dial.wire.isakmp import Message
from labvpn.dial.wire.suite import KeyExchange, Suite

MAC = SYSTEMS["mac"].suites


def main_mode(key: str = "key") -> MainMode:
    return MainMode(MAC, key, bytes([192, 0, 2, 1]))


def answered(mode: MainMode, suite: Suite = MAC[0]) -> bool:
    payloads = [(isakmp.SA, isakmp.association(1, b"", [(1, suite.attributes)]))]
    return mode.receive(
        Message(mode.initiator, b"response", 1, isakmp.MAIN_MODE, 0, 0, isakmp.chain(payloads)).encoded()
    )


def agreed(mode: MainMode) -> bytes:
    payloads = [(isakmp.KE, KeyExchange(14).public), (isakmp.NONCE, bytes(20))]
    fourth = Message(mode.initiator, b"response", isakmp.KE, isakmp.MAIN_MODE, 0, 0, isakmp.chain(payloads)).encoded()
    assert mode.receive(fourth)
    return fourth


def test_the_first_answer_leads_to_the_keys() -> None:
    mode = main_mode()
    assert answered(mode)
    assert (mode.progress, mode.suite) == (MainModeProgress.KEYS_SENT, MAC[0])


def test_an_answer_to_somebody_else_changes_nothing() -> None:
    mode = main_mode()
    other = Message(b"someone!", b"response", 1, isakmp.MAIN_MODE, 0, 0, b"").encoded()
    assert not mode.receive(other)
    assert mode.progress is MainModeProgress.PROPOSED


def test_a_suite_that_was_not_offered_is_refused() -> None:
    mode = main_mode()
    assert answered(mode, SYSTEMS["windows"].suites[0])
    assert mode.refusal == UNOFFERED


def test_a_refusal_under_a_cookie_of_the_servers_own_is_understood_where_it_names_ours() -> None:
    mode = main_mode()
    content = isakmp.notification(1, 14, mode.initiator, b"")
    message = Message(b"its own!", b"response", isakmp.NOTIFICATION, isakmp.INFORMATIONAL, 0, 0, b"")
    foreign = isakmp.chain([(isakmp.NOTIFICATION, isakmp.notification(1, 14, b"someone!", b""))])
    assert not mode.receive(Message(*vars(message).values()).encoded()[:20] + bytes(8) + foreign)
    ours = Message(
        b"its own!", b"response", isakmp.NOTIFICATION, isakmp.INFORMATIONAL, 0, 0, isakmp.chain([(11, content)])
    )
    assert mode.receive(ours.encoded())
    assert mode.refusal == "no proposal chosen"


def test_the_fourth_message_once_more_on_4500_means_another_key_and_on_500_nothing() -> None:
    mode = main_mode()
    answered(mode)
    fourth = agreed(mode)
    assert (mode.progress, mode.is_on_4500) == (MainModeProgress.IDENTIFIED, True)
    assert not mode.receive(fourth)
    assert mode.receive(isakmp.NON_ESP_MARKER + fourth)
    assert mode.is_undecipherable


def test_an_answer_that_the_keys_do_not_open_means_another_key() -> None:
    mode = main_mode()
    answered(mode)
    agreed(mode)
    encrypted = Message(
        mode.initiator, b"response", isakmp.ID, isakmp.MAIN_MODE, isakmp.ENCRYPTED, 0, bytes(64)
    ).encoded()
    assert mode.receive(encrypted)
    assert mode.is_undecipherable


def control(line: Tunnel, kind: int, number: int, attributes: l2tp.Attributes) -> bytes:
    first = l2tp.decoded(line.outgoing[0])
    assert isinstance(first, l2tp.Control)
    own = int.from_bytes(first.attributes[l2tp.TUNNEL], "big")
    return l2tp.Control(own, 0, number, number + 1, kind, attributes).encoded()


def test_a_tunnel_opens_and_repeats_only_what_was_not_acknowledged() -> None:
    line = Tunnel("phone")
    line.open()
    assert len(line.resend()) == 1
    answer = control(line, l2tp.SCCRP, 0, {l2tp.TUNNEL: l2tp.number(9)})
    line.receive(answer)
    assert line.progress is tunnel.TunnelProgress.CALL_ASKED
    assert len(line.resend()) == 2
    line.receive(answer)
    assert line.events.count("L2TP received SCCRP") == 1


def test_a_server_that_ends_the_tunnel_is_heard() -> None:
    line = Tunnel("phone")
    line.open()
    line.receive(control(line, l2tp.STOPCCN, 0, {}))
    assert (line.progress, line.refusal) == (tunnel.TunnelProgress.ENDED, "tunnel-ended")


def asked(link: Link, *packets: ppp.Packet) -> list[ppp.Packet]:
    """What the link answers to some packets."""
    link.outgoing.clear()
    for packet in packets:
        link.receive(packet.encoded())
    found = [ppp.protocol_of(frame) for frame in link.outgoing]
    return [each for part in found if part and (each := ppp.packet(*part))]


def up_to_login(link: Link, method: bytes = ppp.MSCHAP2) -> list[ppp.Packet]:
    option = ppp.encoded({ppp.AUTHENTICATION: method})
    return asked(link, ppp.Packet(ppp.LCP, ppp.ACK, 1), ppp.Packet(ppp.LCP, ppp.REQUEST, 1, option))


def test_a_link_goes_from_lcp_to_login_to_an_address() -> None:
    link = Link(LinkLogin("guest1", "word", ("pap",)))
    assert up_to_login(link, ppp.PAP_OPTION)[-1].protocol == ppp.PAP
    address = ppp.encoded({ppp.ADDRESS: bytes([192, 168, 30, 10]), ppp.DNS: bytes([192, 168, 30, 1])})
    asked(link, ppp.Packet(ppp.PAP, ppp.ACK, 2))
    asked(link, ppp.Packet(ppp.IPCP, ppp.NAK, 3, address), ppp.Packet(ppp.IPCP, ppp.ACK, 4))
    asked(link, ppp.Packet(ppp.IPCP, ppp.REQUEST, 1, ppp.encoded({ppp.ADDRESS: bytes([1, 0, 0, 1])})))
    assert link.progress is ppp_link.LinkProgress.UP
    assert (str(link.address), str(link.resolver), str(link.router)) == ("192.168.30.10", "192.168.30.1", "1.0.0.1")


def test_another_method_of_login_is_asked_for_where_the_servers_is_not_the_systems() -> None:
    answers = up_to_login(Link(LinkLogin("guest1", "word", ("mschapv2",))), ppp.PAP_OPTION)
    naks = [each for each in answers if each.code == ppp.NAK]
    assert [ppp.options(each.body) for each in naks] == [{ppp.AUTHENTICATION: ppp.MSCHAP2}]


def test_a_server_that_does_not_know_the_password_is_not_believed() -> None:
    link = Link(LinkLogin("guest1", "word"))
    up_to_login(link)
    asked(link, ppp.Packet(ppp.CHAP, ppp.CHALLENGE, 2, ppp.counted(bytes(16)) + b"server"))
    asked(link, ppp.Packet(ppp.CHAP, ppp.SUCCESS, 2, b"S=" + b"0" * 40))
    assert (link.progress, link.server_knows_password) == (ppp_link.LinkProgress.ENDED, False)


def test_an_answer_to_another_method_lets_nobody_in() -> None:
    link = Link(LinkLogin("guest1", "word"))
    up_to_login(link)
    asked(link, ppp.Packet(ppp.PAP, ppp.ACK, 2))
    assert link.progress is ppp_link.LinkProgress.LOGIN


def test_a_server_without_addresses_is_told_from_one_that_refuses_the_login() -> None:
    link = Link(LinkLogin("guest1", "word", ("pap",)))
    up_to_login(link, ppp.PAP_OPTION)
    asked(link, ppp.Packet(ppp.PAP, ppp.ACK, 2))
    asked(link, ppp.Packet(ppp.IPCP, ppp.REJECT, 3, ppp.encoded({ppp.ADDRESS: bytes(4)})))
    assert (link.ended_at, link.refusal) == (ppp_link.LinkProgress.ADDRESS, "no-address")
    # SoftEther 5.01 ends the link in place of a NAK.
    for answer in (ppp.Packet(ppp.PAP, ppp.NAK, 2), ppp.Packet(ppp.LCP, ppp.TERMINATE, 9)):
        refused = Link(LinkLogin("guest1", "word", ("pap",)))
        up_to_login(refused, ppp.PAP_OPTION)
        asked(refused, answer)
        assert (refused.ended_at, refused.refusal) == (ppp_link.LinkProgress.LOGIN, "login-refused")


def test_an_unknown_protocol_is_rejected_and_the_link_goes_on() -> None:
    link = Link(LinkLogin("guest1", "word"))
    link.receive(b"\xff\x03" + struct.pack(">H", ppp.CCP) + b"\1\1\0\4")
    assert ppp.protocol_of(link.outgoing[0])
    assert link.progress is ppp_link.LinkProgress.LINK


def test_no_password_stands_in_the_text_of_a_login() -> None:
    assert "canary" not in repr(LinkLogin("guest1", "canary"))


def test_a_name_is_split_into_user_and_hub() -> None:
    assert split("owner@OWNER", "LAB") == ("owner", "OWNER")
    assert split("OWNER\\owner", "LAB") == ("owner", "OWNER")
    assert split("guest1", "LAB") == ("guest1", "LAB")
