"""The lab's objects and policies on a FortiGate, and the policies' places in its order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components import fortios
from components.drift import Facts
from components.fortigate_failures import explained, watch
from labvpn.model.credentials import Credentials
from labvpn.model.fortigate import FortiGate as Settings
from labvpn.model.lab import Lab
from labvpn.model.rules import Action, Address, Block, Group, Policy, Service, Vip, Wanted
from labvpn.observe.fortigate import Gate
from labvpn.observe.fortigate_adopt import adopted
from labvpn.observe.fortigate_changes import drifted, facts, planned
from labvpn.observe.fortigate_checks import cut, problems
from labvpn.observe.fortigate_notice import closings, leaks, openings, shadows, unanswered
from labvpn.observe.fortigate_renewal import first_name, present, renewed
from labvpn.render import fortigate as render

POSITION = "statePolicySrcdstPos"
"""Where PolicyMove keeps what it found wrong with a place."""


@dataclass(frozen=True)
class FortiGateArgs:
    """The box, its token and the CA that signed its certificate (PEM), what is wanted there, and what to say of it.

    `protected` keeps the policy from deletion that lets users in from outside. `facts` are what is wanted, field by
    field, and `shown` the same as the box has it: with what was applied last they tell who changed something.
    """

    box: Settings
    token: str
    ca: str
    wanted: Wanted
    numbers: dict[str, int]
    warnings: Sequence[str] = ()
    news: Sequence[str] = ()
    protected: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, lab: Lab, credentials: Credentials, gate: Gate | None) -> FortiGateArgs:
        """What a lab wants on its box, which was looked at; RunError with all that does not fit, a line each."""
        box = lab.fortigate
        if box is None or gate is None or credentials.fortigate_token is None or credentials.fortigate_ca is None:
            raise pulumi.RunError("fortigate: the lab has none, or no token and CA for it; set all three")
        seen = gate.box
        wanted, strays = adopted(present(render.wanted(lab, box), seen), seen, box.adopt)
        if found := [*strays, *problems(box, seen), *cut(box, wanted, seen, gate.paths)]:
            lines = "\n".join(f"  - {problem}" for problem in found)
            raise pulumi.RunError(f"The FortiGate {box.host} and the configuration do not fit:\n{lines}")
        drift = [f"FortiGate: {sentence}" for sentence in drifted(wanted, seen)]
        warnings = [*drift, *closings(lab, box, wanted, seen), *shadows(wanted, seen), *leaks(box, wanted, seen)]
        warnings += unanswered(lab, box, wanted, seen)
        news = [*planned(wanted, seen, box.prefix), *openings(lab, box, wanted, seen)]
        numbers = {policy.name: policy.number for policy in seen.policies}
        token = credentials.fortigate_token.get_secret_value()
        return cls(
            box,
            token,
            credentials.fortigate_ca,
            renewed(wanted, seen),
            numbers,
            warnings,
            news,
            lab.protect,
            facts(wanted.objects),
            facts(seen),
        )


class FortiGate(pulumi.ComponentResource):
    """Addresses, services and policies on a FortiGate; every allow is in force before a deny is, and goes after it."""

    policy_ids: pulumi.Output[dict[str, int]]
    """The number of each policy of ours, by its name."""

    def __init__(self, name: str, args: FortiGateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("labvpn:index:FortiGate", name, {}, opts)
        for sentence in args.warnings:
            pulumi.warn(sentence, self)
        for sentence in args.news:
            pulumi.info(sentence, self)
        self._name, self._prefix = name, args.box.prefix
        self._missed = {policy.name for policy in args.wanted.blocks[0].policies} if args.protected else set()
        hooks = explained(f"{name}-refusals", args.box.host)
        self._ours = pulumi.ResourceOptions(parent=self, provider=self._to_box(args), hooks=hooks)
        if not pulumi.runtime.is_dry_run():
            watch(args.box, args.token, args.ca)
        parts = self._parts(args.wanted)
        policies = [self._block(block, args.numbers[block.before], parts) for block in args.wanted.blocks]
        numbers = {key: number for block in policies for key, number in block.items()}
        self.policy_ids = pulumi.Output.all(**numbers)
        if args.facts:
            # Remembered only once they stand: the engine waits for whatever the numbers come from.
            stand = self.policy_ids.apply(lambda _numbers: list[pulumi.Resource]())
            Facts(f"{name}-facts", args.facts, args.shown, pulumi.ResourceOptions(parent=self, depends_on=stand))
        self.register_outputs({"policy_ids": self.policy_ids})

    def _to_box(self, args: FortiGateArgs) -> fortios.Provider:
        return fortios.Provider(
            f"{self._name}-box",
            hostname=args.box.host,
            token=pulumi.Output.secret(args.token),
            insecure=False,
            cabundlecontent=args.ca,
            vdom=args.box.vdom,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _parts(self, wanted: Wanted) -> list[pulumi.Resource]:
        """Everything that policies name. They name it by text, so only `depends_on` tells the engine of the order."""
        objects = wanted.objects
        addresses: list[pulumi.Resource] = [self._address(address) for address in objects.addresses]
        groups = [self._group(group, addresses) for group in objects.groups]
        services = [self._service(one) for one in objects.services]
        return [*addresses, *groups, *services, *(self._vip(vip) for vip in objects.vips)]

    def _block(self, block: Block, before: int, parts: list[pulumi.Resource]) -> dict[str, pulumi.Output[int]]:
        """The policies of a block and their places, each right before the next one.

        A deny is brought in only when the allows above it are in force: the last of them is first lifted to where the
        block will be, once; the others line up before it; then the deny takes its place below.
        """
        allows = [policy for policy in block.policies if policy.action is Action.ACCEPT]
        denies = [policy for policy in block.policies if policy.action is Action.DENY]
        made = [self._policy(policy, parts) for policy in allows]
        last, label = made[-1], self._label(allows[-1].name)
        if not denies:
            first = self._move(f"{label}-place", last, before)
        else:
            once = pulumi.ResourceOptions(ignore_changes=["policyidDst", POSITION])
            first = self._move(f"{label}-lift", last, before, options=once)
        lined = self._line_up(allows, made, first)
        for policy in denies:
            deny = self._policy(policy, [*parts, *lined])
            placed = self._move(f"{self._label(policy.name)}-place", deny, before)
            self._move(f"{label}-place", last, deny.policyid, [placed])
            made.append(deny)
        return {policy.name: one.policyid for policy, one in zip((*allows, *denies), made, strict=True)}

    def _line_up(
        self, allows: Sequence[Policy], made: Sequence[fortios.Policy], first: pulumi.Resource
    ) -> list[pulumi.Resource]:
        """Each allow right before the next, from the last upwards."""
        moves = [first]
        for place in range(len(allows) - 2, -1, -1):
            label = self._label(allows[place].name)
            moves.append(self._move(f"{label}-place", made[place], made[place + 1].policyid, moves[-1:]))
        return [*made, *moves]

    def _move(
        self,
        name: str,
        policy: fortios.Policy,
        before: pulumi.Input[int],
        after: Sequence[pulumi.Resource] = (),
        options: pulumi.ResourceOptions | None = None,
    ) -> fortios.PolicyMove:
        """Policies are created in parallel and their order is chance, so the place is stated."""
        more = pulumi.ResourceOptions(depends_on=list(after))
        merged = pulumi.ResourceOptions.merge(pulumi.ResourceOptions.merge(self._ours, options), more)
        return fortios.PolicyMove(name, policyid_src=policy.policyid, policyid_dst=before, move="before", opts=merged)

    def _label(self, name: str) -> str:
        """The resource's name of an object: ours without the prefix that it has on the box."""
        return f"{self._name}-{name.removeprefix(f'{self._prefix}-')}"

    def _options(
        self, thing: Address | Group | Service | Vip | Policy, after: Sequence[pulumi.Resource] = ()
    ) -> pulumi.ResourceOptions:
        """What stands on the box is taken over; what was adopted stays there when the stack lets go of it."""
        adopts = getattr(thing, "adopts", "")
        more = pulumi.ResourceOptions(
            import_=adopts or thing.stands or None,
            retain_on_delete=bool(adopts) or None,
            protect=thing.name in self._missed or None,
            depends_on=list(after),
        )
        return pulumi.ResourceOptions.merge(self._ours, more)

    def _address(self, address: Address) -> fortios.Address:
        network = address.networks[0].with_netmask.replace("/", " ") if address.networks else None
        return fortios.Address(
            self._label(address.name),
            name=address.name,
            subnet=network,
            type=None if network else "geography",
            country=address.country or None,
            comment=address.comment,
            opts=self._options(address),
        )

    def _group(self, group: Group, addresses: Sequence[pulumi.Resource]) -> fortios.Addrgrp:
        members = [fortios.AddrgrpMemberArgs(name=name) for name in group.members]
        opts = self._options(group, addresses)
        return fortios.Addrgrp(
            self._label(group.name), name=group.name, members=members, comment=group.comment, opts=opts
        )

    def _service(self, one: Service) -> fortios.Custom:
        by_number, name = one.protocol is not None, first_name(one.name)
        anew = pulumi.ResourceOptions(replace_on_changes=["name"])
        return fortios.Custom(
            self._label({"SoftEther": "tcp"}.get(name, name)),
            name=one.name,
            tcp_portrange=one.tcp or None,
            udp_portrange=one.udp or None,
            protocol="IP" if by_number else None,
            protocol_number=one.protocol,
            comment=one.comment,
            opts=pulumi.ResourceOptions.merge(self._options(one), anew),
        )

    def _vip(self, vip: Vip) -> fortios.Vip:
        return fortios.Vip(
            self._label(vip.name),
            name=vip.name,
            extip=str(vip.outside),
            extintf=vip.interface,
            mappedips=[fortios.VipMappedipArgs(range=str(vip.mapped))],
            comment=vip.comment,
            opts=self._options(vip),
        )

    def _policy(self, policy: Policy, after: Sequence[pulumi.Resource]) -> fortios.Policy:
        return fortios.Policy(
            self._label(policy.name),
            name=policy.name,
            action=policy.action.value,
            srcintfs=[fortios.PolicySrcintfArgs(name=name) for name in policy.from_interfaces],
            dstintfs=[fortios.PolicyDstintfArgs(name=name) for name in policy.to_interfaces],
            srcaddrs=[fortios.PolicySrcaddrArgs(name=name) for name in policy.sources],
            dstaddrs=[fortios.PolicyDstaddrArgs(name=name) for name in policy.destinations],
            services=[fortios.PolicyServiceArgs(name=name) for name in policy.services],
            schedule=policy.schedule,
            status="enable",
            nat="disable" if policy.action is Action.ACCEPT else None,
            logtraffic=policy.log,
            comments=policy.comment,
            opts=self._options(policy, after),
        )
