"""Which policies of a FortiGate let users dial a lab's server, and by which of its interfaces they come from outside.

A policy that names the server, or a VIP for it, counts first. One that lets users dial it among others, or of which
that cannot be determined, is named where there is no such policy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from itertools import product

from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport, of_transport
from labvpn.parse.fortigate.extent import any_of
from labvpn.plan.fortigate.policy_table import Match, Packet, PolicyTable
from labvpn.state.fortigate import ALL, Action, AddressObject, Inventory, Policy, Vip


@dataclass(frozen=True)
class WayIn:
    """A FortiGate with a lab's server behind it, and its policies for those who dial it."""

    inventory: Inventory
    lab: Lab
    table: PolicyTable

    def policies(self) -> tuple[list[Policy], str]:
        """The policies by which users dial from outside, in their order, or why it cannot be told which they are.

        Of several interfaces, one is outside by which everyone may dial, or whose role on the FortiGate is `wan`.
        """
        named = self._from_outside(self._named())
        found = named or [one for one in self._among_others() if self._is_from_wan(one)]
        for is_outside in (self._is_for_everyone, self._is_from_wan):
            if len({frozenset(one.from_interfaces) for one in found}) > 1:
                found = [one for one in found if is_outside(one)] or found
        ends = {" and ".join(sorted(one.from_interfaces)) for one in found}
        if len(ends) > 1:
            return [], f"lets users dial from {', '.join(sorted(ends))}, and which of these is outside is not known"
        return (found, "") if found else ([], self._nearly())

    def others(self, policy: Policy) -> list[Policy]:
        """The other policies for the server, or for a VIP that leads to the same machine as one of a policy."""
        mapped = {vip.mapped for vip in self.vips(policy)}
        of_machine = {vip.name for vip in self.inventory.vips if vip.mapped in mapped and not vip.unread}
        named = self._named()
        return [
            one
            for one in self._accepting()
            if one is not policy and (one in named or (self._serves_at(one, of_machine) and self.serves(one)))
        ]

    def _serves_at(self, policy: Policy, names: set[str]) -> bool:
        held = set(self.table.addresses.members(policy.destinations))
        return bool(held & names) and "destinations" not in policy.negated

    def _accepting(self) -> list[Policy]:
        return [one for one in self.inventory.policies if one.active and one.action is Action.ACCEPT]

    def _named(self) -> list[Policy]:
        """The policies for the server itself at one of its ports; those of which that cannot be told if no other is."""
        to_server = [one for one in self._accepting() if self._names_server(one)]
        tried = [(one, self.serves(one)) for one in to_server]
        return [one for one, serves in tried if serves] or [one for one, serves in tried if serves is None]

    def _names_server(self, policy: Policy) -> bool:
        return "destinations" not in policy.negated and bool(self.server(policy) or self.vips(policy))

    def _among_others(self, answer: bool | None = True) -> list[Policy]:
        """The policies that let users dial the server among other machines, or may do so (None)."""
        return [one for one in self._accepting() if self._dials(one).answer is answer]

    def _nearly(self) -> str:
        """What lets users dial the server among others, or may do so; as a sentence about the FortiGate."""
        wide = self._from_outside(self._among_others())
        doubtful = self._from_outside(self._among_others(None))
        said = [f"{one} lets users dial it among others (destinations {' '.join(one.destinations)})" for one in wide]
        said += [
            f"whether {one} lets users dial it cannot be determined ({self._dials(one).reason})" for one in doubtful
        ]
        if not said:
            return "has no policy that lets users dial the server from outside"
        more = f"; and {len(said) - 3} more" if len(said) > 3 else ""
        return f"has no policy from outside for the server alone; {'; '.join(said[:3])}{more}"

    def _from_outside(self, policies: list[Policy]) -> list[Policy]:
        return [one for one in policies if self._is_from_wan(one) or not self._is_of_neighbours(one)]

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

    def serves(self, policy: Policy) -> bool | None:
        """Whether a policy's services have a port of the server; None where that cannot be determined."""
        held = [self.table.services.contains(policy.services, port) for port in self._ports]
        negated = "services" in policy.negated
        return any_of(one if one is None else one is not negated for one in held)

    @property
    def _ports(self) -> list[Port]:
        return [Port(one, Transport.TCP) for one in of_transport(self.lab.vpn.ports, Transport.TCP)]

    def _dials(self, policy: Policy) -> Match:
        """Whether somebody whom a policy lets in reaches a port of the server by it."""
        asked = replace(policy, sources=(ALL,), negated=policy.negated - {"sources"}, at_times=False)
        packets = (
            Packet(enters, leaves, ALL, self.lab.server.address, port)
            for enters, leaves, port in product(policy.from_interfaces, self._towards(policy), self._ports)
        )
        matches = [self.table.match(asked, packet) for packet in packets]
        doubt = next((each for each in matches if each.answer is None), Match(False))
        surely = next((each for each in matches if each.answer), None)
        if surely and not self._place:
            return Match(None, f"which interface leads to {self.lab.server.address} is not known")
        return surely or doubt

    @property
    def _place(self) -> str:
        return self.inventory.interface_at(self.lab.server.address)

    def _towards(self, policy: Policy) -> tuple[str, ...]:
        """The interfaces that a policy leads to, so far as the server is behind them."""
        names = self.table.addresses.members(policy.destinations)
        if any(name in self.table.vips for name in names):
            return policy.to_interfaces
        address, place = self.lab.server.address, self._place
        held = [
            vip for vip in self.inventory.vips if address == vip.outside or any(address in one for one in vip.outer)
        ]
        if any(place in ("", vip.interface) for vip in held):
            return ()  # It is an address outside, which a VIP has there.
        # One with NAT leads out to the internet.
        leads = () if policy.nat else policy.to_interfaces
        return (place,) if place else leads

    def inside(self, policy: Policy) -> str:
        """The interface of a policy behind which the server is; its first one where no network says so."""
        vips, among = self.vips(policy), self.table.topology.among
        place = self.inventory.interface_at(vips[0].mapped if vips else self.lab.server.address)
        return next((one for one in policy.to_interfaces if place and among(place, (one,))), policy.to_interfaces[0])

    def server(self, policy: Policy) -> AddressObject | None:
        """The address object that is the server alone, among a policy's destinations and their groups."""
        names = self.table.addresses.members(policy.destinations)
        own = IPv4Network(self.lab.server.address)
        exact = (one for one in self.inventory.addresses if one.networks == (own,) and not one.unread)
        return next((one for one in exact if one.name in names), None)

    def vips(self, policy: Policy) -> list[Vip]:
        """The VIPs under which the server is dialled, among a policy's destinations.

        The first is that of the server's address; the others lead to the same machine at other interfaces.
        """
        names = self.table.addresses.members(policy.destinations)
        at = self.table.topology.among
        held = [
            vip
            for vip in self.inventory.vips
            if vip.name in names and at(vip.interface, policy.from_interfaces) is not False
        ]
        first = next((vip for vip in held if vip.outside == self.lab.server.address), None)
        if first is None:
            return []
        found = {first.interface: first}
        for vip in held:
            plain = not (vip.unread or vip.forwards or first.unread or first.forwards)
            if plain and vip.mapped == first.mapped and "any" not in (vip.interface, first.interface):
                found.setdefault(vip.interface, vip)
        return list(found.values())
