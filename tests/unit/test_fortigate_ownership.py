"""Whose objects are, where several stacks and people have theirs on one FortiGate."""

from __future__ import annotations

from typing import Any

import pytest

from components.fortigate_provider import recorded
from labvpn.plan.fortigate.plan import FortiGatePlan
from labvpn.state.fortigate import COMMENT
from tests.unit.fortigate_rows import LAST, SECTION, Rows, names, plan, rule, tables
from tests.unit.samples import lab

Made = dict[str, list[dict[str, Any]]]


def policy(number: int, name: str, **fields: Any) -> dict[str, Any]:
    return {**rule(number, "accept", comments=COMMENT, logtraffic="all", nat="disable", **fields), "name": name}


def service(name: str = "SoftEther", tcp: str = "443", comment: str = COMMENT) -> dict[str, Any]:
    return {"name": name, "tcp-portrange": tcp, "comment": comment}


def server(name: str = "vpn-server", address: str = "203.0.113.20") -> dict[str, Any]:
    return {"name": name, "subnet": f"{address} 255.255.255.255", "comment": COMMENT}


UDP = {"name": "vpn-udp", "udp-portrange": "500 1194 4500", "comment": COMMENT}


def box(*rules: dict[str, Any], services: list[dict[str, Any]], addresses: list[dict[str, Any]]) -> Rows:
    return tables(*rules, LAST, firewall_dot_service__custom=services, firewall__address=addresses)


def another_lab(tcp: str = "443") -> Rows:
    """A FortiGate on which another stack, with the prefix `chem`, has its objects."""
    allow = policy(2, "chem-allow", dstaddr="chem-server", service="SoftEther")
    return box(allow, services=[service(tcp=tcp)], addresses=[server("chem-server", "203.0.113.25")])


def ours(*rules: dict[str, Any], tcp: str = "443") -> Rows:
    """A FortiGate on which this stack has its objects, with some more policies."""
    allow = policy(5, "vpn-allow", dstaddr="vpn-server", service="SoftEther vpn-udp")
    return box(allow, *rules, services=[service(tcp=tcp), UDP], addresses=[server()])


OURS = {"vpn-allow", "vpn-server", "SoftEther", "vpn-udp"}
THEIRS = {**rule(6, "accept", service="SoftEther"), "name": "printer-vpn"}


@pytest.mark.parametrize("state", [None, set[str]()])
@pytest.mark.parametrize("tcp", ["443", "8000"])
def test_a_second_stack_with_a_prefix_of_its_own_leaves_the_service_of_the_first_alone(
    state: set[str] | None, tcp: str
) -> None:
    made = plan(another_lab(tcp), state, prefix="phys")
    assert made.problems() == []
    assert [one.name for one in made.declared().objects.services] == ["phys-tcp", "phys-udp"]
    assert made.declared().blocks[0].policies[0].services == ("phys-tcp", "phys-udp")
    assert not [one for one in made.declared().objects.services if one.existing]
    assert not [one for one in made.changes() if "is gone from the box" in one and state is not None]


def test_the_service_of_a_second_stack_keeps_its_name_when_the_first_one_has_gone() -> None:
    allow = policy(3, "phys-allow", dstaddr="phys-server", service="phys-tcp phys-udp")
    services = [service("phys-tcp"), {**UDP, "name": "phys-udp"}]
    made = plan(box(allow, services=services, addresses=[server("phys-server")]), prefix="phys")
    assert (made.problems(), made.warnings()) == ([], [])
    assert [one.name for one in made.declared().objects.services] == ["phys-tcp", "phys-udp"]


def test_a_stack_that_has_the_bare_name_keeps_it_under_another_prefix() -> None:
    made = plan(ours(), OURS, prefix="lab")
    assert made.declared().objects.services[0].name == "SoftEther"
    assert plan(tables(LAST), set(), prefix="lab").declared().objects.services[0].name == "SoftEther"


@pytest.mark.parametrize("tcp", ["443", "8000"])
def test_with_the_default_prefix_a_service_that_only_others_use_is_refused_with_who_uses_it(tcp: str) -> None:
    (problem,) = plan(another_lab(tcp), set()).problems()[-1:]
    assert "service 'SoftEther' that this stack did not make" in str(problem)
    assert "used by rule 2 'chem-allow'" in str(problem)


def test_objects_of_a_stack_with_the_same_prefix_are_refused_where_this_state_lacks_them_and_they_differ() -> None:
    allow = policy(2, "vpn-allow", dstaddr="vpn-server", service="SoftEther vpn-udp")
    rows = box(allow, services=[service(), UDP], addresses=[server(address="203.0.113.25")])
    (problem,) = plan(rows, set()).problems()
    assert "the FortiGate has 'vpn-server', which another stack made" in str(problem)
    assert "choose another fortigate.prefix" in str(problem)
    assert plan(rows, OURS).problems() == []  # drift, or a server that moved


def test_what_a_run_that_was_cut_off_made_is_taken_up_again() -> None:
    assert plan(ours(), set()).problems() == []
    assert all(one.existing for one in plan(ours(), set()).declared().objects.services)


def test_an_object_of_ours_that_somebody_else_uses_too_is_never_changed() -> None:
    assert plan(ours(THEIRS), OURS).problems() == []
    (problem,) = plan(ours(THEIRS, tcp="443 992"), OURS).problems()
    assert "'SoftEther' of this stack is also used by rule 6 'printer-vpn' and would change for them" in str(problem)
    assert plan(ours(tcp="443 992"), OURS).problems() == []


