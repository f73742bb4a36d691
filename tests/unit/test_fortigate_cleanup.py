"""Our policies are removed by name and comment; others that have their ids now stay."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import httpx
import pytest

from components.fortigate_cleanup import CleanupProvider
from labvpn.connect import fortigate as remote
from labvpn.connect import fortigate_token
from labvpn.connect.errors import HopError
from labvpn.connect.fortigate_removal import Removal, remove
from labvpn.state.fortigate import COMMENT

POLICIES: list[dict[str, Any]] = [
    {"policyid": 7, "name": "printers", "comments": "keep", "dstaddr": [{"name": "printer"}]},
    {"policyid": 8, "name": "vpn-only", "comments": COMMENT},
    {"policyid": 9, "name": "vpn-allow", "comments": COMMENT},
    {"policyid": 10, "name": "vpn-desk", "comments": "edited", "dstaddr": [{"name": "vpn-server"}]},
    {"policyid": 11, "name": "vpn-dial", "comments": "somebody's", "dstaddr": [{"name": "all"}]},
]
ADDRESSES = [{"name": "vpn-server", "comment": COMMENT}, {"name": "printer", "comment": ""}]
OBJECTS: dict[str, list[dict[str, Any]]] = {}
PROPS: dict[str, Any] = {"host": "box", "vdom": "lab", "token": "t", "ca": "c", "when": "after"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requests that change something; policy 9 is already gone when it is deleted."""
    lines: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v2/cmdb/")
        if request.method == "DELETE":
            lines.append(f"{path} {request.url.params['vdom']}")
            status = {"firewall/policy/9": 404}.get(path, 200)
            return httpx.Response(status, json={"status": "success" if status == 200 else "error"})
        rows = {"firewall/policy": POLICIES, "firewall/address": ADDRESSES, **OBJECTS}.get(path, [])
        return httpx.Response(200, json={"status": "success", "results": rows})

    made = httpx.AsyncClient
    monkeypatch.setattr(ssl, "create_default_context", lambda cadata: True)
    monkeypatch.setattr(httpx, "AsyncClient", lambda **how: made(**how | {"transport": httpx.MockTransport(answer)}))
    return lines


def test_our_policies_are_removed_in_the_given_order_and_others_stay(asked: list[str]) -> None:
    names = ["vpn-only", "vpn-allow", "vpn-desk", "vpn-dial", "vpn-gone"]
    asyncio.run(remove(remote.Place("box", "lab"), "t", "c", Removal(names)))
    assert asked == ["firewall/policy/8 lab", "firewall/policy/9 lab", "firewall/policy/10 lab"]


def test_an_update_removes_what_is_no_longer_declared_once_all_else_is_in_place(asked: list[str]) -> None:
    olds, news = {**PROPS, "names": ["vpn-only", "vpn-desk"]}, {**PROPS, "names": ["vpn-desk"]}
    CleanupProvider().update("policies", {**olds, "when": "before"}, {**news, "when": "before"})
    assert asked == []
    CleanupProvider().update("policies", olds, news)
    assert asked == ["firewall/policy/8 lab"]
    CleanupProvider().delete("policies", news)
    assert asked[1:] == ["firewall/policy/10 lab"]


def test_another_fortigate_replaces_the_resource_and_a_new_token_is_kept_for_destroy() -> None:
    olds = {**PROPS, "names": ["vpn-allow"]}
    assert CleanupProvider().diff("policies", olds, dict(olds)).changes is False
    sentences = CleanupProvider().diff("policies", olds, {**olds, "token": "new"})
    assert (sentences.changes, sentences.replaces) == (True, [])
    assert CleanupProvider().diff("policies", olds, {**olds, "host": "other"}).replaces == ["host"]


