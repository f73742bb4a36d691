"""The rehearsal's network on paper: it must hold together before any namespace is made."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

import pytest

from rehearsal import names, network
from rehearsal.network import MACHINES, Machine

DOCUMENTATION = [IPv4Network(text) for text in ("198.51.100.0/24", "203.0.113.0/24", "100.64.0.0/10")]


def interfaces(machine: Machine) -> list[tuple[str, IPv4Interface]]:
    return [(link.bridge, IPv4Interface(address)) for link in machine.links for address in link.addresses]


ALL = [pair for machine in MACHINES for pair in interfaces(machine)]


def test_no_address_is_given_twice() -> None:
    addresses = [interface.ip for _, interface in ALL]
    assert len(addresses) == len(set(addresses))


def test_every_address_is_of_a_range_that_belongs_to_nobody() -> None:
    assert all(any(interface.ip in net for net in DOCUMENTATION) for _, interface in ALL)


def test_one_bridge_carries_one_network_and_no_network_overlaps() -> None:
    by_bridge = {bridge: {interface.network for name, interface in ALL if name == bridge} for bridge, _ in ALL}
    assert set(by_bridge) == set(network.BRIDGES)
    nets = [net for found in by_bridge.values() for net in found]
    assert len(nets) == len(network.BRIDGES)
    assert not any(one.overlaps(other) for one in nets for other in nets if one is not other)


@pytest.mark.parametrize("machine", [each for each in MACHINES if each.gateway], ids=lambda each: str(each.name))
def test_every_gateway_is_a_router_on_the_same_bridge(machine: Machine) -> None:
    gateway = IPv4Address(machine.gateway or "")
    routers = {interface.ip: bridge for each in MACHINES if each.forwards for bridge, interface in interfaces(each)}
    assert routers[gateway] in {link.bridge for link in machine.links}


def test_the_fortigates_interfaces_have_the_names_of_its_policies() -> None:
    assert [link.interface for link in network.machine("fortigate").links] == ["wan1", "dmz", "campus"]


def test_ports_of_bridges_have_names_that_the_kernel_takes_and_tells_apart() -> None:
    ports = [network.port(each, link) for each in MACHINES for link in each.links]
    assert len(ports) == len(set(ports))
    assert max(map(len, ports)) <= 15


def test_an_unknown_machine_is_an_error() -> None:
    with pytest.raises(KeyError):
        network.machine("moon")


def test_the_name_servers_have_addresses_of_their_machine() -> None:
    held = {str(interface.ip) for _, interface in interfaces(network.machine("names"))}
    assert {network.RESOLVER, network.PRIMARY, network.ROOT} < held


def test_the_key_may_update_one_name_and_one_type(tmp_path: Path) -> None:
    names.place(tmp_path, "c2VjcmV0")
    text = (tmp_path / "primary/named.conf").read_text()
    zone = next(line for line in text.splitlines() if line.startswith('zone "lab.example"'))
    assert [grant for grant in zone.split("grant ")[1:] if grant.startswith("labvpn ")] == [
        "labvpn name vpn.lab.example. A; "
    ]
    assert all(" TXT; " in grant for grant in zone.split("grant ")[1:] if not grant.startswith("labvpn "))
    assert "c2VjcmV0" not in (tmp_path / "root/named.conf").read_text() + (tmp_path / "resolver/named.conf").read_text()
    assert (tmp_path / "primary").stat().st_mode & 0o777 == 0o700
