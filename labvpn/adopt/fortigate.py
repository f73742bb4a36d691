"""The FortiGate's policy for the VPN, from the box's tables to the section `fortigate` with what is adopted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labvpn.adopt.found import Found
from labvpn.model.fortigate import FortiGate
from labvpn.model.lab import Lab
from labvpn.model.ports import Transport, of_transport
from labvpn.model.rules import ALL, Action, Address, Box, Policy, Service
from labvpn.render.fortigate import source_name, wanted


def fortigate(found: Found, host: str, vdom: str, box: Box, lab: Lab) -> None:
    """Add the section `fortigate`; without a policy that lets users dial there is none, and a remark."""
    policy = next(_dialling(box, lab), None)
    following = _next(box, policy) if policy else None
    if policy is None or following is None or not following.name:
        found.remarks.append(_lacking(host, policy))
        return
    section: dict[str, Any] = {
        "host": host,
        "vdom": vdom,
        "outside": list(policy.from_interfaces),
        "inside": policy.to_interfaces[0],
        "before": following.name,
        "sources": list(_sources(found, box, policy)),
        "schedule": policy.schedule,
        "log": policy.log,
    }
    section["adopt"] = _adopt(found, box, policy, FortiGate.model_validate(section), lab)
    found.sections["fortigate"] = section


def _dialling(box: Box, lab: Lab) -> Iterator[Policy]:
    """The policies that let somebody dial the server at one of its ports, the first of the box first."""
    for policy in box.policies:
        services = [service for service in box.services if service.name in policy.services]
        opened = {port for service in services for port in service.tcp.split()}
        dials = opened & set(map(str, of_transport(lab.vpn.ports, Transport.TCP)))
        if policy.active and policy.action is Action.ACCEPT and dials and _server(box, policy, lab):
            yield policy


def _server(box: Box, policy: Policy, lab: Lab) -> Address | None:
    """The address object of the server among a policy's destinations."""
    own = f"{lab.server.address}/32"
    named = (address for address in box.addresses if address.name in policy.destinations)
    return next((address for address in named if list(map(str, address.networks)) == [own]), None)


def _next(box: Box, policy: Policy) -> Policy | None:
    at = box.policies.index(policy) + 1
    return box.policies[at] if at < len(box.policies) else None


def _lacking(host: str, policy: Policy | None) -> str:
    if policy is None:
        why = "has no policy that lets users dial the server's address by an address object and services of its own"
    else:
        why = f"has {policy} with no named policy after it, before which the stack could place it"
    return f"The FortiGate {host} {why}; the stack leaves the box alone until you write its section"


def _sources(found: Found, box: Box, policy: Policy) -> Iterator[str]:
    """Who may dial, as the configuration has it."""
    known = {address.name: address for address in box.addresses}
    for name in policy.sources:
        address = known.get(name)
        if name == ALL or address is None:
            yield ALL
            if name != ALL:
                found.remarks.append(f"{policy} has the source {name}, a group or of a kind that the stack cannot tell")
        elif address.country:
            yield address.country
        else:
            yield from (str(network).removesuffix("/32") for network in address.networks)
    if len(policy.sources) > 1:
        found.remarks.append(f"The sources of {policy} become one group; the first `pulumi up` makes it")


def _adopt(found: Found, box: Box, policy: Policy, section: FortiGate, lab: Lab) -> dict[str, Any]:
    """Our name of each object: the box's."""
    objects = wanted(lab, section).objects
    addresses = {f"{section.prefix}-server": policy.destinations[0]}
    if section.sources != (ALL,):
        pairs = zip(section.sources, policy.sources, strict=False)
        addresses |= {source_name(section, source): name for source, name in pairs if source != ALL}
    theirs = {service.name: service for service in box.services if service.name in policy.services}
    services = dict(_same(objects.services, theirs))
    for ours in (service.name for service in objects.services if service.name not in services):
        found.remarks.append(f"No service of {policy} has just the ports of {ours}; the first `pulumi up` makes it")
    for name in sorted(set(policy.services) - set(services.values())):
        found.remarks.append(f"{policy} has the service {name}, which the first `pulumi up` takes out of it")
    return {"policies": {f"{section.prefix}-allow": policy.number}, "addresses": addresses, "services": services}


def _same(ours: tuple[Service, ...], theirs: Mapping[str, Service]) -> Iterator[tuple[str, str]]:
    for service in ours:
        ends = (set(service.tcp.split()), set(service.udp.split()), service.protocol)
        for name, there in theirs.items():
            if (set(there.tcp.split()), set(there.udp.split()), there.protocol) == ends:
                yield service.name, name
                break
