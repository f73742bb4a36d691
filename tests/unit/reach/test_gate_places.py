"""Behind which interface of the FortiGate an address is, and what is its own: known, or said not to be."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from labvpn.parse.fortigate import tables as fortigate
from labvpn.parse.fortigate.tables import Path
from labvpn.plan.fortigate.checks import cut
from labvpn.reach import table
from labvpn.reach.expectations import Decider
from labvpn.reach.gate import Gate
from labvpn.reach.hops import Flow
from tests.unit.fortigate_rows import HTTPS, LAST, NOW, SERVER, Rows, case, names, rule, tables
from tests.unit.reach import labs

SECTION = {"host": "203.0.113.129", "outside": ["wan1"], "inside": "dmz", "before": "last"}
SSH = HTTPS._replace(number=22)
SECOND = {"id": 1, "ip": "203.0.113.17 255.255.255.240"}


def states(rows: Rows, *expect: str, **section: Any) -> list[str]:
    one = labs.declared(*expect, fortigate={**SECTION, **section})
    model = labs.after(one, fortigate.inventory(rows, now=NOW))
    return [str(outcome.state) for outcome in Decider(model).outcomes()]


def with_dmz(*rules: dict[str, Any], **fields: Any) -> Rows:
    rows = tables(*rules, LAST)
    rows["system/interface"][2] = {"name": "dmz", **fields}
    return rows


def gate(rows: Rows) -> Gate:
    made = labs.before(labs.declared(fortigate=SECTION), fortigate.inventory(rows, now=NOW)).gate
    assert made
    return made


DMZ: list[dict[str, Any]] = [
    {"ip": "10.0.0.1 255.255.255.0", "secondary-IP": "enable", "secondaryip": [SECOND]},
    {"ip": "10.0.0.1 255.255.255.0", "secondaryip": [SECOND]},
    {"ip": "0.0.0.0 0.0.0.0"},
    {"ip": "dhcp"},
    {},
]


@pytest.mark.parametrize("fields", DMZ, ids=str)
def test_the_server_is_behind_the_interface_that_the_configuration_says(fields: dict[str, Any]) -> None:
    assert states(with_dmz(**fields), "internet reaches vpn-host:443") == ["kept"]


def test_a_host_behind_the_vpn_is_where_the_configuration_says() -> None:
    closed = {"from": ["wan2"], "to": "dmz", "before": "last", "hosts": {"far": "192.0.2.50"}}
    said = states(tables(rule(1, "accept"), LAST), "internet does not reach far:22", behindVpn=closed)
    assert said == ["broken"]


def test_a_host_in_a_further_network_of_an_interface_is_behind_it() -> None:
    expect = "internet does not reach 203.0.113.21"
    assert states(with_dmz(rule(1, "accept"), **DMZ[0]), expect) == ["broken"]
    off = {**DMZ[0], "secondary-IP": "disable"}
    assert states(with_dmz(rule(1, "accept"), **off), expect) == ["unclear"]


def test_what_reaches_a_host_in_no_network_that_is_known_cannot_be_told_where_the_way_matters() -> None:
    for expect in ("internet does not reach 192.0.2.50:22", "internet reaches 192.0.2.50:22"):
        assert states(tables(rule(1, "accept"), LAST), expect) == ["unclear"]
        assert states(with_dmz(rule(1, "accept")), expect) == ["unclear"]
    assert states(tables(LAST), "internet does not reach 192.0.2.50:22") == ["kept"]


def test_who_has_a_private_address_in_no_network_that_is_known_may_come_from_each_interface() -> None:
    expect = "172.16.0.50 does not reach 203.0.113.21:22"
    rows = tables(rule(1, "accept", srcintf="wan2"), LAST)
    assert states(rows, expect) == ["unclear"]
    assert states(rows, expect, sources=["172.16.0.0/24"]) == ["kept"], "those who may dial are outside"
    assert states(rows, "internet does not reach 203.0.113.21:22") == ["kept"]
    assert states(rows, "172.16.0.50 does not reach 192.0.2.99:22") == ["unclear"]
    assert states(rows, "192.0.2.50 does not reach 203.0.113.21:22") == ["kept"], "a public one is of the internet"


def test_each_address_of_the_fortigate_is_its_own() -> None:
    made = gate(with_dmz(rule(1, "accept"), **DMZ[0]))
    for own in ("203.0.113.17", "10.0.0.1"):
        verdict = made.decide(Flow("all", IPv4Address(own), SSH), ("wan1", "dmz"))
        assert (verdict.passes, "local-in policies decide" in verdict.rule) == (None, True)


def vip(**fields: Any) -> Rows:
    forwards = {"portforward": "enable", "protocol": "tcp", "extport": "443", "mappedport": "443"}
    row = {"name": "v", "extintf": "wan1", "extip": "198.51.100.1", "mappedip": [{"range": "203.0.113.20"}]}
    return tables(rule(1, "accept", dstaddr="v"), LAST, firewall__vip=[{**row, **forwards, **fields}])


def test_a_vip_at_the_fortigates_own_address_leaves_the_other_ports_to_the_local_in_policies() -> None:
    for own in ("198.51.100.1", "203.0.113.17"):
        made = gate(vip(extip=own))
        flow = Flow("all", IPv4Address(own), SSH)
        assert made.decide(flow, ("wan1", "dmz")).passes is None
        assert made.decide(flow._replace(port=HTTPS), ("wan1", "dmz")).passes is True
    other = gate(vip(extip="198.51.100.9"))
    assert other.decide(Flow("all", IPv4Address("198.51.100.9"), SSH), ("wan1", "dmz")).passes is False


@pytest.mark.parametrize("protocol", ["sctp", "icmp", "of-a-later-version"])
def test_a_vip_of_another_protocol_stops_neither_expectations_nor_the_table(protocol: str) -> None:
    rows = vip(extip="198.51.100.70", protocol=protocol, extport="38412", mappedport="38412")
    assert states(rows, "internet does not reach 203.0.113.21") == ["kept"]
    model = labs.after(labs.declared(fortigate=SECTION), fortigate.inventory(rows, now=NOW))
    assert table.rows(model)
    assert Decider(model).first_open(IPv4Address("203.0.113.22")) is None


def test_vips_that_lead_to_each_other_stop_nothing() -> None:
    one = {"name": "a", "extintf": "any", "extip": "198.51.100.70", "mappedip": [{"range": "198.51.100.71"}]}
    two = {"name": "b", "extintf": "any", "extip": "198.51.100.71", "mappedip": [{"range": "198.51.100.70"}]}
    rows = tables(LAST, firewall__vip=[one, two])
    assert states(rows, "internet does not reach 198.51.100.70") == ["kept"]


def test_a_network_of_any_size_is_not_listed_to_find_a_client_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def hosts(network: IPv4Network) -> Iterator[IPv4Address]:
        yield from (network[number] for number in range(1, 600))
        pytest.fail("more than a few hundred addresses were listed")

    monkeypatch.setattr(IPv4Network, "hosts", hosts)
    rows = tables(LAST, system__interface=[{"name": "lan", "ip": "10.0.0.1 255.0.0.0"}])
    assert states(rows, "interface:lan does not reach vpn-host:22") == ["kept"]
    assert str(gate(rows).clients_at("lan", ())) == "10.0.0.2"


def test_the_source_behind_is_not_known_where_a_policy_with_nat_may_have_let_it_pass() -> None:
    doubtful = rule(1, "accept", groups=names("students"), nat="enable")
    for rules, known in (
        ([doubtful, rule(2, "accept")], False),
        ([doubtful, rule(2, "accept", nat="enable")], True),
        ([rule(1, "accept", groups=names("students")), rule(2, "accept")], True),
        ([rule(1, "deny", groups=names("students")), rule(2, "accept")], True),
    ):
        source = gate(tables(*rules, LAST)).source_behind(Flow("all", SERVER, HTTPS), ("wan1", "dmz"))
        assert (source is not None) is known


def test_the_source_by_nat_is_not_known_where_the_interface_has_several_addresses() -> None:
    made = gate(with_dmz(rule(1, "accept", nat="enable"), **DMZ[0]))
    assert made.source_behind(Flow("all", SERVER, HTTPS), ("wan1", "dmz")) is None


def test_what_a_vip_that_is_not_read_makes_of_a_packet_is_not_known_to_the_next_hop() -> None:
    rows = tables(LAST, firewall__vip=[{"name": "v", "extip": "203.0.113.16-203.0.113.30", "mappedip": []}])
    assert gate(rows).translated(Flow("all", SERVER, HTTPS), ("wan1", "dmz")) is None


CLOSED = {"from": ["wan2"], "before": "last", "hosts": {"workstation": "203.0.113.21"}}


def lockouts(*rules: dict[str, Any], **more: Any) -> list[str]:
    rows = tables(*rules, LAST, **more)
    rows["system/interface"][1] = {
        "name": "wan2",
        "ip": "10.1.0.1 255.255.255.0",
        "secondaryip": [{"ip": "10.2.0.1/24"}],
    }
    rows["system/interface"].append({"name": "core", "ip": "10.0.0.1 255.0.0.0"})
    way = Path("SSH", IPv4Address("10.2.0.5"), IPv4Address("203.0.113.21"), SSH)
    return [str(found) for found in cut(case(rows, behindVpn=CLOSED), [way])]


def test_a_run_from_a_further_network_of_an_interface_is_not_locked_out() -> None:
    (found,) = lockouts()
    assert "vpn-only would close SSH (10.2.0.5" in found
    assert lockouts(rule(1, "accept", srcintf="wan2", service="ALL")) == []


def test_a_lockout_that_cannot_be_told_is_refused_and_said_not_to_be_certain() -> None:
    tag = [{"name": "tag", "type": "dynamic"}]
    (found,) = lockouts(rule(1, "accept", srcintf="wan2", srcaddr="tag"), firewall__address=tag)
    assert "vpn-only may close, because of rule 1 'r1' (tag: type dynamic), SSH (10.2.0.5" in found
