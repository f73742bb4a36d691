"""SSTP dialled: the wire, the call, the proof that binds it to its login, and every way in which it fails."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labvpn.dial import sstp as dialling
from labvpn.dial import why
from labvpn.dial.inside import Questions
from labvpn.dial.link import Link, LinkProgress
from labvpn.dial.login import LinkLogin
from labvpn.dial.outcome import DialEndedError, StepLog
from labvpn.dial.run import DialRequest
from labvpn.dial.sstp import SstpSession
from labvpn.dial.sstp_call import SstpCall
from labvpn.dial.systems import SYSTEMS
from labvpn.dial.tunnel import TunnelProgress
from labvpn.dial.wire import mschap, sstp
from labvpn.dial.wire.sstp import Control, Data
from labvpn.kit.request import Trust
from tests.unit.dial.sstp_server import SstpMemory, SstpServer, own_certificate, serving


def dialled(server: SstpServer, password: str = SstpServer.password) -> SstpSession:
    session = SstpSession(
        SstpMemory(server), SstpCall(server.certificate), Link(LinkLogin("guest1", password, dialling.LOGINS))
    )
    session.open(StepLog(server.now, lambda seconds, text: None))
    return session


@pytest.mark.parametrize("bits", [sstp.SHA1, sstp.SHA256, sstp.SHA1 | sstp.SHA256])
def test_a_call_gets_an_address_proves_its_login_and_leaves_by_a_goodbye(bits: int) -> None:
    server = SstpServer(hash_bits=bits)
    session = dialled(server)
    assert str(session.link.address) == "192.168.30.10"
    assert session.link.server_knows_password
    assert server.is_bound is True
    session.close()
    assert server.heard == [sstp.REQUEST, sstp.CONNECTED, sstp.DISCONNECT]


@pytest.mark.parametrize(
    ("wrong", "password", "cause", "stage", "because"),
    [
        ({"silent": {"sstp"}}, "word", "sstp-no-reply", "tls", "sstp-silent"),
        ({"answer_to_call": sstp.NAK}, "word", "sstp-no-reply", "tls", "sstp-refused-call"),
        ({"answer_to_call": sstp.ABORT}, "word", "sstp-no-reply", "tls", "call-ended"),
        ({"hash_bits": 4}, "word", "sstp-no-reply", "tls", "sstp-no-binding"),
        ({"silent": {"ppp"}}, "word", "sstp-no-reply", "tls", "ppp-silent"),
        ({}, "wrong", "wrong-credentials", "authentication", "login-refused"),
        ({"has_address": False}, "word", "no-address", "address", "no-address"),
    ],
)
def test_each_cause_is_the_one_that_was_made(
    wrong: dict[str, Any], password: str, cause: str, stage: str, because: str
) -> None:
    server = SstpServer(**wrong)
    with pytest.raises(DialEndedError) as ended:
        dialled(server, password)
    assert (str(ended.value.cause), str(ended.value.stage), ended.value.because.id) == (cause, stage, because)
    assert server.is_bound is (True if cause == "no-address" else None)


def test_an_echo_is_answered_and_a_disconnect_ends_the_call() -> None:
    server = SstpServer()
    session = dialled(server)
    server.answers.append(Control(sstp.ECHO).encoded())
    session.pump(1.0, lambda: sstp.ECHOED in server.heard)
    assert sstp.ECHOED in server.heard
    server.answers.append(Control(sstp.DISCONNECT).encoded())
    session.pump(1.0)
    assert (session.is_over, session.ended_by) == (True, "call-ended")
    assert server.heard[-1] == sstp.DISCONNECTED


def test_the_messages_are_those_of_the_protocols_example() -> None:
    """MS-SSTP, 4.7."""
    asked = Control(sstp.REQUEST, {sstp.PROTOCOL: sstp.PPP})
    assert asked.encoded() == bytes.fromhex("1001000e 00010001 00010006 0001")
    nonce = bytes.fromhex("412b489aebd7ecc7d08966f26be7cd72b231a0e9210d7c91b308862b0344c435")
    ack = sstp.decoded(bytes.fromhex("10010030 00020001 00040028 00000002") + nonce)
    assert isinstance(ack, Control)
    assert (ack.kind, sstp.binding_asked(ack.attributes[sstp.BINDING_ASKED])) == (sstp.ACK, (sstp.SHA256, nonce))
    whole = sstp.connected(sstp.SHA256, nonce, b"x", bytes(32)).encoded()
    assert whole[:16] == bytes.fromhex("10010070 00040001 00030068 00000002")
    assert (whole[16:48], len(whole)) == (nonce, 112)


def test_the_keys_are_those_of_rfc_3079() -> None:
    """3.5.3: the key by which a server sends, with 128 bits, for the login of RFC 2759, 9.2: our receive key."""
    challenge = bytes.fromhex("5b5d7c7d7b3f2f3e3c2c602132262628")
    own = bytes.fromhex("21402324255e262a28295f2b3a337c7e")
    response = mschap.response("User", "clientPass", challenge, own)
    assert sstp.session_key("clientPass", response)[16:] == bytes.fromhex("8b7cdc149b993a1ba118cb153f56dccb")


MESSAGES = st.builds(
    Control, st.integers(1, 9), st.dictionaries(st.integers(0, 255), st.binary(max_size=200), max_size=4)
) | st.builds(Data, st.binary(max_size=1500))


@given(MESSAGES)
def test_a_message_is_read_back_and_any_part_of_it_is_none(message: Control | Data) -> None:
    whole = message.encoded()
    assert (sstp.decoded(whole), sstp.size_of(whole)) == (message, len(whole))
    assert sstp.decoded(whole[:-1]) is None


@given(st.binary(max_size=400))
def test_no_bytes_are_an_error_or_a_longer_message(data: bytes) -> None:
    sstp.decoded(data)
    size = sstp.size_of(data)
    assert size is None or 0 <= size <= sstp.LARGEST
    assert sstp.binding_asked(data) is None or len(data) == 36


@given(st.lists(MESSAGES | st.binary(max_size=60), max_size=12))
def test_a_call_survives_any_messages_and_no_address_comes_without_a_login(messages: list[Any]) -> None:
    call = SstpCall(b"certificate")
    link = Link(LinkLogin("guest1", "word"))
    call.open()
    for message in messages:
        call.receive(message if isinstance(message, bytes) else message.encoded())
        for frame in call.frames:
            link.receive(frame)
    assert link.progress not in (LinkProgress.ADDRESS, LinkProgress.UP)
    assert not call.frames or call.progress in (TunnelProgress.UP, TunnelProgress.ENDED)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What passes inside is not the question; nor is SoftEther's own protocol, in which a refusal is asked about."""
    monkeypatch.setattr(Questions, "resolves", lambda *_how: (True, ""))
    monkeypatch.setattr(Questions, "routes", lambda _self: ())
    monkeypatch.setattr(why, "refused", lambda _request, _server, outcome: outcome)
    monkeypatch.setattr(socket, "gethostbyname", lambda _name: "127.0.0.1")


