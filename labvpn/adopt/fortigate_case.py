"""What a FortiGate's policies do for a lab: which let users dial, and what the configuration cannot express."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, collapse_addresses
from typing import Any

from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport, of_transport
from labvpn.parse.fortigate.extent import EVERYWHERE, any_of
from labvpn.parse.fortigate.shipped import SHIPPED
from labvpn.plan.fortigate.adopt import service_ends, users
from labvpn.plan.fortigate.order import listed
from labvpn.plan.fortigate.policy_table import PolicyTable
from labvpn.state.fortigate import ALL, Action, AddressObject, Inventory, Objects, Policy, ServiceObject, Vip

UP = "the first `pulumi up`"


@dataclass
class Case:
    """A FortiGate with a lab behind it, and what its policies do for the lab."""

    inventory: Inventory
    lab: Lab
    table: PolicyTable
    own: IPv4Network = field(init=False)

    def __post_init__(self) -> None:
        self.own = IPv4Network(self.lab.server.address)

    def way_in(self) -> tuple[Policy | None, str]:
        """The policy by which users dial from outside, or why it cannot be told which one it is.

        Of several interfaces, one is outside by which everyone may dial, or whose role on the FortiGate is `wan`.
        """
        found = [one for one in self.dialling() if self._is_from_wan(one) or not self._is_of_neighbours(one)]
        for is_outside in (self._is_for_everyone, self._is_from_wan):
            if len({frozenset(one.from_interfaces) for one in found}) > 1:
                found = [one for one in found if is_outside(one)] or found
        ends = {" and ".join(sorted(one.from_interfaces)) for one in found}
        if len(ends) > 1:
            return None, f"lets users dial from {', '.join(sorted(ends))}, and which of these is outside is not known"
        if not found:
            return None, "has no policy that lets users dial the server from outside by services of its own"
        return found[0], ""

    def _is_of_neighbours(self, policy: Policy) -> bool:
        """Whether only those may dial who are in the networks of the interfaces by which they enter."""
        entered = {name for each in policy.from_interfaces for name in self.table.topology.expand(each)}
        near = [one for each in self.inventory.interfaces if each.name in entered for one in each.networks]
        sources = self.table.addresses.extent(policy.sources)
        inside = all(any(one.subnet_of(network) for network in near) for one in sources.networks)
        return policy.plain and bool(sources.networks) and not sources.unknown and inside

    def _is_for_everyone(self, policy: Policy) -> bool:
        within = self.table.addresses.contains(policy.sources, ALL)
        return within is None or within is not ("sources" in policy.negated)

    def _is_from_wan(self, policy: Policy) -> bool:
        entered = {name for each in policy.from_interfaces for name in self.table.topology.expand(each)}
        return entered <= {each.name for each in self.inventory.interfaces if each.role == "wan"}

    def dialling(self) -> list[Policy]:
        """The policies that let users dial the server at one of its ports, in their order.

        Those of which that cannot be told count where there are no others.
        """
        led = [one for one in self.inventory.policies if one.active and one.action is Action.ACCEPT]
        tried = [(one, self._dials(one)) for one in led if self._is_to_server(one)]
        return [one for one, dials in tried if dials] or [one for one, dials in tried if dials is None]

    def _dials(self, policy: Policy) -> bool | None:
        ports = of_transport(self.lab.vpn.ports, Transport.TCP)
        return any_of(self.table.services.contains(policy.services, Port(one, Transport.TCP)) for one in ports)

    def _is_to_server(self, policy: Policy) -> bool:
        return bool(self._server(policy) or self.vip(policy))

    def _server(self, policy: Policy) -> AddressObject | None:
        """The address object that is the server alone, among a policy's destinations and their groups."""
        names = self.table.addresses.members(policy.destinations)
        exact = (one for one in self.inventory.addresses if one.networks == (self.own,) and not one.unread)
        return next((one for one in exact if one.name in names), None)

    def vip(self, policy: Policy) -> Vip | None:
        """The VIP under which the server is dialled, among a policy's destinations."""
        names = self.table.addresses.members(policy.destinations)
        dialled = (one for one in self.inventory.vips if one.outside == self.lab.server.address)
        return next((one for one in dialled if one.name in names), None)

    def following(self, policy: Policy) -> Policy | None:
        """The policy right after one."""
        at = self.inventory.policies.index(policy) + 1
        return self.inventory.policies[at] if at < len(self.inventory.policies) else None

    def unsayable(self, policy: Policy) -> str:
        """Why not even a policy of our own could express who may dial and where; empty where it can."""
        words = [*policy.unread, *(f"{part} negated" for part in sorted(policy.negated))]
        if words:
            return f"it has what the configuration cannot express ({', '.join(words)})"
        if doubt := self._unsayable_source(policy.sources):
            return f"the configuration cannot express who may dial ({doubt})"
        if not self._dials(policy):
            return f"the configuration cannot express what they may dial ({self.table.services.doubt(policy.services)})"
        vip = self.vip(policy)
        if vip and (vip.forwards or vip.unread):
            ports = f"it forwards only {' '.join(vip.forwards)}" if vip.forwards else ", ".join(vip.unread)
            return f"the configuration cannot express its VIP '{vip.name}' ({ports})"
        if self.inventory.doubt:
            return self.inventory.doubt
        return ""

    def _unsayable_source(self, names: tuple[str, ...]) -> str:
        known = {address.name: address for address in self.inventory.addresses}
        groups = {group.name: group for group in self.inventory.groups}
        for name in self.table.addresses.members(names):
            address, group = known.get(name), groups.get(name)
            if address and (address.unread or not (address.networks or address.country)):
                return f"source {name}: {', '.join(address.unread) or address.host}"
            if group and (group.unread or group.without):
                return f"source {name}: {', '.join(group.unread) or 'it excludes ' + ' '.join(group.without)}"
            if not address and not group and name != ALL:
                return f"source {name}: it is none of the addresses and groups that were read"
        return ""

    def sources(self, policy: Policy) -> list[str]:
        """Who may dial, as the configuration has it: each network once, and none inside another."""
        known = {address.name: address for address in self.inventory.addresses}
        members = self.table.addresses.members(policy.sources)
        held = [known[name] for name in members if name in known]
        networks = list(dict.fromkeys(network for one in held for network in one.networks))
        countries = list(dict.fromkeys(one.country for one in held if one.country))
        if EVERYWHERE in networks or (ALL in members and ALL not in known):
            return [ALL]
        outer = [one for one in networks if not any(one != wide and one.subnet_of(wide) for wide in networks)]
        if list(collapse_addresses(networks)) == [EVERYWHERE]:
            return [ALL]
        return [*(str(network).removesuffix("/32") for network in outer), *countries]

    def not_adopted(self, policy: Policy) -> str:
        """Why a policy cannot be adopted as it is, though ours can express who may dial; empty where it can."""
        server, vip = self._server(policy), self.vip(policy)
        own = {one.name for one in (server, vip) if one}
        others = [name for name in self.table.addresses.members(policy.destinations) if name not in own]
        if others:
            return f"it also has the destinations {', '.join(others)}"
        if len(policy.destinations) > 1:
            return f"it names the server twice: {', '.join(policy.destinations)}"
        if len(policy.to_interfaces) > 1:
            return f"it leads to {', '.join(policy.to_interfaces)}"
        return self._more_services(policy)

    def end(self, policy: Policy) -> str:
        """When a policy ends by its own date, in the FortiGate's words; empty where it does not."""
        return " ".join(f"{key} {value}" for key, value in policy.extras if key == "policy-expiry-date")

    def settings_of(self, policy: Policy) -> list[str]:
        """What a policy has that one of our own beside it has not, such as an inspection of what passes."""
        more = [f"{key} {value}" for key, value in policy.extras]
        return [*(["nat enable"] if policy.nat else []), *more]

    def _more_services(self, policy: Policy) -> str:
        """What a policy lets in besides the VPN."""
        served = self.table.services.span(policy.services)
        ports = {(port.transport.value, port.number) for port in self.lab.vpn.ports}
        esp = self.lab.vpn.protocols.esp
        more = sorted(
            f"{low}-{high}/{kind}" if low != high else f"{low}/{kind}" if kind in ("tcp", "udp") else f"protocol {kind}"
            for kind, low, high in served.spans
            if not ((kind == "50" and esp) or all((kind, number) in ports for number in range(low, high + 1)))
        )
        named = [*more, *sorted(served.unknown)]
        return f"it lets in more than the VPN: {', '.join(named[:6])}" if named else ""

    def services(self, names: set[str]) -> list[ServiceObject]:
        """The services of these names that consist of nothing but ports or a protocol."""
        plain = (one for one in self.inventory.services if one.name in names and not one.unread)
        return [one for one in plain if one.name not in SHIPPED]

    def changes(self, policy: Policy, objects: Objects, pairs: dict[str, dict[str, Any]]) -> Iterator[str]:
        """What the first run would change in an adopted policy, though it keeps its meaning or covers more."""
        taken = {kind: set(names.values()) for kind, names in pairs.items() if kind != "policies"}
        lacking = [one for one in objects.services if one.name not in pairs.get("services", {})]
        named = SHIPPED & set(policy.services)
        shipped = {service_ends(one): one.name for one in self.inventory.services if one.name in named}
        for one in lacking:
            there = shipped.get(service_ends(one), "")
            but = (
                f"but {there}, which FortiOS comes with and which is not adopted, " if there in policy.services else ""
            )
            yield f"No service of {policy} {but}has just the ports of {one.name}; {UP} creates it"
        for name in sorted(set(policy.services) - taken.get("services", set())):
            yield f"{policy} has the service {name}, which {UP} removes from it"
        for name in sorted({*policy.destinations} - taken.get("addresses", set()) - taken.get("vips", set())):
            yield f"{policy} has the destination {name}, which {UP} replaces with an object of its own"
        yield from self._regrouped(policy, objects, taken)
        mine = {str(policy.number), *self.table.addresses.members((*policy.sources, *policy.destinations))}
        for kind, table in (("addresses", self.inventory.addresses), ("services", self.inventory.services)):
            for name in sorted(taken.get(kind, ())):
                others = users(self.inventory, next(one for one in table if one.name == name), mine)
                if others:
                    yield f"{name} is also used by {listed(others)}: a change of it is refused later (docs/adopt.md)"

    def _regrouped(self, policy: Policy, objects: Objects, taken: dict[str, set[str]]) -> Iterator[str]:
        allow = next(one for one in objects.policies if one.action is Action.ACCEPT)
        adopted = taken.get("addresses", set()) | taken.get("groups", set()) | {ALL}
        if set(policy.sources) <= adopted and len(policy.sources) == 1:
            return
        if objects.groups and not taken.get("groups"):
            yield f"The sources of {policy} become one group; {UP} creates it"
        elif set(policy.sources) - adopted or len(policy.sources) != len(allow.sources):
            ours = ", ".join(allow.sources)
            yield f"{policy} has the sources {', '.join(policy.sources)}; {UP} replaces them with {ours}"
