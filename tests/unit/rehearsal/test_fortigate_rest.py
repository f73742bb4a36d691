"""The FortiGate stand-in's REST interface: FortiOS's answers, refusals and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.fortigate.gate import Admission
from rehearsal.fortigate.kernel import Hits
from tests.unit.rehearsal.fortigate_gate import Paper, ask, done, started
from tests.unit.rehearsal.test_fortigate_rules import members, policy


@pytest.fixture
def gate(tmp_path: Path) -> Admission:
    return started(tmp_path)


def test_a_created_object_is_answered_as_fortios_answers(gate: Admission) -> None:
    body = {"name": "SoftEther", "tcp-portrange": "443 992", "comment": "c"}
    answer = done(gate, "POST", "cmdb/firewall.service/custom?vdom=root", body)
    expected = {
        "http_method": "POST",
        "mkey": "SoftEther",
        "revision_changed": True,
        "vdom": "root",
        "version": "v7.6.7",
    }
    assert expected.items() <= answer.items()
    assert done(gate, "GET", "cmdb/firewall.service/custom/SoftEther")["results"][0].items() >= body.items()


def test_the_key_of_a_policy_is_a_json_number_everywhere(gate: Admission) -> None:
    assert done(gate, "POST", "cmdb/firewall/policy", policy(name="new"))["mkey"] == 5
    assert done(gate, "PUT", "cmdb/firewall/policy/5", {"comments": "x"})["mkey"] == 5
    assert done(gate, "GET", "cmdb/firewall/policy/5")["results"][0]["policyid"] == 5
    assert done(gate, "DELETE", "cmdb/firewall/policy/5")["mkey"] == 5


def test_a_move_shows_in_the_list_of_ids(gate: Admission) -> None:
    done(gate, "PUT", "cmdb/firewall/policy/4?action=move&before=1")
    done(gate, "PUT", "cmdb/firewall/policy/1?action=move&after=3")
    listed = done(gate, "GET", "cmdb/firewall/policy/?format=policyid")["results"]
    assert [each["policyid"] for each in listed] == [4, 2, 3, 1]
    assert set(listed[0]) == {"policyid", "q_origin_key"}


def test_a_name_with_a_slash_is_found_by_its_escaped_key(gate: Admission) -> None:
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
def test_a_filter_chooses(gate: Admission, query: str, names: list[str]) -> None:
    found = done(gate, "GET", f"cmdb/firewall.service/custom?{query}&format=name")["results"]
    assert [each["name"] for each in found] == names


OUTER = {"extip": "198.51.100.9", "mappedip": [{"range": "203.0.113.20"}]}
AT_ZONE = {"name": "v", "extintf": "virtual-wan-link", **OUTER}
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
    ("POST", "cmdb/firewall/vip", AT_ZONE, 500, -3),
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
    gate: Admission, method: str, path: str, body: Any, http_status: int, error: int | None
) -> None:
    before = gate.box
    status, answer = ask(gate, method, path, body)
    assert (status, answer["http_status"], answer.get("error")) == (http_status, http_status, error)
    assert answer["status"] == "error"
    assert gate.box == before


def test_a_group_cannot_come_to_hold_itself(gate: Admission) -> None:
    done(gate, "POST", "cmdb/firewall/addrgrp", GROUP)
    done(gate, "POST", "cmdb/firewall/addrgrp", {"name": "outer", "member": members("g")})
    assert ask(gate, "PUT", "cmdb/firewall/addrgrp/g", {"member": members("outer")})[1]["error"] == -651


def test_an_object_in_use_goes_after_its_users(gate: Admission) -> None:
    done(gate, "POST", "cmdb/firewall/addrgrp", GROUP)
    status, answer = ask(gate, "DELETE", "cmdb/firewall/address/campus-net")
    assert (status, "firewall/addrgrp g" in answer["cli_error"]) == (500, True)
    done(gate, "DELETE", "cmdb/firewall/addrgrp/g")
    done(gate, "DELETE", "cmdb/firewall/address/campus-net")


def test_a_new_name_is_carried_to_where_an_object_is_named(gate: Admission) -> None:
    done(gate, "POST", "cmdb/firewall/policy", policy(srcaddr=members("campus-net"), dstaddr=members("campus-net")))
    done(gate, "PUT", "cmdb/firewall/address/campus-net", {"name": "campus-lan"})
    found = done(gate, "GET", "cmdb/firewall/policy/5")["results"][0]
    assert (found["srcaddr"][0]["name"], found["dstaddr"][0]["name"]) == ("campus-lan", "campus-lan")


def test_a_kernel_that_refuses_the_rules_leaves_the_box_as_it_was(gate: Admission) -> None:
    before = gate.box
    gate.enforcement = Paper(broken=True)
    status, answer = ask(gate, "POST", "cmdb/firewall/policy", policy())
    assert (status, answer["cli_error"], gate.box) == (500, "nft failed: rehearsed", before)


def test_the_box_is_the_same_after_a_restart(gate: Admission) -> None:
    done(gate, "POST", "cmdb/firewall/policy", policy())
    done(gate, "PUT", "cmdb/firewall/policy/5?action=move&before=4")
    assert Admission.start(gate.folder, Paper()).box == gate.box


def test_hits_are_reported_for_every_policy_and_the_implicit_deny(gate: Admission) -> None:
    gate.enforcement = Paper(seen={0: Hits(7, 7, 420), 1: Hits(2, 20, 2000)})
    results = done(gate, "GET", "monitor/firewall/policy")["results"]
    assert [(each["policyid"], each["hit_count"]) for each in results] == [(0, 7), (1, 2), (2, 0), (3, 0), (4, 0)]
    [one] = done(gate, "GET", "monitor/firewall/policy?policyid=1")["results"]
    assert (one["packets"], one["bytes"]) == (20, 2000)