def test_a_token_that_may_not_write_is_reported_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    made = httpx.AsyncClient
    monkeypatch.setattr(ssl, "create_default_context", lambda cadata: True)

    def refuses(**how: Any) -> httpx.AsyncClient:
        def answer(request: httpx.Request) -> httpx.Response:
            rows = {"status": "success", "results": POLICIES}
            return httpx.Response(403) if request.method == "DELETE" else httpx.Response(200, json=rows)

        return made(**how | {"transport": httpx.MockTransport(answer)})

    monkeypatch.setattr(httpx, "AsyncClient", refuses)
    with pytest.raises(HopError, match=r"does not let this token delete vpn-only \(403\)"):
        asyncio.run(remove(remote.Place("box", "lab"), "t", "c", Removal(["vpn-only"])))


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "refused the token of the last `pulumi up` .401.; set fortigateToken .*--refresh=false"),
        (429, "wait a minute"),
    ],
)
def test_a_refresh_says_in_words_that_the_token_is_refused_once(
    monkeypatch: pytest.MonkeyPatch, status: int, sentence: str
) -> None:
    answering(monkeypatch, status)
    with pytest.raises(HopError, match=sentence):
        CleanupProvider().read("policies", {**PROPS, "names": [], "when": "before"})
    CleanupProvider().read("policies", {**PROPS, "names": [], "when": "after"})


@pytest.mark.parametrize("status", [0, 200, 403, 404, 500])
def test_a_refresh_of_a_token_that_is_admitted_or_lacks_a_right_goes_on(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    answering(monkeypatch, status)
    CleanupProvider().read("policies", {**PROPS, "names": [], "when": "before"})


def answering(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(fortigate_token, "_status", lambda *_asked: status)


SERVICE = "firewall.service/custom"
SHARED: dict[str, list[dict[str, Any]]] = {
    "firewall/policy": [
        {"policyid": 9, "name": "vpn-allow", "comments": COMMENT, "service": [{"name": "SoftEther"}]},
        {"policyid": 12, "name": "printer-vpn", "service": [{"name": "SoftEther"}]},
    ],
    SERVICE: [
        {"name": "SoftEther", "comment": COMMENT, "q_ref": 2},
        {"name": "vpn-udp", "comment": COMMENT, "q_ref": 0},
        {"name": "vpn-esp", "comment": COMMENT, "q_ref": 1},
        {"name": "vpn-own", "comment": "theirs", "q_ref": 0},
    ],
}


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> list[str]:
    """The same, where somebody else's policy uses a service of ours."""
    monkeypatch.setattr(f"{__name__}.POLICIES", SHARED["firewall/policy"])
    monkeypatch.setattr(f"{__name__}.OBJECTS", {SERVICE: SHARED[SERVICE]})
    return asked


def test_a_destroy_that_others_stand_in_the_way_of_is_refused_before_anything_with_who_and_what(
    shared: list[str],
) -> None:
    with pytest.raises(HopError, match=r"cannot lose SoftEther .* rule 12 'printer-vpn' of others uses it; .*up` once"):
        CleanupProvider().delete("policies", {**PROPS, "names": ["vpn-allow"], "retained": []})
    assert shared == []


def test_what_an_adopted_policy_uses_is_in_nobodys_way(shared: list[str]) -> None:
    props = {**PROPS, "names": ["vpn-allow"], "retained": [f"{SERVICE}/SoftEther"]}
    CleanupProvider().delete("policies", props)
    assert shared == ["firewall/policy/9 lab"]


def test_a_state_of_an_earlier_version_needs_no_update_and_is_destroyed_as_before(shared: list[str]) -> None:
    olds = {**PROPS, "names": ["vpn-allow"]}
    news = {**olds, "retained": [f"{SERVICE}/SoftEther"]}
    assert not CleanupProvider().diff("policies", olds, news).changes
    assert CleanupProvider().diff("policies", {**olds, "retained": []}, news).changes
    CleanupProvider().delete("policies", olds)
    assert shared == ["firewall/policy/9 lab"]


def test_what_the_last_run_left_to_others_stays_and_is_said(
    shared: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    CleanupProvider().delete(
        "policies", {**PROPS, "names": ["vpn-allow"], "kept": [f"{SERVICE}/SoftEther"], "retained": []}
    )
    assert shared == ["firewall/policy/9 lab"]
    assert "FortiGate: SoftEther stays, since others use it" in capsys.readouterr().out


def test_what_others_no_longer_use_is_removed_unless_something_does(shared: list[str]) -> None:
    kept = [f"{SERVICE}/{name}" for name in ("vpn-udp", "vpn-esp", "vpn-own", "vpn-gone")]
    olds = {**PROPS, "names": ["vpn-allow"], "kept": kept}
    news = {**PROPS, "names": ["vpn-allow"]}
    assert CleanupProvider().diff("policies", olds, news).changes
    CleanupProvider().update("policies", olds, news)
    assert shared == [f"{SERVICE}/vpn-udp lab"]
