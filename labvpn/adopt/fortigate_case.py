"""What the configuration cannot express of a policy by which users dial, and what the first run changes in one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import collapse_addresses
from typing import Any

from labvpn.adopt.fortigate_way_in import WayIn
from labvpn.model.lab import Lab
from labvpn.parse.fortigate.extent import EVERYWHERE
from labvpn.parse.fortigate.shipped import SHIPPED
from labvpn.plan.fortigate.adopt import service_ends, users
from labvpn.plan.fortigate.order import listed
from labvpn.plan.fortigate.policy_table import PolicyTable
from labvpn.state.fortigate import ALL, Action, Inventory, Objects, Policy, ServiceObject

UP = "the first `pulumi up`"


@dataclass
class Case:
    """A FortiGate with a lab behind it, and what its policies do for the lab."""

    inventory: Inventory
    lab: Lab
    table: PolicyTable
    way_in: WayIn = field(init=False)

    def __post_init__(self) -> None:
        self.way_in = WayIn(self.inventory, self.lab, self.table)

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
        if not self.way_in.serves(policy):
            return f"the configuration cannot express what they may dial ({self.table.services.doubt(policy.services)})"
        for vip in self.way_in.vips(policy)[:1]:
            if vip.forwards or vip.unread:
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
        vips, server = self.way_in.vips(policy), self.way_in.server(policy)
        own = {one.name for one in (*vips, server) if one}
        others = [name for name in self.table.addresses.members(policy.destinations) if name not in own]
        if others:
            return f"it also has the destinations {', '.join(others)}"
        if len(policy.destinations) > max(1, len(vips)):
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
