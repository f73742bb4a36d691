"""Whose the objects on a FortiGate are: this stack's, or those of others, such as another stack with the same comment.

The comment alone does not say it: other stacks write it too, and a copy of an object keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from labvpn.model.fortigate import FortiGate
from labvpn.model.problems import Problem
from labvpn.plan.fortigate.adopt import Object, meaning, pairs, policy_of, users
from labvpn.plan.fortigate.order import listed
from labvpn.plan.fortigate.service_swap import first_name, renamed
from labvpn.state.fortigate import COMMENT, AddressGroup, DesiredFortiGate, Inventory, Objects, Policy, ServiceObject

BARE = "SoftEther"
"""The one name of ours without the prefix; a stack with a prefix of its own leaves it to whoever has it."""

DEFAULT = "vpn-tcp"
"""Its name with the default prefix, which is never taken."""


@dataclass(frozen=True)
class Ownership:
    """What is this stack's: what it declares, and what its state has; where no state was read, what has its prefix."""

    declared: frozenset[str]
    adopted: frozenset[str]
    prefix: str
    recorded: Collection[str] | None
    actual: Inventory

    @classmethod
    def of(
        cls, rendered: DesiredFortiGate, actual: Inventory, settings: FortiGate, recorded: Collection[str] | None
    ) -> Ownership:
        """From what the lab renders, under the names of its own."""
        objects = rendered.objects
        adopt = settings.adopt
        found = [policy_of(actual, key) for key in adopt.policies.values()]
        adopted = {str(one.number) for one in found if one} | set(adopt.groups.values())
        named: tuple[Policy | AddressGroup, ...] = (*objects.policies, *objects.groups)
        return cls(
            frozenset(first_name(one.name) for one in named), frozenset(adopted), settings.prefix, recorded, actual
        )

    def has(self, one: Policy | AddressGroup) -> bool:
        """Whether a policy or group is this stack's, or adopted by it."""
        if (str(one.number) if isinstance(one, Policy) else one.name) in self.adopted:
            return True
        return first_name(one.name) in self.declared or self.made(one)

    def made(self, one: Object | Policy) -> bool:
        """Whether the stack made an object, declared or no longer."""
        if one.comment != COMMENT or self.recorded is not None:
            return one.comment == COMMENT and one.name in (self.recorded or ())
        bare = isinstance(one, ServiceObject) and one.name.startswith(BARE) and not self.is_theirs(one)
        return one.name.startswith(f"{self.prefix}-") or bare

    @cached_property
    def _mine(self) -> frozenset[str]:
        """The policies by their ids and the groups by their names, as `users` leaves them out."""
        groups = {one.name for one in self.actual.groups if self.has(one)}
        return frozenset(groups | {str(one.number) for one in self.actual.policies if self.has(one)})

    def others(self, thing: Object) -> list[str]:
        """What else on the FortiGate uses an object, besides this stack's policies and groups."""
        return users(self.actual, thing, self._mine)

    @cached_property
    def used(self) -> frozenset[str]:
        """The names that this stack's policies and groups use on the FortiGate now."""
        policies = [one for one in self.actual.policies if one.comment == COMMENT and self.has(one)]
        names = {name for one in policies for name in (*one.sources, *one.destinations, *one.services)}
        groups = [one for one in self.actual.groups if one.comment == COMMENT and self.has(one)]
        return frozenset(names | {name for one in groups for name in one.members})

    def is_theirs(self, thing: Object) -> bool:
        """Whether an object with a name of ours is somebody else's."""
        if thing.name in self.used or thing.name in (self.recorded or ()):
            return False
        return thing.comment != COMMENT or bool(self.others(thing))

    def under_free_name(self, rendered: DesiredFortiGate) -> DesiredFortiGate:
        """What is declared, with the prefix on the one name without it, where that is somebody else's."""
        own = f"{self.prefix}-tcp"
        there: tuple[Object, ...] = (*self.actual.services, *self.actual.service_groups)
        bare = [one for one in there if one.name == BARE]
        kept = any(first_name(one.name) == own and one.comment == COMMENT for one in self.actual.services)
        if own == DEFAULT or not (kept or any(map(self.is_theirs, bare))):
            return rendered
        return renamed(rendered, {BARE: own})

    def problems(self, desired: DesiredFortiGate) -> Iterator[Problem]:
        """What a run would change for others: objects of ours that they use too, and those of another stack."""
        for kind, one, there in pairs(desired.objects, self.actual):
            others = self.others(there)
            if meaning(one) == meaning(there):
                continue
            if one.adopts and others:
                remedy = "remove that line, and the stack creates its own, or change it there by hand"
                used = f"is also used by {listed(others)} and would change for them"
                yield Problem(f"fortigate.adopt.{kind}", f"'{one.name}' {used}; {remedy}")
            elif one.existing and self._is_of_another_stack(there):
                has = f"the FortiGate has '{one.name}', which another stack made: it says something else"
                remedy = "choose another fortigate.prefix, or delete it there if nobody needs it"
                yield Problem("fortigate", f"{has}, and this stack's state does not have it; {remedy}")
            elif one.existing and others:
                remedy = "let them use an object of their own, then run this again"
                used = f"is also used by {listed(others)} and would change for them"
                yield Problem("fortigate", f"'{one.name}' of this stack {used}; {remedy}")

    def shared(self, desired: DesiredFortiGate) -> dict[str, list[str]]:
        """The objects of this stack on the FortiGate that others use too, with who does; a group with its members."""
        ours = {one.name for one in _objects(desired.objects) if not one.adopts}
        held = [one for one in _objects(self.actual) if one.name in ours or self.made(one)]
        found = {one.name: others for one in held if (others := self.others(one))}
        for group in self.actual.groups:
            if group.name in found:
                found |= {one.name: [f"group '{group.name}'"] for one in held if one.name in group.members}
        return found

    def left(self, desired: DesiredFortiGate) -> Objects:
        """The objects of this stack that are no longer declared, and stay as they are while others use them."""
        shared = self.shared(desired).keys() - {one.name for one in _objects(desired.objects)}
        there = self.actual
        return Objects(
            tuple(replace(one, adopts=one.name) for one in there.addresses if one.name in shared),
            tuple(replace(one, adopts=one.name) for one in there.groups if one.name in shared),
            tuple(replace(one, adopts=one.name) for one in there.services if one.name in shared),
            tuple(replace(one, adopts=one.name) for one in there.vips if one.name in shared),
        )

    def with_left(self, made: DesiredFortiGate, desired: DesiredFortiGate) -> DesiredFortiGate:
        """What is given to the engine, with what stays for others."""
        left, objects = self.left(desired), made.objects
        together = replace(
            objects,
            addresses=(*objects.addresses, *left.addresses),
            groups=(*objects.groups, *left.groups),
            services=(*objects.services, *left.services),
            vips=(*objects.vips, *left.vips),
        )
        return replace(made, objects=together)

    def unkept(self, desired: DesiredFortiGate) -> Iterator[Problem]:
        """What others use and a run would delete: its place in the state is that of an object with another name."""
        names = {first_name(one.name) for one in _objects(desired.objects)}
        users_ = self.shared(desired)
        for one in _objects(self.left(desired)):
            first = first_name(one.name)
            if first in names or not (first == BARE or first.startswith(f"{self.prefix}-")) or one.unread:
                used = f"is still used by {listed(users_[one.name])} and would be deleted"
                remedy = "let them use an object of their own, then run this again"
                yield Problem("fortigate", f"'{one.name}' of this stack {used}; {remedy}")

    def sentences(self, desired: DesiredFortiGate) -> Iterator[str]:
        """Who else uses objects of this stack, and what becomes of these."""
        left = {one.name for one in _objects(self.left(desired))}
        for name, others in self.shared(desired).items():
            then = "is no longer needed here, and stays as it is for them" if name in left else "stays there with them"
            when = "" if name in left else " when the stack is destroyed"
            yield f"'{name}' of this stack is also used by {listed(others)}: it {then}{when}"

    def _is_of_another_stack(self, there: Object) -> bool:
        """Whether an object with our name and comment is not in our state; what a cut-off run made is as declared."""
        return self.recorded is not None and not {there.name, first_name(there.name)} & set(self.recorded)


def _objects(held: Objects) -> tuple[Object, ...]:
    return (*held.addresses, *held.groups, *held.services, *held.vips)
