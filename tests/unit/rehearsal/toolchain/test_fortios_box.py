"""Whom the FortiOS stand-in speaks to, what it does without an answer, and where the token goes."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from rehearsal.toolchain.fortios import box as module
from rehearsal.toolchain.fortios.__main__ import FortiosPlugin
from rehearsal.toolchain.values import secret
from tests.unit.rehearsal.toolchain.fortigate import TOKENS, Box
from tests.unit.rehearsal.toolchain.serving import Engine, Refused, urn

CONFIG = {"hostname": "fgt.example:8443", "token": "t0ken", "vdom": "root"}
SERVICE = urn(TOKENS["service"])


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No pause takes time; each is noted."""
    noted: list[float] = []

    async def pause(seconds: float) -> None:
        noted.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", pause)
    return noted


def engine(transport: httpx.AsyncBaseTransport | None) -> Engine:
    return Engine(lambda log: FortiosPlugin(log, transport))


def configured(transport: httpx.AsyncBaseTransport | None, **config: Any) -> Engine:
    made = engine(transport)
    made.ask("Configure", args=CONFIG | config)
    return made


def failing(error: Callable[[str], Exception], after: int = 0) -> tuple[httpx.MockTransport, list[str]]:
    """Return a way to a box that breaks off after so many requests, and the list of what was asked."""
    box, asked = Box(), list[str]()

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        if len(asked) > after:
            raise error("broken off")
        content = box.answer(request.method, str(request.url.raw_path, "ascii"), request.content.decode())
        return httpx.Response(200, json=content, headers={"X-Labvpn-Rehearsal": "1"})

    return httpx.MockTransport(handle), asked


@pytest.mark.parametrize("mark", ["", "0"])
def test_a_box_that_is_not_the_rehearsal_s_is_refused_and_never_gets_the_token(mark: str) -> None:
    box = Box(mark)
    with pytest.raises(Refused) as refused:
        configured(box.transport())
    assert str(refused.value) == (
        "fgt.example:8443 is not the rehearsal's FortiGate, and this stand-in changes no other: install "
        "the real plugin: pulumi plugin install resource fortios 0.0.6 "
        "--server github://api.github.com/pulumiverse/pulumi-fortios"
    )
    assert box.asked == ["GET /api/v2/monitor/system/status"]


def test_a_wrong_token_passes_configure_and_fails_at_the_first_operation() -> None:
    box = Box()
    made = configured(box.transport(), token=secret("wr0ng"))
    with pytest.raises(Refused, match=r"\[Warning\] Can not update device version: Not Authorized .* \(401\)"):
        made.ask("Create", urn=SERVICE, properties={"name": "s"})
    assert box.tables["firewall.service/custom"] == {}


def test_a_wrong_token_fails_a_refresh_too() -> None:
    made = configured(Box().transport(), token="wr0ng")
    with pytest.raises(Refused, match=r"(?s)^refreshing .*401"):
        made.ask("Read", urn=SERVICE, id="s", properties={"name": "s"}, inputs={"name": "s"})


def test_an_unreachable_box_is_tried_seventeen_times(pauses: list[float]) -> None:
    transport, asked = failing(httpx.ConnectError)
    with pytest.raises(Refused, match=r"lost connection to firewall with error") as refused:
        configured(transport)
    assert (len(asked), pauses) == (17, [1] * 16)
    assert "t0ken" not in str(refused.value)


def test_a_change_that_may_have_arrived_is_not_sent_twice() -> None:
    transport, asked = failing(httpx.ReadError, after=2)
    made = configured(transport)
    with pytest.raises(Refused, match=r"lost connection"):
        made.ask("Create", urn=SERVICE, properties={"name": "s"})
    assert [line for line in asked if line.startswith("POST")] == ["POST /api/v2/cmdb/firewall.service/custom"]


def test_no_error_holds_the_token_but_the_debug_log_may() -> None:
    transport, _ = failing(httpx.ConnectError, after=2)
    made = configured(transport)
    with pytest.raises(Refused) as refused:
        made.ask("Create", urn=SERVICE, properties={"name": "s"})
    assert "t0ken" not in str(refused.value)
    assert {severity for severity, message, _ in made.said if "t0ken" in message} == {"DEBUG"}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"hostname": ""}, "at least one of their hostnames should be set"),
        ({"token": ""}, "Please provide a valid API Token"),
        ({"insecure": "false"}, "CA Bundle should be set when insecure is false"),
        ({"cabundlefile": "/nope.pem"}, "Error reading CA Bundle: /nope.pem: No such file or directory"),
        ({"cabundlefile": __file__}, "contains no certificate"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused_before_a_request(config: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        configured(None, **config)


def test_the_system_s_own_cas_are_never_trusted() -> None:
    assert module._trust({"insecure": "true"}).get_ca_certs() == []


def test_an_unknown_setting_of_the_provider_is_named() -> None:
    answer = engine(None).ask("CheckConfig", news=CONFIG | {"username": "admin"})
    assert "username" in answer["failures"][0]["reason"]


def test_the_engine_is_told_to_keep_secrets_to_itself() -> None:
    answer = engine(Box().transport()).ask("Configure", args=CONFIG)
    assert "acceptSecrets" not in answer


def test_an_error_of_the_box_is_its_number_s_meaning_and_its_own_hint() -> None:
    box = Box()
    made = configured(box.transport())
    made.ask("Create", urn=SERVICE, properties={"name": "s"})
    with pytest.raises(Refused, match=r"\(500\)\nCli response: \nthe entry exists\n\n$"):
        made.ask("Create", urn=SERVICE, properties={"name": "s"})


def test_a_reply_that_is_no_json_is_shown_as_it_is() -> None:
    def handle(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="<html>busy</html>", headers={"X-Labvpn-Rehearsal": "1"})

    made = configured(httpx.MockTransport(handle))
    with pytest.raises(Refused, match=r"busy"):
        made.ask("Create", urn=SERVICE, properties={"name": "s"})
