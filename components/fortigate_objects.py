"""Each kind of object that a lab has on a FortiGate, as a resource of its provider."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pulumi

from components import fortios_types as types
from labvpn.plan.fortigate.service_swap import first_name
from labvpn.state.fortigate import Action, AddressGroup, AddressObject, Objects, Policy, ServiceObject, Vip

Made = TypeVar("Made", types.Address, types.AddressGroup, types.Service, types.Vip, types.Policy)
Thing = AddressObject | AddressGroup | ServiceObject | Vip | Policy


@dataclass(frozen=True)
class ResourceFactory:
    """Makes resources of a package with a component's name and options.

    `kept` are the policies that are protected from deletion, `retained` the objects that outlive the stack, `names`
    all that are declared.
    """

    name: str
    prefix: str
    package: types.Package
    options: pulumi.ResourceOptions
    kept: Collection[str] = ()
    retained: Collection[str] = ()
    names: Mapping[types.Kind, Collection[str]] = field(default_factory=dict)

    def label(self, name: str, kind: types.Kind = types.Kind.POLICY) -> str:
        """The name of an object's resource: without the prefix that the object has on the FortiGate.

        An adopted object that has the name of another of ours without its prefix is marked.
        """
        short = f"{self.name}-{name.removeprefix(f'{self.prefix}-')}"
        return f"{short}-other" if f"{self.prefix}-{name}" in self.names.get(kind, ()) else short

    def _options(
        self, thing: Thing, after: Sequence[pulumi.Resource], ignored: Sequence[str]
    ) -> pulumi.ResourceOptions:
        """Existing objects are imported; adopted ones are retained when the stack is destroyed.

        `Cleanup` removes policies of ours, after checking whose they are. What an adopted policy names is retained
        with it.
        """
        stays = bool(thing.adopts) or isinstance(thing, Policy) or thing.name in self.retained
        more = pulumi.ResourceOptions(
            import_=thing.adopts or thing.existing or None,
            retain_on_delete=stays or None,
            protect=thing.name in self.kept or None,
            depends_on=list(after),
            # Neither package can rename an object, though FortiOS could.
            replace_on_changes=None if thing.adopts else ["name"],
            ignore_changes=list(ignored) or None,
        )
        return pulumi.ResourceOptions.merge(self.options, more)

    def _make(
        self, kind: type[Made], thing: Thing, declared: Mapping[str, Any], after: Sequence[pulumi.Resource] = ()
    ) -> Made:
        """An object as the program declares it; everything else of an adopted one stays as it is on the FortiGate."""
        first = getattr(thing, "first", "") or thing.name or f"policy-{thing.adopts}"
        given = {"name": thing.name, **declared, **self._again(kind, thing, declared)}
        ignored = self._unstated(thing, given) if thing.adopts else self._unchanged(kind, thing)
        label = {"SoftEther": "tcp"}.get(first_name(first), first_name(first)) if kind is types.Service else first
        return kind(self.label(label, kind.kind), self.package, given, self._options(thing, after, ignored))

    def _again(self, kind: type[Made], thing: Thing, declared: Mapping[str, Any]) -> Mapping[str, str]:
        """What the FortiGate has to be told once more, as far as the type takes it."""
        said = {key.replace("-", "_"): value for key, value in thing.restated}
        known = self.package.settable(kind.kind) if said else None
        return {
            key: value for key, value in said.items() if declared.get(key) is None and (known is None or key in known)
        }

    def _unchanged(self, kind: type[Made], thing: Thing) -> Sequence[str]:
        return self.package.unchanged(kind.kind, {key for key, _ in thing.extras})

    def _unstated(self, thing: Thing, given: Mapping[str, Any]) -> list[str]:
        """What the FortiGate shows of an object and the program leaves out, by the names of a value and of a list."""
        stated = {types.camel(key) for key, value in given.items() if value is not None}
        found = {name for key in thing.visible for name in _properties(key)}
        return sorted(found - stated)

    def address(self, address: AddressObject) -> types.Address:
        """An address: a network, or a country."""
        network = address.networks[0].with_netmask.replace("/", " ") if address.networks else None
        declared: types.AddressArgs = {
            "subnet": network,
            "type": None if network else "geography",
            "country": address.country or None,
            "comment": address.comment,
        }
        return self._make(types.Address, address, declared)

    def group(self, group: AddressGroup, addresses: Sequence[pulumi.Resource]) -> types.AddressGroup:
        """A group of addresses, after these."""
        declared: types.GroupArgs = {"members": _names(group.members), "comment": group.comment}
        return self._make(types.AddressGroup, group, declared, addresses)

    def service(self, one: ServiceObject) -> types.Service:
        """A service of one transport, or of an IP protocol."""
        declared: types.ServiceArgs = {
            "tcp_portrange": one.tcp or None,
            "udp_portrange": one.udp or None,
            "protocol": "IP" if one.protocol is not None else None,
            "protocol_number": one.protocol,
            "comment": one.comment,
        }
        return self._make(types.Service, one, declared)

    def vip(self, vip: Vip) -> types.Vip:
        """An external address that maps to an internal one."""
        declared: types.VipArgs = {
            "extip": str(vip.outside),
            "extintf": vip.interface,
            "mappedips": [{"range": str(vip.mapped)}],
            "comment": vip.comment,
        }
        return self._make(types.Vip, vip, declared)

    def policy(self, policy: Policy, after: Sequence[pulumi.Resource]) -> types.Policy:
        """A policy, after what it names."""
        declared: types.PolicyArgs = {
            "action": policy.action.value,
            "srcintfs": _names(policy.from_interfaces),
            "dstintfs": _names(policy.to_interfaces),
            "srcaddrs": _names(policy.sources),
            "dstaddrs": _names(policy.destinations),
            "services": _names(policy.services),
            "schedule": policy.schedule,
            "status": "enable",
            "nat": ("enable" if policy.nat else "disable") if policy.action is Action.ACCEPT else None,
            # A deny covers translated addresses too, which some versions of FortiOS require to be explicit.
            "match_vip": "enable" if policy.action is Action.DENY else None,
            "logtraffic": policy.log,
            "comments": policy.comment,
        }
        return self._make(types.Policy, policy, declared, after)


def names_of(objects: Objects) -> Mapping[types.Kind, Collection[str]]:
    """The names of each kind of objects, the first one of those that have two."""
    things: Mapping[types.Kind, Sequence[Thing]] = {
        types.Kind.ADDRESS: objects.addresses,
        types.Kind.GROUP: objects.groups,
        types.Kind.SERVICE: objects.services,
        types.Kind.VIP: objects.vips,
        types.Kind.POLICY: objects.policies,
    }
    return {kind: {getattr(one, "first", "") or one.name for one in held} for kind, held in things.items()}


def paths_of(objects: Objects) -> Iterator[tuple[str, str]]:
    """Where FortiOS's REST API has each object but the policies, with its name."""
    things: Mapping[str, Sequence[Thing]] = {
        "firewall/address": objects.addresses,
        "firewall/addrgrp": objects.groups,
        "firewall.service/custom": objects.services,
        "firewall/vip": objects.vips,
    }
    yield from ((f"{table}/{one.name}", one.name) for table, held in things.items() for one in held)


def _names(names: Iterable[str]) -> types.Names:
    return [{"name": name} for name in names]


def _properties(key: str) -> tuple[str, str]:
    """A key of FortiOS as a property: a single value, or a list."""
    name = {"id": "fosid"}.get(key) or types.camel(key)  # `id` is taken by Pulumi
    return name, types.plural(name)
