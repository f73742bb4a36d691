"""The lab's objects on a FortiGate: what each is called and what it says."""

from __future__ import annotations

from dataclasses import dataclass

from labvpn.model.fortigate import FortiGate
from labvpn.model.lab import Lab
from labvpn.model.ports import Transport, of_transport

COMMENT = "Managed by Pulumi (labvpn)"
"""Every object carries one, since FortiOS's provider cannot clear a service's comment again."""


@dataclass(frozen=True)
class Service:
    """A custom service of one transport; TCP and UDP stand apart, for removed UDP ports give no difference there."""

    name: str
    transport: Transport
    ports: str


@dataclass(frozen=True)
class Allow:
    """The policy that lets users in, and the policy before which it is placed."""

    name: str
    sources: tuple[str, ...]
    destination: str
    services: tuple[str, ...]
    from_interfaces: tuple[str, ...]
    to_interface: str
    before: str


@dataclass(frozen=True)
class Objects:
    """Everything that the lab has on its FortiGate."""

    address_name: str
    subnet: str
    services: tuple[Service, ...]
    allow: Allow


def objects(lab: Lab, box: FortiGate) -> Objects:
    """The FortiGate's objects of a lab."""
    services = tuple(_services(lab, box))
    address = f"{box.prefix}-server"
    allow = Allow(
        name=f"{box.prefix}-allow",
        sources=("all",),
        destination=address,
        services=tuple(service.name for service in services),
        from_interfaces=box.outside,
        to_interface=box.inside,
        before=box.before,
    )
    return Objects(address, f"{lab.server.address} 255.255.255.255", services, allow)


def _services(lab: Lab, box: FortiGate) -> list[Service]:
    names = {Transport.TCP: "SoftEther", Transport.UDP: f"{box.prefix}-udp"}
    numbers = {transport: of_transport(lab.vpn.ports, transport) for transport in Transport}
    return [
        Service(names[transport], transport, " ".join(map(str, found))) for transport, found in numbers.items() if found
    ]
