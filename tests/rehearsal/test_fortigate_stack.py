"""The lab's policies on a FortiGate: their order among others', who may dial, adoption, and what is left afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.fortigate import control
from rehearsal.fortigate.gate import Faults
from tests.rehearsal.conftest import Rehearsal
from tests.rehearsal.gate_stack import UP, GateStack
from tests.rehearsal.stack import Stack, Tables
from tests.unit.boxes import policy

CLOSED: dict[str, Any] = {
    "from": ["campus"],
    "before": "campus-any",
    "hosts": {"workstation": "203.0.113.21"},
    "ports": ["8000/tcp"],
    "exceptions": [{"name": "desk", "sources": ["203.0.113.141"]}],
}
THEIRS = [
    ("firewall/address", {"name": "their-server", "subnet": "203.0.113.20 255.255.255.255", "comment": "by hand"}),
    ("firewall.service/custom", {"name": "their-vpn", "tcp-portrange": "8000", "comment": "by hand"}),
    policy("their-allow", "wan1", "dmz", "accept", dstaddr="their-server", service="their-vpn"),
]
ADOPT = {
    "policies": {"vpn-allow": "their-allow"},
    "addresses": {"vpn-server": "their-server"},
    "services": {"SoftEther": "their-vpn"},
}

LIST = "GET /api/v2/cmdb/firewall/policy 200"


@pytest.fixture(scope="module")
def gate(machines: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> GateStack:
    return GateStack.make(Stack(machines.name), tmp_path_factory.mktemp("gate"))


@pytest.fixture
def before(gate: GateStack) -> Iterator[Tables]:
    """The box with decoys above and below."""
    with gate.beside("decoy-above", "decoy-below") as first:
        yield first


def test_every_policy_stands_in_its_place_between_others_and_a_protocol_that_goes_leaves_no_port(
    gate: GateStack, before: Tables
) -> None:
    gate.declare(outside=["wan1", "wan2"], sources=["198.51.100.10", "192.0.2.0/24", "DE"], behindVpn=CLOSED)
    output = gate.up()
    assert "the campus can no longer reach 8000/tcp of workstation (203.0.113.21) except through the VPN" in output
    wanted = ["decoy-above", "vpn-desk", "vpn-dial", "vpn-only", "campus-any", "campus-out", "dmz-out", "vpn-allow"]
    assert gate.names() == [*wanted, "deny-outside", "decoy-below"]
    # Whitelisted and other sources; a country of the stand-in's table that holds neither.
    assert [gate.opens(place) for place in ("internet", "phone")] == [True, False]
    assert [gate.opens(place, "203.0.113.21") for place in ("campus", "admin", "internet")] == [False, True, False]
    gate.move("deny-outside", "vpn-allow")
    gate.declare(vpn={"protocols": {"openvpn": True, "l2tpIpsec": False}}, outside=["wan1", "wan2"], sources=["all"])
    output = gate.up()
    assert "policy vpn-allow moved below deny-outside" in output
    assert gate.names()[-3:] == ["vpn-allow", "deny-outside", "decoy-below"]
    services = gate.lab.manual.box("GET", "firewall.service/custom")
    udp = [each["udp-portrange"] for each in services if each["name"] == "vpn-udp"]
    assert udp == ["1194"]
    assert [gate.opens(place) for place in ("internet", "phone")] == [True, True]
    assert gate.opens("campus", "203.0.113.21")
    assert gate.settles()


def shut_out(order: list[str]) -> bool:
    """Whether our deny is in force, above what lets the campus in, without every allow of ours above it."""
    if "vpn-only" not in order or order.index("vpn-only") > order.index("campus-any"):
        return False
    return not {"vpn-desk", "vpn-dial"} <= set(order[: order.index("vpn-only")])


def test_at_no_moment_of_an_up_or_a_destroy_a_deny_is_in_force_without_the_allows_above_it(
    gate: GateStack, before: Tables
) -> None:
    gate.declare(behindVpn=CLOSED)
    with gate.every_order() as rising:
        gate.up()
    with gate.every_order() as falling:
        gate.destroy()
    for orders in (rising, falling):
        assert [order for order in orders if shut_out(order)] == []
        assert {"vpn-only" in order for order in orders} == {True, False}
    # Whatever becomes of the rest: the last allow goes after the deny.
    assert any("vpn-dial" in order and "vpn-only" not in order for order in falling)


def test_what_stands_there_is_adopted_without_a_change_and_kept_afterwards(gate: GateStack, before: Tables) -> None:
    control.add(gate.box, THEIRS)
    gate.move("their-allow", "deny-outside")
    adopted = gate.lab.tables()
    gate.declare(vpn={"protocols": {"openvpn": False, "l2tpIpsec": False}}, adopt=ADOPT)
    gate.changes()
    output = gate.up()
    # Its place is stated even where it stands there already; that is the one request that could change anything.
    assert len(gate.changes()) == 1, output
    assert gate.lab.tables() == adopted
    gate.destroy()
    assert gate.lab.tables() == adopted
    for path, fields in reversed(THEIRS):
        key = "{their-allow}" if path == "firewall/policy" else fields["name"]
        gate.lab.manual.box("DELETE", f"{path}/{key}")


def test_a_box_that_refuses_or_falls_silent_in_the_middle_is_named_and_the_next_run_completes_even_a_vip(
    gate: GateStack, before: Tables
) -> None:
    gate.declare(server="198.51.100.9", vip={"mapped": "203.0.113.20"})
    control.set_faults(gate.box, Faults(rights="read"))
    output = gate.refusal(*UP).partition("Diagnostics:")[2]
    assert output.count("error: The FortiGate 203.0.113.129 does not let this token write (403), at ") == 1
    assert "give its profile read-write rights on the firewall; what is done stays done" in output
    control.set_faults(gate.box, Faults())
    output = gate.silenced_in_the_middle("this run waits for it, and ends if it stays silent for 30 s")
    assert "The FortiGate 203.0.113.129 gave no answer within 10 s" in output
    assert "Traceback" not in output
    gate.up()
    assert gate.names()[-3:] == ["vpn-allow", "deny-outside", "decoy-below"]
    assert gate.opens("internet", "198.51.100.9")
    assert not gate.opens("internet", "203.0.113.20")


def test_a_deny_that_would_close_the_way_of_this_very_run_is_refused(gate: GateStack) -> None:
    first = gate.lab.tables()
    gate.declare(behindVpn={**CLOSED, "hosts": {"server": "203.0.113.20"}, "ports": [], "exceptions": []})
    control.requests(gate.box)
    output = gate.refusal("preview")
    # The list of policies is read in one request, not policy by policy.
    assert [one for one in control.requests(gate.box) if "/firewall/policy" in one] == [LIST]
    assert "vpn-only would close SSH to the VPN host (203.0.113.141 to 203.0.113.20, 22/tcp)" in output
    assert "add an exception for 203.0.113.141 with 22/tcp" in output
    assert gate.lab.tables() == first
