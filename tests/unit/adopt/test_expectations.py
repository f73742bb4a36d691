"""The expectations that adopt writes: those that hold in the lab that was found, in one line each, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from labvpn.adopt.expectations import decided, form
from labvpn.model.expect import Expectation, Expected
from labvpn.model.lab import Lab
from labvpn.reach.expectations import Decider, State
from labvpn.render.documents import Concern, documents
from labvpn.state.fortigate import Inventory
from rehearsal.fortigate import box as box_entries
from rehearsal.fortigate.initial import initial
from tests.unit import boxes
from tests.unit.boxes import policy
from tests.unit.reach.labs import after, before, declared, facts, states

ADAPTER: TypeAdapter[Expectation] = TypeAdapter(Expected)
PASS = {"title": "notebooks", "priority": "10", "action": "pass", "protocol": "tcp", "to": "203.0.113.21/32"}
NOTEBOOKS = {**PASS, "port": "8000"}
ANSWER = {"priority": "11", "action": "pass", "protocol": "tcp", "from": "203.0.113.21/32", "from-port": "8000"}
THE_REST = {"title": "the rest", "priority": "99", "action": "discard"}
CAMPUS = "interface:campus does not reach 203.0.113.21"


def found_lab(**changes: Any) -> Lab:
    """A lab as adopt finds one: access rules of others, no services of the stack's own."""
    return declared(**{"hubs": {"LAB": {}}, "vpn": {"secureNat": {}, "kept": ["access"]}, **changes})


def found_box(*opened: tuple[str, dict[str, Any]], sources: str = "all") -> Inventory:
    """A FortiGate whose first policy lets users dial, then what else is opened."""
    ports = {"tcp-portrange": "443 992 1194 5555", "udp-portrange": "500 1194 4500"}
    stored = initial()
    made = [
        ("firewall/address", {"name": "lab-pc", "subnet": "203.0.113.20 255.255.255.255"}),
        ("firewall/address", {"name": "Japan", "type": "geography", "country": "JP"}),
        ("firewall/address", {"name": "partner", "subnet": "192.0.2.0 255.255.255.0"}),
        ("firewall.service/custom", {"name": "dialling", **ports}),
        policy("lab-vpn", "wan1", "dmz", "accept", dstaddr="lab-pc", service="dialling", srcaddr=sources),
        *opened,
    ]
    for path, fields in made:
        stored, _ = box_entries.create(stored, path, fields)
        if path == "firewall/policy":
            stored = boxes.above(stored, fields["name"], "deny-outside")
    return boxes.read(stored)


DIALLED = ["443/tcp", "992/tcp", "1194/tcp", "5555/tcp", "500/udp", "1194/udp", "4500/udp"]


def written(
    one: Lab, rules: list[dict[str, str]] | None = None, box: Inventory | None = None
) -> tuple[list[Any], list[str]]:
    """What adopt would write of a lab whose dialling already works, and its remarks."""
    host = facts({"public": {"interfaces": ["eth0"], "ports": DIALLED, "services": ["ssh"]}})
    seen = states(host, rules, document=documents(one, "")[Concern.HUB])
    found = box or found_box()
    models = before(one, found, seen), after(one, found, seen)
    kept, remarks = decided(models)
    for each in kept:
        assert {Decider(model).decide(0, each).state for model in models} == {State.KEPT}, each
    return [form(each) for each in kept], remarks


def starting(lines: list[Any], words: str) -> list[str]:
    return [str(line) for line in lines if str(line).startswith(words)]


def test_what_holds_in_the_lab_is_written_in_one_line_each() -> None:
    lines, _ = written(found_lab(), [NOTEBOOKS, ANSWER, THE_REST])
    assert all(isinstance(line, str) for line in lines)
    assert starting(lines, "internet reaches vpn-host:443/tcp")
    assert "LAB reaches 203.0.113.21:8000/tcp because the hub's access list names it" in lines
    assert starting(lines, "LAB does not reach 203.0.113.21:22/tcp because")
    assert starting(lines, "LAB does not reach internet because")
    assert starting(lines, "internet does not reach 203.0.113.21 because")


def test_what_does_not_hold_is_never_written_and_the_rule_that_opens_it_is_named() -> None:
    opened = found_box(policy("temporary", "campus", "dmz", "accept", dstaddr="lab-workstation", service="JupyterHub"))
    lines, remarks = written(found_lab(), [], opened)
    assert not [line for line in starting(lines, CAMPUS) if "8000" in line or line.startswith(f"{CAMPUS} ")]
    (said,) = [one for one in remarks if "interface:campus should not reach 203.0.113.21," in one]
    assert "since it is not so" in said
    assert "can reach" in said
    assert "(FortiGate)" in said


