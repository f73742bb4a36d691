"""The FortiGate stand-in's REST interface, in one process, with an enforcement that only remembers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from labvpn.rehearsal.fortigate import rest
from labvpn.rehearsal.fortigate.box import Box
from labvpn.rehearsal.fortigate.gate import Faults, Gate
from labvpn.rehearsal.fortigate.initial import STRICT_VERSION
from labvpn.rehearsal.fortigate.kernel import EnforcementError, Hits
from tests.unit.rehearsal.test_fortigate_rules import members, policy

TOKEN = "rest-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
Result = TypeVar("Result")
Client = TestClient[web.Request, web.Application]


@dataclass
class Paper:
    """Enforcement that remembers the last box, and refuses when told."""

    box: Box | None = None
    broken: bool = False
    seen: dict[int, Hits] = field(default_factory=dict)

    def apply(self, box: Box) -> None:
        if self.broken:
            raise EnforcementError("nft failed: rehearsed")
        self.box = box

    def hits(self) -> dict[int, Hits]:
        return self.seen

    def clear(self) -> None:
        self.seen = {}


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    (tmp_path / "token").write_text(TOKEN + "\n")
    return Gate.start(tmp_path, Paper())


def with_client(gate: Gate, use: Callable[[Client], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with TestClient(TestServer(rest.application(gate))) as client:
            return await use(client)

    return asyncio.run(run())


def ask(gate: Gate, method: str, path: str, body: Any = None, headers: dict[str, str] = BEARER) -> tuple[int, Any]:
    """HTTP status and body of one request; a body that is not JSON comes as text."""

    async def one(client: Client) -> tuple[int, Any]:
        answer = await client.request(method, f"/api/v2/{path}", json=body, headers=headers)
        assert answer.headers["X-Labvpn-Rehearsal"] == "1"
        text = await answer.text()
        return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    return with_client(gate, one)


def done(gate: Gate, method: str, path: str, body: Any = None) -> dict[str, Any]:
    status, answer = ask(gate, method, path, body)
    assert (status, answer["status"], answer["http_status"]) == (200, "success", 200), answer
    return dict(answer)


def test_a_created_object_is_answered_as_fortios_answers(gate: Gate) -> None:
    body = {"name": "SoftEther", "tcp-portrange": "443 992", "comment": "c"}
    answer = done(gate, "POST", "cmdb/firewall.service/custom?vdom=root", body)
    expected = {
        "http_method": "POST",
        "mkey": "SoftEther",
        "revision_changed": True,
        "vdom": "root",
        "version": "v7.4.3",
    }
    assert expected.items() <= answer.items()
    assert done(gate, "GET", "cmdb/firewall.service/custom/SoftEther")["results"][0].items() >= body.items()


def test_the_key_of_a_policy_is_a_json_number_everywhere(gate: Gate) -> None:
    assert done(gate, "POST", "cmdb/firewall/policy", policy(name="new"))["mkey"] == 5
    assert done(gate, "PUT", "cmdb/firewall/policy/5", {"comments": "x"})["mkey"] == 5
    assert done(gate, "GET", "cmdb/firewall/policy/5")["results"][0]["policyid"] == 5
    assert done(gate, "DELETE", "cmdb/firewall/policy/5")["mkey"] == 5


def test_a_move_shows_in_the_list_of_ids(gate: Gate) -> None:
    done(gate, "PUT", "cmdb/firewall/policy/4?action=move&before=1")
    done(gate, "PUT", "cmdb/firewall/policy/1?action=move&after=3")
    listed = done(gate, "GET", "cmdb/firewall/policy/?format=policyid")["results"]
    assert [each["policyid"] for each in listed] == [4, 2, 3, 1]
    assert set(listed[0]) == {"policyid", "q_origin_key"}


def test_a_name_with_a_slash_is_found_by_its_escaped_key(gate: Gate) -> None:
    done(gate, "POST", "cmdb/firewall/address", {"name": "lab/vpn a", "subnet": "203.0.113.20/32"})
    found = done(gate, "GET", "cmdb/firewall/address/lab%2Fvpn%20a")["results"][0]
    assert found["subnet"] == "203.0.113.20 255.255.255.255"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("filter=name==SSH", ["SSH"]),
        ("filter=name==SSH,name==HTTP", ["HTTP", "SSH"]),
        ("filter=name=@TTP&filter=name!=HTTP", ["HTTPS"]),
    ],
)
def test_a_filter_chooses(gate: Gate, query: str, names: list[str]) -> None:
    found = done(gate, "GET", f"cmdb/firewall.service/custom?{query}&format=name")["results"]
    assert [each["name"] for each in found] == names


GROUP = {"name": "g", "member": members("campus-net")}
REFUSALS = [
    ("GET", "cmdb/firewall/policy/99", None, 404, -3),
    ("GET", "cmdb/firewall/nonsense", None, 404, -3),
    ("DELETE", "cmdb/firewall/address/nope", None, 404, -3),
    ("PUT", "cmdb/firewall/policy/1?action=move&before=99", None, 404, -3),
    ("POST", "cmdb/firewall/address", {"name": "all"}, 500, -5),
    ("POST", "cmdb/firewall/policy", policy(name="campus-any"), 500, -5),
    ("POST", "cmdb/firewall/policy", policy(policyid=4), 500, -5),
    ("POST", "cmdb/firewall/policy", policy(srcaddr=members("nope")), 424, -3),
    ("POST", "cmdb/firewall/policy", policy(service=members("nope")), 424, -3),
    ("POST", "cmdb/firewall/policy", policy(schedule="weekends"), 424, -3),
    ("POST", "cmdb/firewall/policy", policy(srcintf=members("wan9")), 500, -3),
    ("POST", "cmdb/firewall/policy", policy(srcaddr=[]), 500, -56),
    ("POST", "cmdb/firewall/policy", policy(name="x" * 36), 500, -1),
    ("POST", "cmdb/firewall/address", {"name": "x" * 80}, 500, -1),
    ("POST", "cmdb/firewall/address", {"name": "a", "subnet": "203.0.113.300/32"}, 500, -651),
    ("POST", "cmdb/firewall/address", {"name": "a", "type": "geography", "country": "XX"}, 500, -651),
    ("POST", "cmdb/firewall.service/custom", {"name": "a", "tcp-portrange": "443 70000"}, 500, -651),
    ("POST", "cmdb/firewall/policy", policy(**{"internet-service": "enable"}), 500, -651),
    ("DELETE", "cmdb/firewall/address/all", None, 500, -23),
    ("PUT", "cmdb/system/interface/wan1", {"alias": "x"}, 405, None),
    ("POST", "cmdb/firewall/address", ["name"], 400, None),
    ("GET", "cmdb/firewall/policy?vdom=other", None, 403, -37),
    ("GET", "cmdb/firewall/policy?filter=name", None, 400, None),
]


@pytest.mark.parametrize(("method", "path", "body", "http_status", "error"), REFUSALS, ids=str)
def test_what_fortios_refuses_is_refused_with_its_numbers_and_changes_nothing(
    gate: Gate, method: str, path: str, body: Any, http_status: int, error: int | None
) -> None:
    before = gate.box
    status, answer = ask(gate, method, path, body)
    assert (status, answer["http_status"], answer.get("error")) == (http_status, http_status, error)
    assert answer["status"] == "error"
    assert gate.box == before


def test_a_group_cannot_come_to_hold_itself(gate: Gate) -> None:
    done(gate, "POST", "cmdb/firewall/addrgrp", GROUP)
    done(gate, "POST", "cmdb/firewall/addrgrp", {"name": "outer", "member": members("g")})
    assert ask(gate, "PUT", "cmdb/firewall/addrgrp/g", {"member": members("outer")})[1]["error"] == -651


def test_an_object_in_use_goes_after_its_users(gate: Gate) -> None:
    done(gate, "POST", "cmdb/firewall/addrgrp", GROUP)
    status, answer = ask(gate, "DELETE", "cmdb/firewall/address/campus-net")
    assert (status, "firewall/addrgrp g" in answer["cli_error"]) == (500, True)
    done(gate, "DELETE", "cmdb/firewall/addrgrp/g")
    done(gate, "DELETE", "cmdb/firewall/address/campus-net")


def test_a_new_name_is_carried_to_where_an_object_is_named(gate: Gate) -> None:
    done(gate, "POST", "cmdb/firewall/policy", policy(srcaddr=members("campus-net"), dstaddr=members("campus-net")))
    done(gate, "PUT", "cmdb/firewall/address/campus-net", {"name": "campus-lan"})
    found = done(gate, "GET", "cmdb/firewall/policy/5")["results"][0]
    assert (found["srcaddr"][0]["name"], found["dstaddr"][0]["name"]) == ("campus-lan", "campus-lan")


def test_a_kernel_that_refuses_the_rules_leaves_the_box_as_it_was(gate: Gate) -> None:
    before = gate.box
    gate.enforcement = Paper(broken=True)
    status, answer = ask(gate, "POST", "cmdb/firewall/policy", policy())
    assert (status, answer["cli_error"], gate.box) == (500, "nft failed: rehearsed", before)


def test_the_box_is_the_same_after_a_restart(gate: Gate) -> None:
    done(gate, "POST", "cmdb/firewall/policy", policy())
    done(gate, "PUT", "cmdb/firewall/policy/5?action=move&before=4")
    assert Gate.start(gate.folder, Paper()).box == gate.box


def test_hits_are_reported_for_every_policy_and_the_implicit_deny(gate: Gate) -> None:
    gate.enforcement = Paper(seen={0: Hits(7, 7, 420), 1: Hits(2, 20, 2000)})
    results = done(gate, "GET", "monitor/firewall/policy")["results"]
    assert [(each["policyid"], each["hit_count"]) for each in results] == [(0, 7), (1, 2), (2, 0), (3, 0), (4, 0)]
    [one] = done(gate, "GET", "monitor/firewall/policy?policyid=1")["results"]
    assert (one["packets"], one["bytes"]) == (20, 2000)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_without_a_good_token_there_is_only_a_bare_401(gate: Gate, headers: dict[str, str]) -> None:
    for path in ("cmdb/system/global", "monitor/system/status", "cmdb/firewall/policy?access_token=wrong"):
        status, text = ask(gate, "GET", path, headers=headers)
        assert (status, "401" in text, TOKEN in text) == (401, True, False)


def test_a_token_in_the_url_is_good_before_7_4_5_and_then_only_if_switched_on(gate: Gate) -> None:
    path = f"cmdb/system/global?access_token={TOKEN}"
    assert ask(gate, "GET", path, headers={})[0] == 200
    assert "rest-api-key-url-query" not in done(gate, "GET", "cmdb/system/global")["results"]
    gate.upgrade(STRICT_VERSION)
    assert ask(gate, "GET", path, headers={})[0] == 401
    assert done(gate, "GET", "cmdb/system/global")["version"] == "v7.4.8"
    done(gate, "PUT", "cmdb/system/global", {"rest-api-key-url-query": "enable"})
    assert ask(gate, "GET", path, headers={})[0] == 200


@pytest.mark.parametrize(("rights", "reads", "writes"), [("write", 200, 200), ("read", 200, 403), ("none", 403, 403)])
def test_a_tokens_rights_are_kept(gate: Gate, rights: str, reads: int, writes: int) -> None:
    gate.faults = Faults.model_validate({"rights": rights})
    assert ask(gate, "GET", "cmdb/firewall/policy")[0] == reads
    assert ask(gate, "POST", "cmdb/firewall/address", {"name": "a"})[0] == writes


def test_faults_are_met_one_by_one_and_then_the_last_for_ever(gate: Gate) -> None:
    gate.faults = Faults(next=("403", "pass", "424"), then="500")
    assert [ask(gate, "GET", "cmdb/firewall/policy")[0] for _ in range(5)] == [403, 200, 424, 500, 500]


def test_no_token_is_noted_with_the_requests(gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    ask(gate, "GET", f"cmdb/firewall/policy?access_token={TOKEN}")
    assert list(gate.requests) == ["GET /api/v2/cmdb/firewall/policy 200"]
    assert TOKEN not in "".join(capsys.readouterr())


def test_reset_forgets_objects_faults_and_firmware(gate: Gate) -> None:
    names = [each.name for each in gate.box.policies]
    done(gate, "POST", "cmdb/firewall/policy", policy())
    gate.upgrade(STRICT_VERSION)
    gate.faults = Faults(then="403")
    gate.reset()
    assert ([each.name for each in gate.box.policies], gate.box.version) == (names, "v7.4.3")
    assert ask(gate, "GET", "cmdb/firewall/policy")[0] == 200
