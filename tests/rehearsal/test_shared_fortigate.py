"""Others come to use objects that the stack made: they keep them, and the stack can still shrink and go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rehearsal.fortigate import control
from tests.rehearsal.conftest import Rehearsal
from tests.rehearsal.gate_stack import GateStack
from tests.rehearsal.stack import Stack
from tests.unit.boxes import policy

CUSTOM = "firewall.service/custom"


@pytest.fixture(scope="module")
def gate(machines: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GateStack]:
    made = GateStack.make(Stack(machines.name), tmp_path_factory.mktemp("shared"))
    control.reset(made.box)
    yield made
    made.destroy()
    control.reset(made.box)


def services(gate: GateStack) -> set[str]:
    """The services of ours on the box."""
    rows = gate.lab.manual.box("GET", CUSTOM)
    return {str(row["name"]) for row in rows if "labvpn" in str(row.get("comment"))}


def test_what_others_use_is_left_to_them_when_the_stack_shrinks_and_when_it_goes(gate: GateStack) -> None:
    gate.declare()
    gate.up()
    control.add(gate.box, [policy("printer-vpn", "wan1", "dmz", "accept", dstaddr="all", service="SoftEther vpn-udp")])
    output = gate.refusal("destroy", "--yes", "--skip-preview")
    assert "cannot lose SoftEther, vpn-udp of this stack" in output and "'printer-vpn' of others uses it" in output
    assert "run `pulumi up` once, which leaves these to them" in output
    assert "vpn-allow" in gate.names()

    gate.declare(vpn={"protocols": {"openvpn": False, "l2tpIpsec": False}})
    output = gate.pulumi("preview")
    assert "'vpn-udp' of this stack is also used by rule" in output and "it is no longer needed here" in output
    gate.up()
    assert gate.settles()
    assert services(gate) == {"SoftEther", "vpn-udp"}

    (number,) = [
        row["policyid"] for row in gate.lab.manual.box("GET", "firewall/policy") if row["name"] == "printer-vpn"
    ]
    gate.lab.manual.box("PUT", f"firewall/policy/{number}", {"service": [{"name": "SoftEther"}]})
    gate.up()
    assert services(gate) == {"SoftEther"}
    assert gate.settles()

    before = gate.lab.manual.box("GET", f"{CUSTOM}/SoftEther")
    output = gate.pulumi("destroy", "--yes", "--skip-preview")
    gate.applied = False
    assert "SoftEther stays, since others use it" in output
    assert services(gate) == {"SoftEther"}
    assert "vpn-allow" not in gate.names() and "printer-vpn" in gate.names()
    assert gate.lab.manual.box("GET", f"{CUSTOM}/SoftEther")[0]["tcp-portrange"] == before[0]["tcp-portrange"]
