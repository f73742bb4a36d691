"""The six types of Fortinet's provider that a lab uses, with the properties that a lab states.

Both packages of that provider have them with the same properties and under other names. The engine accepts a property
that a type does not have, so these types say which there are.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, Protocol, TypedDict

import pulumi

_PLURALS = (
    (r"(x|ch|ss|sh)$", r"\1es"),
    (r"([^aeiouy]|qu)y$", r"\1ies"),
    (r"sis$", "ses"),
    (r"us$", "uses"),
    (r"s$", "s"),
    (r"$", "s"),
)
"""The endings of names, from Pulumi's inflector, the first that fits."""

Names = Sequence[Mapping[str, str]]
"""References to other objects: `[{"name": "all"}]`."""


class Kind(StrEnum):
    """A type, by the names that both packages make from Fortinet's."""

    ADDRESS = "firewallAddress"
    GROUP = "firewallAddrgrp"
    SERVICE = "firewallserviceCustom"
    VIP = "firewallVip"
    POLICY = "firewallPolicy"
    MOVE = "firewallPolicyMove"


class Package(Protocol):
    """What is peculiar to one package of the provider."""

    name: str
    tokens: Mapping[Kind, str]
    always: Mapping[str, Any]
    """Properties that every object is given, save a move."""

    def options(self) -> pulumi.ResourceOptions:
        """The options that every resource of the package has."""

    def reference(self) -> Awaitable[str | None] | None:
        """The package as the engine knows it in this run, where it is made when a run begins."""

    def settable(self, kind: Kind) -> Collection[str] | None:
        """The properties that a type takes, in Python's spelling; None where it takes any."""

    def unchanged(self, kind: Kind, lasting: Collection[str]) -> Sequence[str]:
        """The properties of an object of ours whose differences mean nothing.

        `lasting` are the keys that the FortiGate shows with a value that is not its default.
        """


class AddressArgs(TypedDict, total=False):
    """An address."""

    subnet: str | None
    type: str | None
    country: str | None
    comment: str


class GroupArgs(TypedDict):
    """A group of addresses."""

    members: Names
    comment: str


class ServiceArgs(TypedDict, total=False):
    """A service: blank-separated port ranges, or the number of an IP protocol."""

    tcp_portrange: str | None
    udp_portrange: str | None
    protocol: str | None
    protocol_number: int | None
    comment: str


class VipArgs(TypedDict):
    """An external address; `mappedips` is one `{"range": address}`."""

    extip: str
    extintf: str
    mappedips: Names
    comment: str


class PolicyArgs(TypedDict):
    """A policy for IPv4."""

    action: str
    srcintfs: Names
    dstintfs: Names
    srcaddrs: Names
    dstaddrs: Names
    services: Names
    schedule: str
    status: str
    nat: str | None
    match_vip: str | None
    logtraffic: str
    comments: str


class MoveArgs(TypedDict):
    """The position of one policy right before another."""

    policyid_src: pulumi.Input[int]
    policyid_dst: pulumi.Input[int]
    move: str


class FortiosResource(pulumi.CustomResource):
    """A resource of one of the types."""

    kind: ClassVar[Kind]
    computed: ClassVar[Mapping[str, None]] = {}

    def __init__(
        self, name: str, package: Package, properties: Mapping[str, Any], opts: pulumi.ResourceOptions
    ) -> None:
        always = {} if self.kind is Kind.MOVE else package.always
        stated = {key: value for key, value in properties.items() if value is not None}
        given = {camel(key): value for key, value in {**always, **stated}.items()}
        opts = pulumi.ResourceOptions.merge(package.options(), opts)
        super().__init__(
            package.tokens[self.kind], name, {**self.computed, **given}, opts, package_ref=package.reference()
        )


class Address(FortiosResource):
    """An address object."""

    kind = Kind.ADDRESS


class AddressGroup(FortiosResource):
    """A group of addresses."""

    kind = Kind.GROUP


class Service(FortiosResource):
    """A service of one's own."""

    kind = Kind.SERVICE


class Vip(FortiosResource):
    """A virtual IP."""

    kind = Kind.VIP


class Policy(FortiosResource):
    """A firewall policy; FortiOS gives it its number."""

    kind = Kind.POLICY
    computed: ClassVar[Mapping[str, None]] = {"policyid": None}
    policyid: pulumi.Output[int]


class PolicyMove(FortiosResource):
    """The position of a policy."""

    kind = Kind.MOVE


class Provider(pulumi.ProviderResource):
    """The connection to one FortiGate; the CA is PEM text, and the token a secret."""

    def __init__(
        self, name: str, package: Package, host: str, vdom: str, token: str, ca: str, opts: pulumi.ResourceOptions
    ) -> None:
        given = {
            "hostname": host,
            "vdom": vdom,
            "token": pulumi.Output.secret(token),
            "cabundlecontent": ca,
            "insecure": "false",  # a provider's own settings travel as text
        }
        opts = pulumi.ResourceOptions.merge(package.options(), opts)
        secret = pulumi.ResourceOptions(additional_secret_outputs=["token"])
        opts = pulumi.ResourceOptions.merge(opts, secret)
        super().__init__(package.name, name, given, opts, package_ref=package.reference())


def camel(name: str) -> str:
    """`srcaddr_negate` or `srcaddr-negate` as the engine has it: `srcaddrNegate`."""
    first, *rest = name.replace("-", "_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def plural(name: str) -> str:
    """The name of a list, which both packages make from FortiOS's as Pulumi's bridge does."""
    return next(re.sub(end, more, name, count=1) for end, more in _PLURALS if re.search(end, name))