def test_a_policy_of_ours_that_is_no_longer_declared_is_no_reason_to_refuse_a_change() -> None:
    desk = policy(6, "vpn-desk", service="SoftEther")
    assert plan(ours(desk, tcp="443 992"), {*OURS, "vpn-desk"}).problems() == []
    assert plan(ours(desk, tcp="443 992")).problems() == []
    assert plan(ours(desk, tcp="443 992"), OURS).problems() != []  # a copy that somebody made


def test_only_what_the_state_has_is_said_to_go() -> None:
    rows = ours(policy(6, "vpn-allow-night", srcaddr="office"))
    rows["firewall.service/custom"] += [service("SoftEther-old", "8443"), service("vpn-old", "8444")]
    said = plan(rows, {*OURS, "vpn-old"}).changes()
    assert "- service vpn-old" in said
    assert not any("SoftEther-old" in one or "vpn-allow-night" in one for one in said)


def test_on_a_fortigate_with_anothers_stack_everything_of_ours_is_new() -> None:
    said = plan(another_lab(), set(), prefix="phys").changes()
    assert "+ address phys-server" in said and not any("is gone" in one for one in said)


def test_the_state_has_the_objects_by_their_names_and_the_policies_that_are_still_to_be_removed() -> None:
    held = {
        "a": {"type": "fortigate:index/firewallserviceCustom:FirewallserviceCustom", "outputs": {"name": "SoftEther"}},
        "b": {"type": "pulumi-python:dynamic:Resource", "outputs": {"vdom": "root", "names": ["vpn-desk"]}},
        "c": {"type": "command:remote:Command", "outputs": {"name": "other"}},
        "d": {"type": "pulumi:pulumi:Stack"},
    }
    assert recorded(held) == {"SoftEther", "vpn-desk"}


def test_a_group_of_ours_is_no_stranger_to_its_members() -> None:
    sources = ["192.0.2.0/24", "198.51.100.0/24"]
    addresses = [
        {"name": "vpn-from-192.0.2.0-24", "subnet": "192.0.3.0 255.255.255.0", "comment": COMMENT},
        server(),
    ]
    group = {"name": "vpn-sources", "member": names("vpn-from-192.0.2.0-24"), "comment": COMMENT}
    rows = ours() | {"firewall/addrgrp": [group]}
    rows["firewall/address"] = [*rows["firewall/address"], addresses[0]]
    assert plan(rows, {*OURS, "vpn-sources", "vpn-from-192.0.2.0-24"}, sources=sources).problems() == []


def test_a_preview_names_who_uses_an_object_of_ours_and_what_becomes_of_it() -> None:
    made = plan(ours(THEIRS), OURS)
    said = "'SoftEther' of this stack is also used by rule 6 'printer-vpn': it stays there with them when"
    assert [one for one in made.warnings() if said in one]
    assert set(made.shared) == {"SoftEther"}
    assert not plan(ours(), OURS).shared


OFF = {"listeners": [443], "protocols": {"openvpn": False, "l2tpIpsec": False}}


def shrunk(rows: Rows, **fortigate: Any) -> FortiGatePlan:
    return plan(rows, OURS, of=lab(fortigate={**SECTION, **fortigate}, vpn=OFF))


def test_what_is_no_longer_declared_stays_as_it_is_while_others_use_it_and_is_then_removed() -> None:
    theirs = {**THEIRS, "service": names("vpn-udp")}
    made = shrunk(ours(theirs))
    assert made.problems() == []
    (left,) = [one for one in made.declared().objects.services if one.name == "vpn-udp"]
    assert (left.udp, left.adopts, left.comment) == ("500 1194 4500", "vpn-udp", COMMENT)
    assert "vpn-udp" not in made.declared().blocks[0].policies[0].services
    assert not any("- service vpn-udp" in one for one in made.changes())
    assert any(
        "'vpn-udp' of this stack is also used by rule 6 'printer-vpn': it is no lo" in s for s in made.warnings()
    )
    alone = shrunk(ours())
    assert [one.name for one in alone.declared().objects.services] == ["SoftEther"]
    assert "- service vpn-udp" in alone.changes()


def test_a_group_that_others_use_stays_with_its_members() -> None:
    sources = ("vpn-from-192.0.2.0-24", "vpn-from-198.51.100.0-24")
    rows = ours({**THEIRS, "srcaddr": names("vpn-sources"), "service": names("ALL")})
    networks = zip(sources, ("192.0.2.0", "198.51.100.0"), strict=True)
    held = [{"name": name, "subnet": f"{one} 255.255.255.0", "comment": COMMENT} for name, one in networks]
    rows["firewall/address"] = [*rows["firewall/address"], *held]
    rows["firewall/addrgrp"] = [{"name": "vpn-sources", "member": names(" ".join(sources)), "comment": COMMENT}]
    made = plan(rows, {*OURS, "vpn-sources", *sources})
    assert set(made.shared) == {"vpn-sources", *sources}
    assert {"vpn-sources"} == {one.name for one in made.declared().objects.groups}
    assert set(sources) < {one.name for one in made.declared().objects.addresses}


def test_what_a_run_would_delete_under_another_name_is_refused_while_others_use_it() -> None:
    theirs = {**THEIRS, "service": names("vpn-udp")}
    (problem,) = plan(ours(theirs), OURS, prefix="lab").problems()
    assert "'vpn-udp' of this stack is still used by rule 6 'printer-vpn' and would be deleted" in str(problem)
    assert plan(ours(), OURS, prefix="lab").problems() == []


def test_a_policy_of_others_with_our_name_is_never_called_ours() -> None:
    theirs = {**rule(5, "accept"), "name": "vpn-allow"}
    (problem,) = plan(tables(theirs, LAST), set(), before="vpn-allow").problems()
    assert "the FortiGate has rule 5 'vpn-allow' that this stack did not make" in str(problem)
    assert plan(tables(theirs, LAST), set(), before="vpn-allow", prefix="lab").problems() == []
