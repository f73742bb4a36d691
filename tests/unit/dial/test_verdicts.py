"""A dial's cause follows from what was seen: what decides nothing is said to be so."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import report, requests, run, softether, why, words
from labvpn.dial.outcome import DialEndedError, DialOutcome, Finding
from labvpn.dial.requests import Options
from labvpn.dial.run import Dial, DialRequest
from labvpn.dial.systems import SYSTEMS
from labvpn.dial.wire import l2tp, pack, ppp
from tests.unit.dial.outputs import SERVER, never, outputs
from tests.unit.dial.server import ADDRESS, ROUTER, FakeServer
from tests.unit.dial.test_whole import RIGHT, dialled

REFUSED = DialOutcome(Cause.CREDENTIALS, Stage.AUTHENTICATION, Finding("login-refused"))


def guest() -> DialRequest:
    (request,) = requests.requests(Options("guest1"), outputs(), never)
    return request


def answered(monkeypatch: pytest.MonkeyPatch, code: int | None) -> DialOutcome:
    monkeypatch.setattr(softether, "login_code", lambda *_asked: code)
    return why.refused(guest(), SERVER, REFUSED)


@pytest.mark.parametrize(
    ("code", "cause", "because"),
    [
        (8, "wrong-credentials", "no-hub"),
        (9, "wrong-credentials", "login-refused"),
        (10, "hub-offline", "hub-offline"),
        (12, "session-time-over", "locked-out"),
        (15, "server-full", "other-code"),
        (16, "server-full", "other-code"),
        (20, "second-login", "too-many"),
        (21, "server-full", "other-code"),
        (109, "device-not-allowed", "other-code"),
    ],
)
def test_a_code_that_decides_names_its_cause(
    monkeypatch: pytest.MonkeyPatch, code: int, cause: str, because: str
) -> None:
    found = answered(monkeypatch, code)
    assert (str(found.cause), found.because and found.because.id) == (cause, because)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 7, 11, 13, 14, 17, 22, 25, 33, 51, 113, 9999])
def test_a_code_that_the_server_sends_never_is_a_closed_port_nor_a_cause_by_guess(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    found = answered(monkeypatch, code)
    assert (found.cause, found.stage) == (Cause.UNKNOWN, Stage.AUTHENTICATION)
    for language in ("en", "ja"):
        said = report.as_text(report.as_json(SYSTEMS["mac"], Dial(found), language), SERVER, language)
        assert str(code) in said
        assert "log of the attempt itself" not in said


@pytest.mark.parametrize("answer", [{"error": "no number"}, {"error": b"\0"}, {}])
def test_an_answer_that_is_not_softethers_decides_nothing(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, pack.Value]
) -> None:
    answers: list[dict[str, pack.Value]] = [{"random": bytes(20)}, answer]

    def post(*_asked: Any) -> dict[str, pack.Value]:
        return answers.pop(0)

    monkeypatch.setattr(softether, "_post", post)
    assert softether.login_code(SERVER, (443,), "LAB", "guest1", "word") is None


class OddServer(FakeServer):
    """A server that says one odd thing in the place of its usual answer, which `answers_by` names."""

    def __init__(self, **answers_by: Any) -> None:
        super().__init__()
        self.odd = answers_by

    def controlled(self, message: l2tp.Control) -> None:
        kind = self.odd.get(l2tp.NAMES[message.kind].lower())
        if kind is None:
            super().controlled(message)
            return
        if message.kind == l2tp.SCCRQ:
            self.tunnel = int.from_bytes(message.attributes[l2tp.TUNNEL], "big")
        call = int.from_bytes(message.attributes.get(l2tp.SESSION, b""), "big")
        result = {l2tp.TUNNEL: l2tp.number(7), l2tp.RESULT: b"\0\2\0\4no resources"}
        self.say(l2tp.Control(self.tunnel, call, int(bool(call)), message.sent + 1, kind, result))

    def packet(self, protocol: int, code: int, body: bytes, number: int = 1) -> None:
        if (protocol, code) == (ppp.LCP, ppp.REQUEST):
            body = self.odd.get("lcp", body)
        if (protocol, code) == (ppp.CHAP, ppp.FAILURE):
            body = self.odd.get("failure", body)
        super().packet(protocol, code, body, number)

    def framed(self, frame: bytes) -> None:
        protocol, content = ppp.protocol_of(frame) or (0, b"")
        found = ppp.packet(protocol, content)
        assert found is not None
        if protocol == ppp.CHAP and "chap" in self.odd:
            if self.odd["chap"] == "ended":
                self.say(l2tp.Control(self.tunnel, self.call, 2, 4, l2tp.CDN, {l2tp.RESULT: l2tp.number(4)}))
        elif (protocol, found.code) == (ppp.LCP, ppp.NAK):
            self.packet(ppp.LCP, *self.odd["nak"])
        elif (protocol, found.code) in ((ppp.IPCP, ppp.REJECT), self.odd.get("no login")):
            self.packet(ppp.IPCP, ppp.REQUEST, ppp.encoded({ppp.ADDRESS: ROUTER}))
        else:
            super().framed(frame)

    def configured(self, protocol: int, found: ppp.Packet) -> None:
        asked = ppp.options(found.body)
        named = self.odd.get("ipcp")
        if protocol != ppp.IPCP or named is None:
            super().configured(protocol, found)
        elif "no resolver" in named and ppp.DNS in asked:
            wrong = {kind: value for kind, value in asked.items() if kind in (ppp.DNS, ppp.DNS2)}
            self.packet(ppp.IPCP, ppp.REJECT, ppp.encoded(wrong), found.identifier)
        elif asked[ppp.ADDRESS] != ADDRESS:
            self.packet(ppp.IPCP, ppp.NAK, ppp.encoded({ppp.ADDRESS: ADDRESS}), found.identifier)
            self.packet(ppp.IPCP, ppp.REQUEST, ppp.encoded({2: b"\0\x2d\x0f\1", ppp.ADDRESS: ROUTER}))
        else:
            self.packet(ppp.IPCP, ppp.ACK, found.body, found.identifier)


def stopped(server: FakeServer, password: str = RIGHT) -> tuple[str, str, str]:
    with pytest.raises(DialEndedError) as ended:
        dialled(server, password=password)
    for language in ("en", "ja"):
        assert words.sentence(ended.value.because, language)
    return str(ended.value.cause), str(ended.value.stage), ended.value.because.id


EAP = ppp.encoded({ppp.AUTHENTICATION: b"\xc2\x27"})
CHAP_MD5 = ppp.encoded({ppp.AUTHENTICATION: struct.pack(">HB", ppp.CHAP, 5)})


@pytest.mark.parametrize("nak", [(ppp.TERMINATE, b"peer refused to authenticate"), (ppp.REQUEST, b"")])
@pytest.mark.parametrize("asked", [EAP, CHAP_MD5])
def test_no_method_of_login_in_common_is_no_silence(asked: bytes, nak: tuple[int, bytes]) -> None:
    assert stopped(OddServer(lcp=asked, nak=nak)) == ("proposal-mismatch", "authentication", "no-login-method")


def test_a_server_that_asks_for_no_login_is_not_said_to_be_silent() -> None:
    asked = OddServer(lcp=ppp.encoded({ppp.MRU: b"\5\x78"}), **{"no login": (ppp.LCP, ppp.ACK)})
    assert stopped(asked) == ("unknown", "authentication", "no-login")


@pytest.mark.parametrize(
    ("odd", "because"), [({"sccrq": l2tp.STOPCCN}, "tunnel-ended-for"), ({"icrq": l2tp.CDN}, "call-ended-for")]
)
def test_a_tunnel_that_is_refused_is_not_said_to_be_silent_and_the_result_is_named(
    odd: dict[str, int], because: str
) -> None:
    assert stopped(OddServer(**odd)) == ("unknown", "l2tp", because)
    with pytest.raises(DialEndedError) as ended:
        dialled(OddServer(**odd))
    assert "2/4 no resources" in words.sentence(ended.value.because, "en")


@pytest.mark.parametrize(("chap", "because"), [("silent", "login-silent"), ("ended", "call-ended-for")])
def test_a_login_that_is_not_answered_is_no_wrong_password(chap: str, because: str) -> None:
    assert stopped(OddServer(chap=chap)) == ("unknown", "authentication", because)


@pytest.mark.parametrize(
    ("message", "cause", "because"),
    [
        (b"E=691 R=0 V=3", "wrong-credentials", "login-refused"),
        (b"Authentication failed", "wrong-credentials", "login-refused"),
        (b"E=6480 R=0", "wrong-credentials", "login-refused"),
        (b"E=646 R=0 V=3", "account-expired", "login-hours"),
        (b"E=647 R=0 V=3", "account-expired", "account-disabled"),
        (b"E=648 R=0 C=00 V=3 M=Password expired", "account-expired", "password-expired"),
        (b"E=649 R=0 V=3", "account-expired", "no-dial-in"),
    ],
)
def test_mschaps_own_reason_of_a_refusal_is_read(message: bytes, cause: str, because: str) -> None:
    assert stopped(OddServer(failure=message), "wrong") == (cause, "authentication", because)


def test_a_compression_that_the_dial_has_not_is_rejected_and_a_missing_resolver_is_no_silent_one() -> None:
    server = OddServer(ipcp=("no resolver",))
    session = dialled(server)
    assert (str(session.link.router), str(session.link.resolver)) == ("192.168.30.1", "0.0.0.0")  # noqa: S104
    made = run.used(guest(), session, SERVER, DialOutcome(Cause.CONNECTED, Stage.CONNECTED), None)
    notes = {each.id: each.is_fault for each in made.outcome.notes}
    assert (notes["no-resolver"], "resolver-silent" in notes) == (False, False)
    assert (made.inside.resolver_answers, made.outcome.resolver) == (None, None)
