"""The lab's objects and policies on a FortiGate, and the policies' positions in its list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components import fortios_types
from components.drift import Facts
from components.fortigate_cleanup import Cleanup
from components.fortigate_hooks import explained
from components.fortigate_objects import ResourceFactory, names_of, paths_of
from components.fortigate_provider import chosen, package, recorded, state, used
from components.fortigate_watch import watch
from labvpn.connect import fortigate as api
from labvpn.connect.errors import HopError
from labvpn.connect.inspect import require_token_in_address
from labvpn.model.credentials import Credentials
from labvpn.model.fortigate import FortiGate as Settings
from labvpn.model.fortios_provider import Provider
from labvpn.model.lab import Lab
from labvpn.model.untrusted import for_engine, plain
from labvpn.parse.fortigate.tables import FortiGateSnapshot
from labvpn.plan.fortigate.plan import FortiGatePlan
from labvpn.plan.fortigate.providers import refuses_tokens_in_addresses
from labvpn.render import fortigate as render
from labvpn.state.fortigate import Action, Block, DesiredFortiGate, Objects, Policy

POSITION = "statePolicySrcdstPos"
"""Where PolicyMove records that a policy was out of position."""


@dataclass(frozen=True)
class FortiGateArgs:
    """The FortiGate's settings, its token, the CA that signed its certificate (PEM), and the plan for it."""

    settings: Settings
    token: str
    ca: str
    plan: FortiGatePlan
    package: fortios_types.Package

    @classmethod
    def of(cls, lab: Lab, credentials: Credentials, snapshot: FortiGateSnapshot | None) -> FortiGateArgs:
        """What a lab declares for its FortiGate; RunError with everything that does not fit, a line each."""
        settings, token, ca = lab.fortigate, credentials.fortigate_token, credentials.fortigate_ca
        if settings is None or snapshot is None or token is None or ca is None:
            raise pulumi.RunError("fortigate: the lab has none, or no token and CA for it; set all three")
        held = state()
        settings = settings.model_copy(update={"provider": chosen(settings, used(held or {}))})
        _require_token_in_address(lab, credentials, settings, snapshot)
        names = None if held is None else recorded(held)
        plan = FortiGatePlan.of(lab, settings, render.wanted(lab, settings), snapshot, names)
        if problems := plan.problems():
            lines = "\n".join(f"  - {for_engine(plain(problem))}" for problem in problems)
            raise pulumi.RunError(f"The FortiGate {settings.host} and the configuration do not fit:\n{lines}")
        return cls(settings, token.get_secret_value(), ca, plan, package(plan.provider))


