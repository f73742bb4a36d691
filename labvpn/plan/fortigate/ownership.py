"""Whose the objects on a FortiGate are: this stack's, or those of others, such as another stack with the same comment.

The comment alone does not say it: other stacks write it too, and a copy of an object keeps it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from labvpn.model.fortigate import FortiGate
from labvpn.model.problems import Problem
from labvpn.plan.fortigate.adopt import Object, meaning, pairs, policy_of, users
from labvpn.plan.fortigate.service_swap import first_name, renamed
from labvpn.state.fortigate import COMMENT, AddressGroup, DesiredFortiGate, Inventory, Policy

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
        ours = (f"{self.prefix}-", BARE)
        known = one.name.startswith(ours) if self.recorded is None else one.name in self.recorded
        return one.comment == COMMENT and known

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
                used = f"is also used by {', '.join(others)} and would change for them"
                yield Problem(f"fortigate.adopt.{kind}", f"'{one.name}' {used}; {remedy}")
            elif one.existing and self._is_of_another_stack(there):
                has = f"the FortiGate has '{one.name}', which another stack made: it says something else"
                remedy = "choose another fortigate.prefix, or delete it there if nobody needs it"
                yield Problem("fortigate", f"{has}, and this stack's state does not have it; {remedy}")
            elif one.existing and others:
                remedy = "let them use an object of their own, then run this again"
                used = f"is also used by {', '.join(others)} and would change for them"
                yield Problem("fortigate", f"'{one.name}' of this stack {used}; {remedy}")

    def _is_of_another_stack(self, there: Object) -> bool:
        """Whether an object with our name and comment is not in our state; what a cut-off run made is as declared."""
        return self.recorded is not None and not {there.name, first_name(there.name)} & set(self.recorded)
