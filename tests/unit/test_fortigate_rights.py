"""What a token may not do while the FortiGate is read: each right taken away gives its sentence."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import httpx
import pytest

from labvpn.connect import fortigate
from labvpn.connect.errors import HopError
from labvpn.model.fortigate import FortiGate
from labvpn.parse.fortigate.tables import DECIDING, OPTIONAL, SETTINGS, TABLES
from tests.unit.samples import FULL

BOX = FortiGate.model_validate(FULL["fortigate"])


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The status that each table is answered with, 200 unless it says otherwise; of any request is asked for `*`."""
    statuses: dict[str, int] = {}
    made, in_body = httpx.AsyncClient, 1000

    def answer(request: httpx.Request) -> httpx.Response:
        assert "access_token" not in request.url.params
        assert request.headers["Authorization"] == "Bearer token"
        status = statuses.get(request.url.path.removeprefix("/api/v2/cmdb/"), statuses.get("*", 200))
        if status > in_body:
            body = {"status": "error", "http_status": status - in_body}
            return httpx.Response(200, json=body)
        if status == 401:
            return httpx.Response(401, text="<html>401 Authorization Required</html>")
        results: Any = {} if request.url.path.endswith(SETTINGS) else []
        body = {"status": "success" if status == 200 else "error", "results": results, "version": "v7.6.7"}
        return httpx.Response(status, json=body)

    def client(**how: Any) -> httpx.AsyncClient:
        return made(**how | {"transport": httpx.MockTransport(answer)})

    monkeypatch.setattr(ssl, "create_default_context", lambda cadata: True)
    monkeypatch.setattr(httpx, "AsyncClient", client)
    return statuses


def read() -> Any:
    return asyncio.run(fortigate.read(BOX, "token", "ca"))


def test_the_version_of_fortios_is_read_with_the_rest(answers: dict[str, int]) -> None:
    assert read().version == "v7.6.7"


@pytest.mark.parametrize("table", TABLES)
def test_each_right_to_read_that_is_missing_is_named(answers: dict[str, int], table: str) -> None:
    answers[table] = 403
    with pytest.raises(HopError, match=rf"does not let this token read {table} \(403\); give its profile"):
        read()


@pytest.mark.parametrize("status", [400, 403, 404, 1403, 1404])
@pytest.mark.parametrize("table", OPTIONAL)
def test_what_need_not_be_read_stops_nothing(answers: dict[str, int], table: str, status: int) -> None:
    assert read().doubt == ""
    answers[table] = status
    assert read().version == "v7.6.7"
    assert (f"({table}) cannot be read" in read().doubt) is (table in DECIDING), "it is not taken for absent"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, r"refused the token \(401\); set fortigateToken .*trusted hosts"),
        (404, r"has no firewall/policy \(404\); check that this is FortiOS's REST API, and its vdom 'root'"),
        (429, r"blocks this address for a while after failed logins \(429\); wait a minute"),
    ],
)
def test_each_status_has_its_sentence(answers: dict[str, int], status: int, sentence: str) -> None:
    for way in (status, 1000 + status):  # some answer 200 and have the status in the body alone
        answers["firewall/policy"] = way
        with pytest.raises(HopError, match=sentence):
            read()