def test_of_a_host_with_one_open_port_the_usual_closed_ones_are_written() -> None:
    lines, remarks = written(found_lab(), [], found_box(policy("ssh-in", "wan1", "dmz", "accept", service="SSH")))
    (vpn_host,) = starting(lines, "internet does not reach vpn-host")
    assert vpn_host.split()[4] == "vpn-host:80/tcp,3389/tcp,8000/tcp,8443/tcp"
    assert [one for one in remarks if "22/tcp of 203.0.113.20" in one]


def test_what_cannot_be_told_is_left_out_and_said_once_for_each_reason() -> None:
    unread = policy("students", "wan1", "dmz", "accept", dstaddr="lab-workstation", groups="students")
    lines, remarks = written(found_lab(), [], found_box(unread))
    assert starting(lines, "internet does not reach 203") == []
    (said,) = [one for one in remarks if "cannot be told" in one]
    assert "groups students" in said
    assert "internet should not reach 203.0.113.21" in said


@pytest.mark.parametrize("action", ["pass", "discard"])
def test_a_machine_on_the_internet_is_no_machine_of_the_lab(action: str) -> None:
    tried = {"title": "tried", "priority": "10", "action": action, "to": "192.0.2.1/32", "user": "nobody"}
    lines, remarks = written(found_lab(), [tried])
    assert "192.0.2.1" not in str(lines) + str(remarks)


def test_what_the_access_list_names_and_another_rule_stops_is_not_written() -> None:
    lines, remarks = written(found_lab(), [NOTEBOOKS, THE_REST])
    assert not starting(lines, "LAB reaches")
    (said,) = [one for one in remarks if "LAB should reach 203.0.113.21:8000/tcp" in one]
    assert "the answer: access rule 'the rest'" in said


def test_what_holds_only_before_or_only_after_the_first_up_is_not_written() -> None:
    one = found_lab()
    hole = found_box(policy("temporary", "wan1", "dmz", "accept", dstaddr="lab-workstation", service="JupyterHub"))
    seen = states(facts({"public": {"ports": DIALLED}}), [], document=documents(one, "")[Concern.HUB])
    for first, second in ((hole, found_box()), (found_box(), hole)):
        kept, remarks = decided((before(one, first, seen), after(one, second, seen)))
        lines = [form(each) for each in kept]
        assert not starting(lines, "internet does not reach 203.0.113.21 because")
        assert [said for said in remarks if "'temporary' (FortiGate) lets it pass" in said]


def test_a_lab_of_which_only_some_may_dial_says_so() -> None:
    one = found_lab(fortigate={"sources": ["JP", "192.0.2.0/24"]})
    lines, _ = written(one, [], found_box(sources="Japan partner"))
    assert starting(lines, "country:JP reaches vpn-host:") or starting(lines, "JP reaches vpn-host:")
    assert starting(lines, "192.0.2.0/24 reaches vpn-host:")
    assert starting(lines, "internet does not reach vpn-host:443/tcp")
    assert not starting(lines, "internet reaches")


@pytest.mark.parametrize("port", ["", "7000-7010"])
def test_a_rule_for_users_or_groups_is_about_them(port: str) -> None:
    rule = {**PASS, "user": "guests", **({"port": port} if port else {})}
    lines, _ = written(found_lab(hubs={"LAB": {"groups": {"guests": {}}}}), [rule, THE_REST])
    of_rule = [line for line in map(str, lines) if " reaches 203.0.113.21" in line]
    # A rule for every port is no sentence about one; and without a member nobody can be tried.
    assert of_rule == []


@pytest.mark.parametrize("sender", ["LAB", "hub:My Lab v1.2", "user:John Smith (MSc)"])
@pytest.mark.parametrize("because", ["", "users dial it, and nothing else of it is for others"])
@pytest.mark.parametrize("ports", [(), ("8000/tcp",), ("22/tcp", "7000-7010/udp")])
@pytest.mark.parametrize("reach", [True, False])
def test_a_form_is_read_back_as_the_same_expectation(
    sender: str, because: str, ports: tuple[str, ...], reach: bool
) -> None:
    one = Expectation.model_validate(
        {"from": sender, "to": "vpn-host", "ports": ports, "reach": reach, "because": because}
    )
    assert ADAPTER.validate_python(form(one)) == one


@pytest.mark.parametrize("name", ["one who reaches far", "guests because reach x"])
def test_a_name_that_reads_like_a_sentence_is_written_in_full(name: str) -> None:
    one = Expectation.model_validate({"from": name, "to": "internet", "ports": ["443/tcp"], "reach": True})
    assert ADAPTER.validate_python(form(one)) == one
