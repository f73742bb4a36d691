"""A port closed at each hop, packets lost on the way, a ban, and the other ways in: as a dial sees them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal import network
from tests.rehearsal.dial_host import DialHost
from tests.rehearsal.test_dial import cause, notes

CAUSES = {"500/udp": "ipsec-ports-blocked", "4500/udp": "esp-or-4500-blocked"}
HOPS = {"carrier": "forward priority -10", "fortigate": "forward priority -10"}


@pytest.fixture(scope="module")
def host() -> Iterator[DialHost]:
    host = DialHost("dialways")
    host.begin_dialled()
    yield host
    host.stop()


@pytest.mark.parametrize("port", CAUSES)
@pytest.mark.parametrize("machine", HOPS)
def test_a_port_that_is_dropped_on_the_way_or_at_the_fortigate_is_told_by_its_number(
    host: DialHost, machine: str, port: str
) -> None:
    with host.closed_in(machine, HOPS[machine], f"udp dport {port.split('/')[0]}"):
        report = host.dial(machine="phone")
    assert cause(report) == (CAUSES[port], "phase-1")
    assert notes(report) == set()


@pytest.mark.parametrize("port", CAUSES)
def test_a_port_that_firewalld_rejects_is_told_with_who_rejects_it(host: DialHost, port: str) -> None:
    with host.closed_by_firewalld(port):
        report = host.dial(machine="phone")
    assert cause(report) == (CAUSES[port], "phase-1")
    assert notes(report) == {"rejected-by-firewall"}


@pytest.mark.parametrize("port", CAUSES)
def test_a_port_that_a_box_on_the_way_rejects_is_told_with_its_address(host: DialHost, port: str) -> None:
    match = f"udp dport {port.split('/')[0]} reject with icmp admin-prohibited; add rule ip t c udp dport 9"
    with host.closed_in("carrier", "forward priority -10", match):
        report = host.dial(machine="phone")
    assert cause(report) == (CAUSES[port], "phase-1")
    assert [note["says"] for note in report["notes"]] == [
        f"100.64.7.1 on the way rejects UDP {port.split('/')[0]} (ICMP 3/13)"
    ]


def test_an_mtu_of_1280_on_the_way_is_measured_and_fragments_pass(host: DialHost) -> None:
    with host.small_link(1280):
        report = host.dial(machine="phone")
    assert report["packets"] == {"up": 1452, "down": 1452, "whole": 1280}
    assert notes(report) == {"small-mtu"}


def test_lost_fragments_are_told_with_what_still_passes(host: DialHost) -> None:
    with host.no_fragments():
        report = host.dial()
        assert report["connected"]
        assert notes(report) == {"fragments-lost-unneeded"}
        with host.small_link(1280):
            report = host.dial()
    assert notes(report) == {"small-mtu", "fragments-lost"}
    assert 1100 < report["packets"]["down"] <= report["packets"]["up"] < 1280


def test_openvpn_dials_without_a_device_and_all_ways_are_tried(host: DialHost) -> None:
    text = json.dumps(host.outputs("guest1"))
    words = host.words("guest1", "--trust-shown", outputs=True)
    # A guest may have one session: each dial has to end before the next one.
    ways = host.dials("phone", [*words, "--protocol", "openvpn"], text)
    assert [(each["way"], each["connected"]) for each in ways] == [
        ("tcp-443", True),
        ("tcp-1194", True),
        ("udp-1194", True),
    ], [(each["because"], each["detail"]) for each in ways]
    with host.closed_in("carrier", HOPS["carrier"], "meta l4proto udp udp dport { 500, 1194, 4500 }"):
        done = host.dials("phone", [*words, "--protocol", "all"], text)
    assert [(each["protocol"], each["connected"]) for each in done] == [
        *(("l2tp", False), ("openvpn", True), ("openvpn", True), ("openvpn", False))
    ]
    assert {each["cause"] for each in done if not each["connected"]} == {"ipsec-ports-blocked", "tcp-443-blocked"}


def test_openvpns_refusals_get_their_true_reason(host: DialHost) -> None:
    text = json.dumps(host.outputs("owner", password="wrong"))
    words = host.words("owner", "--trust-shown", "--protocol", "openvpn", outputs=True)
    first, *_ = host.dials("campus", words, text)
    assert (cause(first), first["because"]) == (("wrong-credentials", "authentication"), "login-refused")


def probe(host: DialHost, machine: str, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "labvpn", "probe", str(network.SERVER), "--json", *words]
    done: subprocess.CompletedProcess[str] = host.run(machine, *command)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_a_ban_is_told_by_a_dial_and_by_the_probe_and_is_no_closed_port(host: DialHost) -> None:
    host.ban_after(2)
    assert host.becomes_banned("admin")
    assert cause(host.dial("guest1", machine="admin")) == ("source-banned", "transport")
    report = probe(host, "admin", "--tcp", "443,992", "--udp", "500,4500")
    assert report["banned"] == ["here"]
    assert {port["says"] for port in report["ports"]} == {"refused to this source alone: it is banned"}
    assert probe(host, "phone", "--tcp", "443,992", "--udp", "500,4500")["banned"] == []
    assert host.dial("guest1", machine="phone")["connected"]
