"""The two firewalls before the server: firewalld on its host, and the FortiGate in front of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumiverse_fortios as fortios
from pulumiverse_fortios import firewall
from pulumiverse_fortios.firewall import service

from components.remote import AGENT, Host
from labvpn.model.credentials import Credentials
from labvpn.model.fortigate import FortiGate as Box
from labvpn.model.lab import Lab
from labvpn.model.ports import Transport
from labvpn.model.problems import Problem
from labvpn.observe.fortigate import policy_id
from labvpn.render.documents import Concern
from labvpn.render.fortigate import COMMENT, Objects, Service, objects


@dataclass(frozen=True)
class HostFirewallArgs:
    """The host, and its firewall's document."""

    host: Host
    document: str


class HostFirewall(pulumi.ComponentResource):
    """firewalld with exactly the lab's ports; a change that cuts SSH falls back by itself."""

    confirmed: pulumi.Output[str]

    def __init__(self, name: str, args: HostFirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("labvpn:index:HostFirewall", name, {}, opts)
        changed = args.host.converge(f"{name}-rules", Concern.FIREWALL, args.document, self, [])
        # A second command is a new connection: that it arrives proves that the new rules let SSH in.
        confirm = args.host.command(
            f"{name}-proof",
            f"{AGENT} confirm {Concern.FIREWALL}",
            None,
            pulumi.Output.secret(changed.stdin.apply(lambda text: text or "")),
            pulumi.ResourceOptions(parent=self, depends_on=[changed]),
        )
        self.confirmed = confirm.stdout
        self.register_outputs({"confirmed": self.confirmed})


@dataclass(frozen=True)
class FortiGateArgs:
    """The box, its token and the CA that signed its certificate (PEM), our objects, and the policy after ours (id)."""

    box: Box
    token: pulumi.Input[str]
    ca: str
    objects: Objects
    before: int

    @classmethod
    def of(cls, lab: Lab, credentials: Credentials, policies: Sequence[Mapping[str, Any]]) -> FortiGateArgs:
        """What a lab wants on its box, whose `policies` were read; RunError if the neighbour of ours is not there."""
        box = lab.fortigate
        if box is None or credentials.fortigate_token is None or credentials.fortigate_ca is None:
            raise pulumi.RunError("fortigate: the lab has none, or no token and CA for it; set all three")
        before = policy_id(policies, box.before)
        if isinstance(before, Problem):
            raise pulumi.RunError(str(before))
        token = credentials.fortigate_token.get_secret_value()
        return cls(box, token, credentials.fortigate_ca, objects(lab, box), before)


class FortiGate(pulumi.ComponentResource):
    """The lab's services, address and policy on a FortiGate, and the policy's place in the order."""

    policy_id: pulumi.Output[int]

    def __init__(self, name: str, args: FortiGateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("labvpn:index:FortiGate", name, {}, opts)
        provider = fortios.Provider(
            f"{name}-box",
            hostname=args.box.host,
            token=pulumi.Output.secret(args.token),
            insecure=False,
            cabundlecontent=args.ca,
            vdom=args.box.vdom,
            opts=pulumi.ResourceOptions(parent=self),
        )
        ours = pulumi.ResourceOptions(parent=self, provider=provider)
        address = firewall.Address(
            f"{name}-server", name=args.objects.address_name, subnet=args.objects.subnet, comment=COMMENT, opts=ours
        )
        services = [_service(f"{name}-{wanted.transport}", wanted, ours) for wanted in args.objects.services]
        policy = _policy(f"{name}-allow", args.objects, [address, *services], ours)
        # Policies are created in parallel and their order is chance, so the place is stated.
        firewall.PolicyMove(
            f"{name}-place", policyid_src=policy.policyid, policyid_dst=args.before, move="before", opts=ours
        )
        self.policy_id = policy.policyid
        self.register_outputs({"policy_id": self.policy_id})


def _service(name: str, wanted: Service, opts: pulumi.ResourceOptions) -> service.Custom:
    tcp = wanted.ports if wanted.transport is Transport.TCP else None
    udp = wanted.ports if wanted.transport is Transport.UDP else None
    return service.Custom(name, name=wanted.name, tcp_portrange=tcp, udp_portrange=udp, comment=COMMENT, opts=opts)


def _policy(name: str, objects: Objects, parts: list[pulumi.Resource], opts: pulumi.ResourceOptions) -> firewall.Policy:
    allow = objects.allow
    return firewall.Policy(
        name,
        name=allow.name,
        action="accept",
        srcintfs=[firewall.PolicySrcintfArgs(name=interface) for interface in allow.from_interfaces],
        dstintfs=[firewall.PolicyDstintfArgs(name=allow.to_interface)],
        srcaddrs=[firewall.PolicySrcaddrArgs(name=source) for source in allow.sources],
        dstaddrs=[firewall.PolicyDstaddrArgs(name=allow.destination)],
        services=[firewall.PolicyServiceArgs(name=service_name) for service_name in allow.services],
        schedule="always",
        nat="disable",
        logtraffic="all",
        comments=COMMENT,
        # The policy names its parts by text, so only this tells the engine to delete the policy first.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=parts)),
    )