class FortiGate(pulumi.ComponentResource):
    """Addresses, services and policies on a FortiGate; allows are in force before denies and removed after them."""

    policy_ids: pulumi.Output[dict[str, int]]
    """The id of each policy of ours, by its name."""

    def __init__(self, name: str, args: FortiGateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("labvpn:index:FortiGate", name, {}, opts)
        plan, declared = args.plan, args.plan.declared()
        for sentence in plan.warnings():
            pulumi.warn(for_engine(plain(sentence)), self)
        for sentence in plan.changes():
            pulumi.info(for_engine(plain(sentence)), self)
        self._name, self._package, self._protected = name, args.package, plan.protected
        self._numbers = plan.numbers
        kept = {policy.name for policy in declared.blocks[0].policies} if plan.protected else set[str]()
        hooks = explained(f"{name}-refusals", args.settings.host)
        self._ours = pulumi.ResourceOptions(parent=self, provider=self._fortios(args), hooks=hooks)
        retained = _named_by_adopted(declared.objects) | set(plan.shared)
        names = names_of(declared.objects)
        self._make = ResourceFactory(name, args.settings.prefix, self._package, self._ours, kept, retained, names)
        if not pulumi.runtime.is_dry_run():
            watch(api.Place(args.settings.host, args.settings.vdom), args.token, args.ca, pulumi.log.warn)
        parts = self._parts(declared)
        first = self._cleanup("before", args, declared, parts)
        self._placed: list[pulumi.Resource] = []
        policies = [self._block(block, plan.numbers[block.before], [*parts, first]) for block in declared.blocks]
        self._cleanup("after", args, declared, self._placed)
        numbers = {key: number for block in policies for key, number in block.items()}
        self.policy_ids = pulumi.Output.all(**numbers)
        # The facts are recorded only once the policies exist: the engine waits for whatever the ids come from.
        done = self.policy_ids.apply(lambda _ids: list[pulumi.Resource]())
        options = pulumi.ResourceOptions(parent=self, depends_on=done)
        Facts(f"{name}-facts", plan.desired_facts, plan.actual_facts, options)
        self.register_outputs({"policy_ids": self.policy_ids})

    def _fortios(self, args: FortiGateArgs) -> fortios_types.Provider:
        settings, opts = args.settings, pulumi.ResourceOptions(parent=self)
        name = f"{self._name}-box"
        return fortios_types.Provider(name, self._package, settings.host, settings.vdom, args.token, args.ca, opts)

    def _cleanup(
        self, when: str, args: FortiGateArgs, declared: DesiredFortiGate, after: Sequence[pulumi.Resource]
    ) -> Cleanup:
        """Removes our policies; declared once before and once after them, so that an interrupted run leaves none."""
        policies = [policy for policy in declared.objects.policies if not policy.adopts]
        names = [policy.name for policy in sorted(policies, key=lambda one: one.action is Action.ACCEPT)]
        opts = pulumi.ResourceOptions(parent=self, depends_on=list(after), protect=self._protected or None)
        paths, adopted = list(paths_of(declared.objects)), _named_by_adopted(declared.objects)
        kept = [path for path, name in paths if name in args.plan.shared]
        retained = [path for path, name in paths if name in adopted - set(args.plan.shared)]
        return Cleanup(f"{self._name}-policies-{when}", args.settings, args.token, args.ca, names, kept, retained, opts)

    def _parts(self, desired: DesiredFortiGate) -> list[pulumi.Resource]:
        """What policies name by themselves: they name it by text, so only `depends_on` gives the order.

        The members of a group come before it, and so before what names the group: a list of each of them with every
        policy would be most of the state, which the engine writes anew at every step.
        """
        objects = desired.objects
        addresses = {address.name: self._make.address(address) for address in objects.addresses}
        held = {name for group in objects.groups for name in group.members}
        groups = [
            self._make.group(group, [addresses[name] for name in group.members if name in addresses])
            for group in objects.groups
        ]
        single = [made for name, made in addresses.items() if name not in held]
        services = [self._make.service(one) for one in objects.services]
        return [*single, *groups, *services, *(self._make.vip(vip) for vip in objects.vips)]

    def _block(self, block: Block, before: int, parts: list[pulumi.Resource]) -> dict[str, pulumi.Output[int]]:
        """The policies of a block and their positions, each right before the next one.

        A deny is created only when the allows above it are in force: the last of them is first moved once to where the
        block will be; the others are placed before it; then the deny is placed below. Where the deny is there already,
        as when its objects are imported, that is right above it: no allow may go below it for a moment.
        """
        allows = [policy for policy in block.policies if policy.action is Action.ACCEPT]
        denies = [policy for policy in block.policies if policy.action is Action.DENY]
        made = [self._make.policy(policy, parts) for policy in allows]
        last, label = made[-1], self._make.label(_first(allows[-1]))
        if not denies:
            first = self._move(f"{label}-place", last, before)
        else:
            once = pulumi.ResourceOptions(ignore_changes=["policyidDst", POSITION])
            first = self._move(f"{label}-lift", last, self._numbers.get(denies[0].key, before), options=once)
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
        """Policies are created in parallel and in any order, so the position is declared."""
        more = pulumi.ResourceOptions(depends_on=list(after))
        merged = pulumi.ResourceOptions.merge(pulumi.ResourceOptions.merge(self._ours, options), more)
        stated: fortios_types.MoveArgs = {"policyid_src": policy.policyid, "policyid_dst": before, "move": "before"}
        return fortios_types.PolicyMove(name, self._package, stated, merged)


def _require_token_in_address(
    lab: Lab, credentials: Credentials, settings: Settings, snapshot: FortiGateSnapshot
) -> None:
    """Refuse pulumiverse where the FortiGate takes no token in an address: it would fail in the middle of the run."""
    if settings.provider is Provider.PULUMIVERSE and refuses_tokens_in_addresses(snapshot.inventory.version):
        try:
            require_token_in_address(lab, credentials)
        except HopError as error:
            raise pulumi.RunError(str(error)) from None


def _first(policy: Policy) -> str:
    return policy.first or policy.name or f"policy-{policy.number}"


def _named_by_adopted(objects: Objects) -> set[str]:
    """What adopted policies and groups name, and still need when the stack is destroyed."""
    lists = [(*one.sources, *one.destinations, *one.services) for one in objects.policies if one.adopts]
    named = {name for names in lists for name in names}
    return named | {name for group in objects.groups if group.adopts or group.name in named for name in group.members}
