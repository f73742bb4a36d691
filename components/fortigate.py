"""The lab's objects and policies on a FortiGate, and the policies' places in its order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components import fortios_types
from components.drift import Facts
from components.fortigate_cleanup import Cleanup
from components.fortigate_hooks import explained, watch
from components.fortigate_objects import Maker
from labvpn.model.credentials import Credentials
from labvpn.model.fortigate import FortiGate as Settings
from labvpn.model.lab import Lab
from labvpn.parse.fortigate.tables import FortiGateSnapshot
from labvpn.plan.fortigate.adopt import adopted
from labvpn.plan.fortigate.checks import cut, own, problems, strangers
from labvpn.plan.fortigate.diff import drifted, facts, planned
from labvpn.plan.fortigate.impact import closings, holes, leaks, openings, shadows, unanswered
from labvpn.plan.fortigate.service_swap import present, renewed
from labvpn.render import fortigate as render
from labvpn.state.fortigate import COMMENT, Action, Block, DesiredFortiGate, Inventory, Objects, Policy

POSITION = "statePolicySrcdstPos"
"""Where PolicyMove records a place that is wrong."""


@dataclass(frozen=True)
class FortiGateArgs:
    """The box, its token and the CA that signed its certificate (PEM), what is desired there, and the plan in words.

    `protected` keeps the policy from deletion that lets users in from outside. `facts` are what is desired, field by
    field, and `actual_facts` the same as the box has it: with what was applied last they show who changed something.
    """

    box: Settings
    token: str
    ca: str
    desired: DesiredFortiGate
    numbers: dict[str, int]
    warnings: Sequence[str] = ()
    news: Sequence[str] = ()
    protected: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    actual_facts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, lab: Lab, credentials: Credentials, gate: FortiGateSnapshot | None) -> FortiGateArgs:
        """What a lab declares for its box, which was inspected; RunError with all that does not fit, a line each."""
        box = lab.fortigate
        if box is None or gate is None or credentials.fortigate_token is None or credentials.fortigate_ca is None:
            raise pulumi.RunError("fortigate: the lab has none, or no token and CA for it; set all three")
        actual = gate.box
        desired, unadopted = adopted(present(render.wanted(lab, box), actual), actual, box.adopt)
        found = [*unadopted, *problems(box, actual), *own(desired, actual, box), *strangers(desired, actual)]
        if found := found or cut(box, desired, actual, gate.paths):
            lines = "\n".join(f"  - {problem}" for problem in found)
            raise pulumi.RunError(f"The FortiGate {box.host} and the configuration do not fit:\n{lines}")
        drift = [f"FortiGate: {sentence}" for sentence in drifted(desired, actual)]
        warnings = [
            *drift,
            *closings(lab, box, desired, actual),
            *shadows(desired, actual),
            *leaks(box, desired, actual),
        ]
        warnings += [*unanswered(lab, box, desired, actual), *holes(lab, box, desired, actual)]
        news = [*planned(desired, actual, box.prefix), *openings(lab, box, desired, actual)]
        numbers = {policy.key: policy.number for policy in actual.policies}
        token = credentials.fortigate_token.get_secret_value()
        then, protected = renewed(desired, actual, lab.protect), lab.protect and not _lost(desired, actual)
        both = (facts(desired.objects), facts(actual))
        return cls(box, token, credentials.fortigate_ca, then, numbers, warnings, news, protected, *both)


class FortiGate(pulumi.ComponentResource):
    """Addresses, services and policies on a FortiGate; an allow is in force before a deny, and deleted after it."""

    policy_ids: pulumi.Output[dict[str, int]]
    """The number of each policy of ours, by its name."""

    def __init__(self, name: str, args: FortiGateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("labvpn:index:FortiGate", name, {}, opts)
        for sentence in args.warnings:
            pulumi.warn(sentence, self)
        for sentence in args.news:
            pulumi.info(sentence, self)
        self._name = name
        self._missed = {policy.name for policy in args.desired.blocks[0].policies} if args.protected else set()
        hooks = explained(f"{name}-refusals", args.box.host)
        self._ours = pulumi.ResourceOptions(parent=self, provider=self._to_box(args), hooks=hooks)
        stay = _named_by_adopted(args.desired.objects)
        self._make = Maker(name, args.box.prefix, self._ours, self._missed, stay)
        if not pulumi.runtime.is_dry_run():
            watch(args.box, args.token, args.ca)
        parts = self._parts(args.desired)
        first = self._cleanup("before", args, parts)
        self._placed: list[pulumi.Resource] = []
        policies = [self._block(block, args.numbers[block.before], [*parts, first]) for block in args.desired.blocks]
        self._cleanup("after", args, self._placed)
        numbers = {key: number for block in policies for key, number in block.items()}
        self.policy_ids = pulumi.Output.all(**numbers)
        if args.facts:
            # Remembered only once they are in place: the engine waits for whatever the numbers come from.
            placed = self.policy_ids.apply(lambda _numbers: list[pulumi.Resource]())
            Facts(
                f"{name}-facts", args.facts, args.actual_facts, pulumi.ResourceOptions(parent=self, depends_on=placed)
            )
        self.register_outputs({"policy_ids": self.policy_ids})

    def _to_box(self, args: FortiGateArgs) -> fortios_types.Provider:
        return fortios_types.Provider(
            f"{self._name}-box",
            hostname=args.box.host,
            token=pulumi.Output.secret(args.token),
            insecure=False,
            cabundlecontent=args.ca,
            vdom=args.box.vdom,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _cleanup(self, when: str, args: FortiGateArgs, after: Sequence[pulumi.Resource]) -> Cleanup:
        """What deletes our policies, once before and once after them, so that a run cut off leaves none."""
        policies = [policy for policy in args.desired.objects.policies if not policy.adopts]
        names = [policy.name for policy in sorted(policies, key=lambda one: one.action is Action.ACCEPT)]
        opts = pulumi.ResourceOptions(parent=self, depends_on=list(after), protect=args.protected or None)
        return Cleanup(f"{self._name}-policies-{when}", args.box, args.token, args.ca, names, opts)

    def _parts(self, desired: DesiredFortiGate) -> list[pulumi.Resource]:
        """Everything that policies name. They name it by text, so only `depends_on` tells the engine of the order."""
        objects = desired.objects
        addresses: list[pulumi.Resource] = [self._make.address(address) for address in objects.addresses]
        groups = [self._make.group(group, addresses) for group in objects.groups]
        services = [self._make.service(one) for one in objects.services]
        return [*addresses, *groups, *services, *(self._make.vip(vip) for vip in objects.vips)]

    def _block(self, block: Block, before: int, parts: list[pulumi.Resource]) -> dict[str, pulumi.Output[int]]:
        """The policies of a block and their places, each right before the next one.

        A deny is brought in only when the allows above it are in force: the last of them is first lifted to where the
        block will be, once; the others line up before it; then the deny takes its place below.
        """
        allows = [policy for policy in block.policies if policy.action is Action.ACCEPT]
        denies = [policy for policy in block.policies if policy.action is Action.DENY]
        made = [self._make.policy(policy, parts) for policy in allows]
        last, label = made[-1], self._make.label(_first(allows[-1]))
        if not denies:
            first = self._move(f"{label}-place", last, before)
        else:
            once = pulumi.ResourceOptions(ignore_changes=["policyidDst", POSITION])
            first = self._move(f"{label}-lift", last, before, options=once)
        lined = self._line_up(allows, made, first)
        for policy in denies:
            deny = self._make.policy(policy, [*parts, *lined])
            placed = self._move(f"{self._make.label(_first(policy))}-place", deny, before)
            self._placed += [placed, self._move(f"{label}-place", last, deny.policyid, [placed])]
            made.append(deny)
        self._placed += [*made, *lined]
        return {policy.key: one.policyid for policy, one in zip((*allows, *denies), made, strict=True)}

    def _line_up(
        self, allows: Sequence[Policy], made: Sequence[fortios_types.Policy], first: pulumi.Resource
    ) -> list[pulumi.Resource]:
        """Each allow right before the next, from the last upwards."""
        moves = [first]
        for place in range(len(allows) - 2, -1, -1):
            label = self._make.label(_first(allows[place]))
            moves.append(self._move(f"{label}-place", made[place], made[place + 1].policyid, moves[-1:]))
        return [*made, *moves]

    def _move(
        self,
        name: str,
        policy: fortios_types.Policy,
        before: pulumi.Input[int],
        after: Sequence[pulumi.Resource] = (),
        options: pulumi.ResourceOptions | None = None,
    ) -> fortios_types.PolicyMove:
        """Policies are created in parallel and their order is arbitrary, so the place is declared."""
        more = pulumi.ResourceOptions(depends_on=list(after))
        merged = pulumi.ResourceOptions.merge(pulumi.ResourceOptions.merge(self._ours, options), more)
        return fortios_types.PolicyMove(
            name, policyid_src=policy.policyid, policyid_dst=before, move="before", opts=merged
        )


def _lost(desired: DesiredFortiGate, actual: Inventory) -> bool:
    """Whether the policy that lets users in is gone from a box that has others of ours.

    Its number may be someone else's by now, and the engine replaces nothing that is protected: for this one run the
    policy is not, so that it can be created again.
    """
    comments = [one.comment for one in actual.addresses] + [one.comment for one in actual.services]
    names = {policy.name for policy in desired.blocks[0].policies if not policy.adopts}
    return COMMENT in comments and not names <= {policy.name for policy in actual.policies}


def _first(policy: Policy) -> str:
    return policy.first or policy.name or f"policy-{policy.number}"


def _named_by_adopted(objects: Objects) -> set[str]:
    """What adopted policies and groups name, and therefore need when the stack goes."""
    lists = [(*one.sources, *one.destinations, *one.services) for one in objects.policies if one.adopts]
    named = {name for names in lists for name in names}
    return named | {name for group in objects.groups if group.adopts or group.name in named for name in group.members}
