"""The lab's policies on a FortiGate: their order among others', who may dial, adoption, and what is left afterwards."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from typing import Literal

import pytest

from labvpn.rehearsal.fortigate import control
from labvpn.rehearsal.fortigate.gate import Faults
from tests.rehearsal.conftest import Rehearsal
from tests.rehearsal.gate_stack import GateStack, Tables
from tests.rehearsal.stack import Stack
from tests.unit.boxes import policy

CLOSED = {
    "from": ["campus"],
    "before": "campus-any",
    "hosts": {"workstation": "203.0.113.21"},
    "ports": ["8000/tcp"],
    "exceptions": [{"name": "desk", "sources": ["203.0.113.141"]}],
}
THEIRS = [
    ("firewall/address", {"name": "their-server", "subnet": "203.0.113.20 255.255.255.255", "comment": "by hand"}),
    ("firewall.service/custom", {"name": "their-vpn", "tcp-portrange": "8000", "comment": "by hand"}),
    policy(
        "their-allow",
        "wan1",
        "dmz",
        "accept",
        dstaddr="their-server",
        service="their-vpn",
        logtraffic="all",
        comments="by hand",
    ),
]
ADOPT = {
    "policies": {"vpn-allow": "their-allow"},
    "addresses": {"vpn-server": "their-server"},
    "services": {"SoftEther": "their-vpn"},
}
READ: tuple[Literal["pass"], ...] = ("pass",) * 14
"""The requests by which a run has read the box, before it begins to change it."""


@pytest.fixture(scope="module")
def gate(machines: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> GateStack:
    return GateStack.make(Stack(machines.name), tmp_path_factory.mktemp("gate"))


@pytest.fixture
def before(gate: GateStack) -> Iterator[Tables]:
    """The box with decoys above and below; after the test the stack goes, and all of that must be as it was."""
    control.reset(gate.box)
    decoys = [policy("decoy-above", "wan1", "campus", "deny"), policy("decoy-below", "wan1", "dmz", "accept")]
    control.add(gate.box, decoys)
    numbers = {each["name"]: each["policyid"] for each in gate.tables()["firewall/policy"]}
    gate.rest("PUT", f"firewall/policy/{numbers['decoy-above']}", f"&action=move&before={numbers['campus-any']}")
    first = gate.tables()
    yield first
    control.set_faults(gate.box, Faults())
    gate.destroy()
    assert gate.tables() == first


def test_every_policy_stands_in_its_place_between_others_and_a_protocol_that_goes_leaves_no_port(
    gate: GateStack, before: Tables
) -> None:
    gate.declare(outside=["wan1", "wan2"], sources=["198.51.100.10", "192.0.2.0/24", "DE"], behindVpn=CLOSED)
    told = gate.up()
    assert "the campus can no longer reach 8000/tcp of workstation (203.0.113.21) except through the VPN" in told
    assert gate.order() == [
        "decoy-above",
        "vpn-desk",
        "vpn-dial",
        "vpn-only",
        "campus-any",
        "campus-out",
        "dmz-out",
        "vpn-allow",
        "deny-outside",
        "decoy-below",
    ]
    # Whitelisted and other sources; a country of the stand-in's table that holds neither.
    assert [gate.opens(place) for place in ("internet", "phone")] == [True, False]
    assert [gate.opens(place, "203.0.113.21") for place in ("campus", "admin", "internet")] == [False, True, False]
    moved = next(each for each in gate.tables()["firewall/policy"] if each["name"] == "vpn-allow")
    gate.rest("PUT", f"firewall/policy/{moved['policyid']}", "&action=move&after=4")
    gate.up()
    assert gate.order().index("vpn-allow") == gate.order().index("deny-outside") - 1
    gate.declare(vpn={"protocols": {"openvpn": True, "l2tpIpsec": False}}, sources=["all"])
    assert "ports 500/udp, 4500/udp close for 198.51.100.10" in gate.says("preview")
    gate.up()
    udp = [each["udp-portrange"] for each in gate.tables()["firewall.service/custom"] if each["name"] == "vpn-udp"]
    assert udp == ["1194"]
    assert [gate.opens(place) for place in ("internet", "phone")] == [True, True]
    assert gate.opens("campus", "203.0.113.21")
    assert gate.is_settled()


def test_a_server_with_a_private_address_is_dialled_at_the_boxs_address(gate: GateStack, before: Tables) -> None:
    gate.declare(server="198.51.100.9", vip={"mapped": "203.0.113.20"})
    gate.up()
    assert gate.opens("internet", "198.51.100.9")
    assert not gate.opens("internet", "203.0.113.20")
    assert gate.is_settled()


def test_what_stands_there_is_adopted_without_a_change_and_kept_afterwards(gate: GateStack, before: Tables) -> None:
    control.add(gate.box, THEIRS)
    numbers = {each["name"]: each["policyid"] for each in gate.tables()["firewall/policy"]}
    gate.rest("PUT", f"firewall/policy/{numbers['their-allow']}", f"&action=move&before={numbers['deny-outside']}")
    adopted = gate.tables()
    gate.declare(vpn={"protocols": {"openvpn": False, "l2tpIpsec": False}}, adopt=ADOPT)
    gate.changes()
    gate.up()
    assert gate.changes() == []
    assert gate.is_settled()
    gate.destroy()
    assert gate.tables() == adopted
    for path, fields in reversed(THEIRS):
        gate.rest("DELETE", f"{path}/{numbers.get(fields['name'], fields['name'])}")


def test_a_token_that_loses_its_rights_in_the_middle_is_one_sentence_and_the_next_run_completes(
    gate: GateStack, before: Tables
) -> None:
    gate.declare()
    control.set_faults(gate.box, Faults(rights="read"))
    told = gate.refusal("up", "--yes", "--skip-preview")
    sentence = "The FortiGate 203.0.113.129 does not let this token write (403), at "
    assert told.count(f"error: {sentence}") == 1
    assert "give its profile read-write rights on the firewall; what is done stays done" in told
    assert "Traceback" not in told
    control.set_faults(gate.box, Faults())
    gate.up()
    assert gate.is_settled()


def test_a_box_that_stops_answering_in_the_middle_is_said_and_the_next_run_completes(
    gate: GateStack, before: Tables
) -> None:
    gate.declare()
    control.set_faults(gate.box, Faults(next=READ, then="hang"))
    line = gate.lab.line("pulumi", "--", *gate.line("up", "--yes", "--skip-preview"))
    run = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=gate.lab.environment)
    assert run.stdout is not None
    told, until = "", time.monotonic() + 90
    for text in run.stdout:
        told += text
        if "this run waits for it" in text or time.monotonic() > until:
            break
    control.set_faults(gate.box, Faults())
    told += run.communicate(timeout=200)[0]
    assert "The FortiGate 203.0.113.129 gave no answer within 10 s" in told
    assert "this run waits for it, for minutes: wait too, or end it by Ctrl-C" in told
    gate.up()
    assert gate.is_settled()
