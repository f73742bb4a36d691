"""A dial's cause follows from what was seen: what decides nothing is said to be so."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import report, requests, softether, why
from labvpn.dial.outcome import DialOutcome, Finding
from labvpn.dial.requests import Options
from labvpn.dial.run import Dial, DialRequest
from labvpn.dial.systems import SYSTEMS
from labvpn.dial.wire import pack
from tests.unit.dial.outputs import SERVER, never, outputs

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
