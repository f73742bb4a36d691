"""Each kind of object that a lab has on a FortiGate, as a resource of its provider."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pulumi

from components import fortios_types
from labvpn.plan.fortigate.service_swap import first_name
from labvpn.state.fortigate import Action, AddressGroup, AddressObject, Policy, ServiceObject, Vip

Made = TypeVar(
    "Made", fortios_types.Address, fortios_types.Addrgrp, fortios_types.Custom, fortios_types.Vip, fortios_types.Policy
)


@dataclass(frozen=True)
class ResourceFactory:
    """Makes resources with a component's name and options.

    `kept` are the policies that are protected from deletion, `retained` the objects that outlive the stack.
    """

    name: str
    prefix: str
    options: pulumi.ResourceOptions
    kept: Collection[str] = ()
    retained: Collection[str] = ()

    def label(self, name: str) -> str:
        """The name of an object's resource: without the prefix that the object has on the FortiGate."""
        return f"{self.name}-{name.removeprefix(f'{self.prefix}-')}"

    def _options(
        self, thing: AddressObject | AddressGroup | ServiceObject | Vip | Policy, after: Sequence[pulumi.Resource] = ()
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
            replace_on_changes=None if thing.adopts else ["name"],
        )
        return pulumi.ResourceOptions.merge(self.options, more)

    def _make(
        self,
        kind: type[Made],
        thing: AddressObject | AddressGroup | ServiceObject | Vip | Policy,
        declared: Mapping[str, Any],
        after: Sequence[pulumi.Resource] = (),
    ) -> Made:
        """An object as the program declares it; everything else of an adopted one stays as it is on the FortiGate."""
        known, first = (
            fortios_types.properties(kind),
            getattr(thing, "first", "") or thing.name or f"policy-{thing.adopts}",
        )
        again = {key.replace("-", "_"): value for key, value in thing.restated}
        given = {
            **declared,
            **{key: value for key, value in again.items() if key in known and declared.get(key) is None},
        }
        opts = self._options(thing, after)
        if thing.adopts:
            rest = [name for key, name in known.items() if given.get(key) is None]
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=rest))
        label = (
            {"SoftEther": "tcp"}.get(first_name(first), first_name(first)) if kind is fortios_types.Custom else first
        )
        return kind(self.label(label), **{"name": thing.name, **given}, opts=opts)

    def address(self, address: AddressObject) -> fortios_types.Address:
        """An address: a network, or a country."""
        network = address.networks[0].with_netmask.replace("/", " ") if address.networks else None
        declared = {
            "subnet": network,
            "type": None if network else "geography",
            "country": address.country or None,
            "comment": address.comment,
        }
        return self._make(fortios_types.Address, address, declared)

    def group(self, group: AddressGroup, addresses: Sequence[pulumi.Resource]) -> fortios_types.Addrgrp:
        """A group of addresses, after these."""
        members = [fortios_types.AddrgrpMemberArgs(name=name) for name in group.members]
        return self._make(fortios_types.Addrgrp, group, {"members": members, "comment": group.comment}, addresses)

    def service(self, one: ServiceObject) -> fortios_types.Custom:
        """A service of one transport, or of an IP protocol."""
        by_number = one.protocol is not None
        declared = {
            "tcp_portrange": one.tcp or None,
            "udp_portrange": one.udp or None,
            "protocol": "IP" if by_number else None,
            "protocol_number": one.protocol,
            "comment": one.comment,
        }
        return self._make(fortios_types.Custom, one, declared)

    def vip(self, vip: Vip) -> fortios_types.Vip:
        """An external address that maps to an internal one."""
        declared = {
            "extip": str(vip.outside),
            "extintf": vip.interface,
            "mappedips": [fortios_types.VipMappedipArgs(range=str(vip.mapped))],
            "comment": vip.comment,
        }
        return self._make(fortios_types.Vip, vip, declared)

    def policy(self, policy: Policy, after: Sequence[pulumi.Resource]) -> fortios_types.Policy:
        """A policy, after what it names."""
        declared = {
            "action": policy.action.value,
            "srcintfs": [fortios_types.PolicySrcintfArgs(name=name) for name in policy.from_interfaces],
            "dstintfs": [fortios_types.PolicyDstintfArgs(name=name) for name in policy.to_interfaces],
            "srcaddrs": [fortios_types.PolicySrcaddrArgs(name=name) for name in policy.sources],
            "dstaddrs": [fortios_types.PolicyDstaddrArgs(name=name) for name in policy.destinations],
            "services": [fortios_types.PolicyServiceArgs(name=name) for name in policy.services],
            "schedule": policy.schedule,
            "status": "enable",
            "nat": ("enable" if policy.nat else "disable") if policy.action is Action.ACCEPT else None,
            # A deny covers translated addresses too, which some versions of FortiOS require to be explicit.
            "match_vip": "enable" if policy.action is Action.DENY else None,
            "logtraffic": policy.log,
            "comments": policy.comment,
        }
        return self._make(fortios_types.Policy, policy, declared, after)
