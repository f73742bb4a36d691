"""What a run would do on a lab's FortiGate: one value, made once, that answers every question about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from labvpn.model.fortigate import FortiGate
from labvpn.model.fortios_provider import Provider
from labvpn.model.lab import Lab
from labvpn.model.problems import Problem
from labvpn.parse.fortigate.tables import FortiGateSnapshot, Path
from labvpn.plan.fortigate import checks, impact, other_policies, vips
from labvpn.plan.fortigate.adopt import adopted
from labvpn.plan.fortigate.comparison import Comparison
from labvpn.plan.fortigate.diff import Thing, drifted, facts, planned
from labvpn.plan.fortigate.ownership import BARE, Ownership
from labvpn.plan.fortigate.providers import Fit, fit
from labvpn.plan.fortigate.service_swap import swapped, under_actual_names, under_names
from labvpn.state.fortigate import COMMENT, DesiredFortiGate, Inventory


@dataclass(frozen=True)
class FortiGatePlan:
    """What is declared and what the FortiGate has, compared; what cannot be adopted; the paths that a run needs.

    `rendered` is what the lab renders, before it takes the names of what is adopted.
    """

    compared: Comparison
    owned: Ownership
    rendered: DesiredFortiGate
    unadoptable: tuple[Problem, ...] = ()
    paths: tuple[Path, ...] = ()

    @classmethod
    def of(
        cls,
        lab: Lab,
        settings: FortiGate,
        rendered: DesiredFortiGate,
        snapshot: FortiGateSnapshot,
        recorded: Collection[str] | None = None,
    ) -> FortiGatePlan:
        """The plan from what the lab renders, under the names that its objects have on the FortiGate now.

        `recorded` are the names of the FortiGate's objects that the stack's state has; None where it was not read.
        """
        actual = snapshot.inventory
        owned = Ownership.of(rendered, actual, settings, recorded)
        free = rendered if BARE in settings.adopt.services else owned.under_free_name(rendered)
        desired, unadoptable = adopted(under_actual_names(free, actual), actual, settings.adopt)
        return cls(Comparison.of(lab, settings, desired, actual), owned, free, unadoptable, snapshot.paths)

    def problems(self) -> list[Problem]:
        """Why a run cannot start: what does not fit; if everything fits, which of its own paths it would close."""
        settings, desired, actual = self.compared.settings, self.compared.desired, self.compared.actual
        found = [*self.unadoptable, *self.owned.problems(desired), *self.owned.unkept(desired)]
        found += [*checks.problems(settings, actual)]
        found += [*checks.self_references(desired, actual, settings), *checks.name_conflicts(desired, self.owned)]
        found += vips.problems(self.compared)
        return found or checks.cut(self.compared, self.paths)

    def warnings(self) -> list[str]:
        """What others changed, what closes, and what works against the lab even after the run."""
        compared = self.compared
        return [
            *([] if self._fit.fits else [f"FortiGate: {self._fit.sentence}"]),
            *(f"FortiGate: {sentence}" for sentence in drifted(compared.desired, compared.actual)),
            *vips.warnings(compared),
            *(f"FortiGate: {sentence}" for sentence in self.owned.sentences(compared.desired)),
            *impact.asleep(compared),
            *impact.closings(compared),
            *other_policies.shadows(compared),
            *other_policies.leaks(compared),
            *other_policies.masks(compared),
            *impact.unanswered(compared),
            *other_policies.holes(compared),
        ]

    def changes(self) -> list[str]:
        """Which provider the run uses and why, what it creates and removes, and what it opens."""
        compared, why = self.compared, [f"FortiGate: {self._fit.sentence}"] if self._fit.fits else []
        created = planned(compared.desired, compared.actual, self._goes)
        return [*why, *created, *impact.openings(compared)]

    def declared(self) -> DesiredFortiGate:
        """What is given to the engine: what the provider cannot repair in place has its other name."""
        compared = self.compared
        made = swapped(compared.desired, compared.actual, compared.lab.protect, replaces=self.provider.replaces)
        return self.owned.with_left(made, compared.desired)

    @cached_property
    def shared(self) -> Collection[str]:
        """The objects of this stack that others use too: they stay when the stack goes."""
        return self.owned.shared(self.compared.desired).keys()

    def _goes(self, thing: Thing) -> bool:
        """Whether an object that is not declared is removed by the run."""
        return self.owned.made(thing) and thing.name not in self.shared

    @property
    def _fit(self) -> Fit:
        return fit(self.provider, self.compared.actual.version)

    @property
    def provider(self) -> Provider:
        """The package of Fortinet's provider that the run uses."""
        return self.compared.settings.provider or Provider.UPSTREAM

    @property
    def protected(self) -> bool:
        """Whether the policy that lets users in is kept from deletion."""
        return self.compared.lab.protect and not _lost(self.compared.desired, self.compared.actual)

    @property
    def desired_facts(self) -> Mapping[str, str]:
        """Every declared field by what sentences call it, each object under its first name."""
        return facts(under_names(self.compared.desired.objects, self._firsts))

    @property
    def actual_facts(self) -> Mapping[str, str]:
        """Every field that the FortiGate has, by what sentences call it, ours under their first names."""
        return facts(under_names(self.compared.actual, self._firsts))

    @property
    def _firsts(self) -> Mapping[str, str]:
        """The first names of services and policies of ours that have their second one."""
        objects = self.compared.desired.objects
        services = {one.name: one.first for one in objects.services if one.first}
        return services | {one.name: one.first for one in objects.policies if one.first}

    @property
    def numbers(self) -> Mapping[str, int]:
        """The ids of the policies that the FortiGate has, by their keys."""
        return {policy.key: policy.number for policy in self.compared.actual.policies}


def _lost(desired: DesiredFortiGate, actual: Inventory) -> bool:
    """Whether the policy that lets users in is gone from a FortiGate that has other objects of ours.

    Its id may belong to someone else's policy by now, and the engine replaces nothing that is protected: for this one
    run the policy is not protected, so that it can be created again.
    """
    comments = [one.comment for one in actual.addresses] + [one.comment for one in actual.services]
    names = {policy.name for policy in desired.blocks[0].policies if not policy.adopts}
    return COMMENT in comments and not names <= {policy.name for policy in actual.policies}