def request(port: int, **more: Any) -> DialRequest:
    values = {"host": "vpn.lab.example", "user": "guest1", "password": "word", "key": "", "ports": (port,), **more}
    return DialRequest(system=SYSTEMS["windows"], **values)


def whole(server: SstpServer, folder: Path, trusted: bool = True, **more: Any) -> tuple[str, str, str]:
    file, pem = own_certificate(folder)
    with serving(server, file) as port:
        made = dialling.dial(request(port, **more), Trust(pem) if trusted else None, lambda seconds, text: None)
    because = made.outcome.because
    return str(made.outcome.cause), str(made.outcome.stage), because.id if because else ""


@pytest.mark.usefixtures("quick")
def test_a_whole_dial_through_tls_binds_the_login_to_the_very_certificate(tmp_path: Path) -> None:
    file, pem = own_certificate(tmp_path)
    server = SstpServer(certificate=Trust(pem).der)
    with serving(server, file) as port:
        made = dialling.dial(request(port), Trust(pem), lambda seconds, text: None)
    assert (made.outcome.is_connected, str(made.outcome.address)) == (True, "192.168.30.10")
    assert (server.is_bound, server.heard[-1]) == (True, sstp.DISCONNECT)
    assert "SSTP connection established." in [text for _, text in made.outcome.steps]


@pytest.mark.usefixtures("quick")
def test_what_fails_before_the_call_is_told_apart(tmp_path: Path) -> None:
    assert whole(SstpServer(), tmp_path, trusted=False) == ("certificate", "tls", "untrusted")
    refused = SstpServer(http_answer=b"HTTP/1.1 404 Not Found\r\n\r\n")
    assert whole(refused, tmp_path) == ("sstp-no-reply", "tls", "sstp-refused")
    assert whole(SstpServer(), tmp_path, password="wrong") == ("wrong-credentials", "authentication", "login-refused")


@pytest.mark.usefixtures("quick")
def test_no_password_is_sent_to_a_server_that_is_not_trusted(tmp_path: Path) -> None:
    server = SstpServer()
    whole(server, tmp_path, trusted=False)
    assert server.heard == []


@pytest.mark.usefixtures("quick")
def test_a_closed_port_and_one_that_speaks_no_tls_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ear:
        port = ear.getsockname()[1]
    made = dialling.dial(request(port), None, lambda seconds, text: None)
    assert made.outcome.because
    assert (str(made.outcome.cause), made.outcome.because.id) == ("tcp-443-blocked", "tcp-rejected")
    with socket.create_server(("127.0.0.1", 0)) as ear:
        ear.settimeout(5)

        def answer() -> None:
            call, _ = ear.accept()
            call.sendall(b"SSH-2.0-x\r\n" * 5)
            call.close()

        threading.Thread(target=answer, daemon=True).start()
        made = dialling.dial(request(ear.getsockname()[1]), None, lambda seconds, text: None)
    assert made.outcome.because
    assert (str(made.outcome.cause), made.outcome.because.id) == ("tcp-443-blocked", "no-tls")


def test_windows_port_is_dialled_unless_the_server_has_none() -> None:
    assert [dialling.port_of(request(992, ports=ports)) for ports in ((992, 443), (992, 5555), ())] == [443, 992, 443]
