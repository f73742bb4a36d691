"""Both packages of the FortiGate's provider on the firmware that each is for, and the move from one to the other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from rehearsal.fortigate import control
from rehearsal.fortigate.gate import Faults
from tests.rehearsal.conftest import Rehearsal
from tests.rehearsal.gate_stack import UP, GateStack
from tests.rehearsal.stack import Stack, Tables
from tests.rehearsal.test_fortigate_stack import ADOPT, CLOSED, THEIRS
from tests.unit.boxes import policy

OLD_ENOUGH = "v7.4.4"
"""A firmware for both packages."""

SETTINGS = {"av-profile": "default", "global-label": "VPN", "per-ip-shaper": "slow", "session-ttl": "600"}
"""What somebody set on a policy that the stack adopts, none of which it declares."""


@pytest.fixture(scope="module")
def gate(machines: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> GateStack:
    return GateStack.make(Stack(machines.name), tmp_path_factory.mktemp("gate"))


@pytest.fixture
def before(gate: GateStack) -> Iterator[Tables]:
    with gate.beside("decoy-above") as first:
        yield first


def move(gate: GateStack, provider: str, how: str = "--yes") -> subprocess.CompletedProcess[str]:
    return gate.command(*gate.provider_move(provider, how))


@pytest.mark.parametrize(
    ("provider", "version"),
    [("upstream", "v7.2.11"), ("upstream", "v8.0.0"), ("pulumiverse", "v7.2.11"), ("pulumiverse", OLD_ENOUGH)],
)
def test_nothing_of_an_adopted_policy_is_taken_away_and_one_of_ours_is_freed_of_what_somebody_added(
    gate: GateStack, before: Tables, provider: str, version: str
) -> None:
    control.set_firmware(gate.box, version)
    control.add(gate.box, [*THEIRS[:2], (THEIRS[2][0], {**THEIRS[2][1], **SETTINGS})])
    gate.move("their-allow", "deny-outside")
    adopted = gate.lab.tables()
    plain = {"protocols": {"openvpn": False, "l2tpIpsec": False}}
    gate.declare(vpn=plain, adopt=ADOPT, provider=provider, behindVpn=CLOSED)
    output = gate.up()
    assert f"the provider {provider}" in output
    assert gate.settles()
    there = {row["name"]: row for row in gate.lab.manual.box("GET", "firewall/policy")}
    assert there["their-allow"].items() >= SETTINGS.items()
    gate.lab.manual.box("PUT", "firewall/policy/{vpn-desk}", SETTINGS)
    output = gate.up()
    assert "policy vpn-desk: av-profile default on the box, none here" in output
    there = {row["name"]: row for row in gate.lab.manual.box("GET", "firewall/policy")}
    assert {key: there["vpn-desk"][key] for key in SETTINGS} == {
        "av-profile": "",
        "global-label": "",
        "per-ip-shaper": "",
        "session-ttl": "0",
    }
    assert gate.settles()
    gate.destroy()
    assert gate.lab.tables() == adopted
    for path, fields in reversed(THEIRS):
        key = "{their-allow}" if path == "firewall/policy" else fields["name"]
        gate.lab.manual.box("DELETE", f"{path}/{key}")


EVERY_KIND: list[tuple[str, dict[str, Any]]] = [
    ("firewall/address", {"name": "office", "subnet": "198.51.100.10 255.255.255.255", "color": 7, "obj-tag": "x"}),
    ("firewall/address", {"name": "home 'b' / \"c\" 家", "subnet": "192.0.2.0 255.255.255.0", "cache-ttl": 60}),
    ("firewall/addrgrp", {"name": "dialling " + "x" * 70, "color": 3, "fabric-object": "enable"}),
    ("firewall.service/custom", {"name": "their-vpn", "tcp-portrange": "8000", "session-ttl": "900", "color": 5}),
    (
        "firewall/vip",
        {
            "name": "their-vip",
            "extip": "198.51.100.9",
            "extintf": "wan1",
            "mappedip": [{"range": "203.0.113.20"}],
            "gratuitous-arp-interval": 30,
            "ssl-certificate": [{"name": "Fortinet_SSL"}],
        },
    ),
    policy("", "wan1", "dmz", "accept", dstaddr="their-vip", service="their-vpn"),
]
MEMBERS = [{"name": EVERY_KIND[0][1]["name"]}, {"name": EVERY_KIND[1][1]["name"]}]
LATER = {"unheard-of-mode": "strict", "unheard-of-list": [{"odd": 1}], "unheard-of-map": {"a": "b"}}


@pytest.mark.parametrize("version", ["v7.4.8", "v9.0.0"])
def test_an_object_of_every_kind_is_adopted_with_all_that_nobody_here_knows_of_it(
    gate: GateStack, before: Tables, version: str
) -> None:
    control.set_firmware(gate.box, version)
    group = EVERY_KIND[2][1]
    group["member"] = MEMBERS
    EVERY_KIND[5][1]["srcaddr"] = [{"name": group["name"]}]
    later = LATER if version == "v9.0.0" else {}
    comment = {"comment": "line 1\r\nline 2, 家"}
    rows = [
        (path, {**fields, **later, **(comment if path != "firewall/policy" else {})}) for path, fields in EVERY_KIND
    ]
    control.add(gate.box, [*rows[:5], (rows[5][0], {**rows[5][1], **SETTINGS})])
    nameless = next(row["policyid"] for row in gate.lab.manual.box("GET", "firewall/policy") if not row["name"])
    gate.lab.manual.box("PUT", f"firewall/policy/{nameless}", None, "&action=move&before={deny-outside}")
    adopted = gate.lab.tables()
    adopt = {
        "policies": {"vpn-allow": nameless},
        "addresses": {"vpn-from-198.51.100.10": "office", "vpn-from-192.0.2.0-24": EVERY_KIND[1][1]["name"]},
        "groups": {"vpn-sources": group["name"]},
        "services": {"SoftEther": "their-vpn"},
        "vips": {"vpn-vip": "their-vip"},
    }
    gate.declare(
        vpn={"protocols": {"openvpn": False, "l2tpIpsec": False}},
        server="198.51.100.9",
        sources=["198.51.100.10", "192.0.2.0/24"],
        vip={"mapped": "203.0.113.20"},
        adopt=adopt,
    )
    gate.up()
    there = gate.lab.tables()
    assert {path: there[path] for path in there if path != "firewall/address"} == {
        path: adopted[path] for path in adopted if path != "firewall/address"
    }
    assert [row for row in there["firewall/address"] if row in adopted["firewall/address"]] == adopted[
        "firewall/address"
    ]
    assert gate.settles()
    gate.destroy()
    assert gate.lab.tables() == adopted
    gate.lab.manual.box("DELETE", f"firewall/policy/{nameless}")
    for path, fields in reversed(EVERY_KIND[:5]):
        gate.lab.manual.box("DELETE", f"{path}/{quote(fields['name'], safe='')}")


def test_the_move_takes_no_policy_away_at_any_moment_and_goes_back_again(gate: GateStack, before: Tables) -> None:
    control.set_firmware(gate.box, OLD_ENOUGH)
    gate.declare(behindVpn=CLOSED, provider="pulumiverse")
    gate.up()
    # As a stack was that knew no choice.
    gate.declare(behindVpn=CLOSED)
    assert gate.settles()
    assert "`labvpn fortigate-provider upstream` moves over" in gate.pulumi("preview")
    gate.declare(behindVpn=CLOSED, provider="upstream")
    control.requests(gate.box)
    assert "run `labvpn fortigate-provider upstream`, which moves them over" in gate.refusal("preview")
    assert gate.changes() == []
    first, numbered = gate.lab.tables(), _numbers(gate)
    for provider in ("upstream", "pulumiverse"):
        with gate.every_order() as orders:
            done = move(gate, provider)
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(orders) == 1
        assert all("action=move" in one or "/firewall/policy/" in one for one in gate.changes())
        assert (gate.lab.tables(), _numbers(gate)) == (first, numbered)
        assert gate.settles()
        copy = gate.program / f"fortigate-provider.lab.before-{provider}.state.json"
        assert json.loads(copy.read_text())["deployment"]


def _numbers(gate: GateStack) -> dict[str, int]:
    return {row["name"]: row["policyid"] for row in gate.lab.manual.box("GET", "firewall/policy")}


def test_a_move_that_fails_is_undone(gate: GateStack, before: Tables) -> None:
    control.set_firmware(gate.box, OLD_ENOUGH)
    gate.declare(provider="pulumiverse")
    gate.up()
    first = gate.lab.tables()
    control.set_faults(gate.box, Faults(rights="read"))
    done = move(gate, "upstream")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "everything is back as it was, by pulumiverse" in done.stderr
    control.set_faults(gate.box, Faults())
    assert gate.lab.tables() == first
    assert gate.settles()


def test_a_firmware_that_refuses_the_token_in_the_address_is_told_by_a_preview_with_both_remedies(
    gate: GateStack,
) -> None:
    control.reset(gate.box)
    gate.declare(provider="pulumiverse")
    output = gate.refusal("preview")
    assert "takes the token in a header but not in the address, where the provider pulumiverse sends it" in output
    assert "(labvpn fortigate-provider upstream); or allow it on the box: config system global" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("provider", ["upstream", "pulumiverse"])
def test_a_box_that_is_silent_from_the_start_ends_a_run_with_a_sentence_within_a_minute(
    gate: GateStack, before: Tables, provider: str
) -> None:
    control.set_firmware(gate.box, OLD_ENOUGH)
    gate.declare(provider=provider)
    gate.up()
    first = gate.lab.tables()
    for words in (UP, ("preview",), ("destroy", "--yes", "--skip-preview")):
        control.set_faults(gate.box, Faults(then="hang"))
        output = gate.refusal(*words)
        assert "has not answered for 30 s, so this run is ended" in output
        control.set_faults(gate.box, Faults())
        assert gate.lab.tables() == first
    assert gate.settles()
