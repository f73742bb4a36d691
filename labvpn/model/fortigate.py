"""The FortiGate in front of the VPN host."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv4Network
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PlainValidator, StringConstraints, model_validator

from labvpn.model.base import Value, duplicates, shortened
from labvpn.model.fortios_provider import Provider
from labvpn.model.hosts import HostAddress
from labvpn.model.ports import Port, PortText, port
from labvpn.model.wording import of_no_network
from labvpn.state.fortigate import ALL

UNSEEN = ("Cc", "Cs", "Zl", "Zp")
"""Kinds of characters that are in no name: controls and ends of lines."""


def name_of(kind: str, limit: int) -> AfterValidator:
    """The rule for a name that somebody gave on the box: what FortiOS takes, which is nearly everything."""

    def check(text: str) -> str:
        if not text.strip() or any(unicodedata.category(sign) in UNSEEN for sign in text):
            raise ValueError(f"must be the name of {kind} as the FortiGate shows it: copy it from there")
        if len(text) > limit:
            raise ValueError(
                f"has {len(text)} characters; FortiOS takes {limit} in the name of {kind}: look it up there"
            )
        return text

    return AfterValidator(check)


ObjectName = Annotated[str, name_of("an object", 79)]
PolicyName = Annotated[str, name_of("a policy", 35)]


def _policy_key(given: object) -> int | str:
    if isinstance(given, int) and not isinstance(given, bool) and given > 0:
        return given
    if not isinstance(given, str):
        raise ValueError("must be the name of a policy, or its id, as the FortiGate shows it: copy it from there")
    name: str = name_of("a policy", 35).func(given)  # type: ignore[call-arg]
    return name


PolicyKey = Annotated[int | str, PlainValidator(_policy_key)]
InterfaceName = Annotated[str, name_of("an interface or zone", 35)]
Schedule = Annotated[str, name_of("a schedule", 35)]
Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,14}$")]


def _source(text: str) -> str:
    if text == ALL or re.fullmatch(r"[A-Z]{2}", text):
        return text
    try:
        return str(IPv4Network(text))
    except ValueError:
        raise ValueError(f"'{shortened(text)}' {_meant(text)}") from None


def _meant(text: str) -> str:
    """What to write in the place of a source that is none."""
    if text.lower() == ALL:
        return f"is not written like that; write {ALL}"
    if re.fullmatch("[A-Za-z]{2}", text):
        return f"is not a country's code; write {text.upper()} if that is meant"
    if re.search(r"[^\W\d]", text) and ":" not in text:
        return f"is not a source; write an IPv4 network, a country's code of two letters such as JP, or {ALL}"
    return of_no_network(text)


def networks(sources: tuple[str, ...]) -> tuple[IPv4Network, ...]:
    """The networks among some sources."""
    return tuple(IPv4Network(text) for text in sources if text != ALL and "." in text)


def _apart(sources: tuple[str, ...]) -> tuple[str, ...]:
    for twice in duplicates(list(sources)):
        raise ValueError(f"{twice} appears twice; keep one")
    if ALL in sources and len(sources) > 1:
        raise ValueError("'all' makes the others pointless; keep 'all' alone or take it out")
    known = sorted(networks(sources))
    for wide, narrow in pairwise(known):
        if narrow.subnet_of(wide):
            raise ValueError(f"{narrow} lies inside {wide}; keep one")
    return sources


Source = Annotated[str, AfterValidator(_source)]
Sources = Annotated[tuple[Source, ...], Field(min_length=1), AfterValidator(_apart)]


def ports(texts: tuple[str, ...]) -> tuple[Port, ...]:
    """Ports as they are written in a configuration, sorted."""
    return tuple(sorted(port(text) for text in texts))


class AccessException(Value):
    """One exception: who may reach which of the closed hosts past the VPN."""

    name: Label
    sources: Sources = Field(description="addresses, networks, countries")
    to: tuple[Label, ...] = Field(default=(), description="names among the hosts; left out: all of them")
    ports: tuple[PortText, ...] = Field(default=(), description="such as 22/tcp; left out: every port")


class VpnOnlyHosts(Value):
    """Hosts that are reached through the VPN alone, but for the exceptions."""

    from_: tuple[InterfaceName, ...] = Field(alias="from", min_length=1, description="interfaces that are shut out")
    to: InterfaceName | None = Field(default=None, description="interface of the hosts; left out: the VPN host's own")
    before: PolicyKey = Field(description="the existing policy, by name or id, before which ours are placed")
    hosts: dict[Label, HostAddress] = Field(min_length=1)
    ports: tuple[PortText, ...] = Field(default=(), description="what is closed; left out: everything")
    exceptions: tuple[AccessException, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [way.name for way in self.exceptions]
        for twice in duplicates(names):
            raise ValueError(f"two exceptions are called '{twice}'; rename one")
        for name in sorted(set(names) & {"allow", "dial", "only", "through"}):
            raise ValueError(f"an exception called '{name}' would have the name of another policy; rename it")
        for way in self.exceptions:
            for host in set(way.to) - set(self.hosts):
                raise ValueError(f"exception '{way.name}' names '{host}', which is not among the hosts; add it there")
        for name in sorted(set(self.hosts) & {"sources", "vip"}):
            raise ValueError(f"a host called '{name}' would have the name of another object; rename it")
        for twice in duplicates([str(address) for address in self.hosts.values()]):
            raise ValueError(f"two hosts have the address {twice}; keep one")
        return self


class Translation(Value):
    """The VPN host has a private address, and the FortiGate has its public address (a VIP)."""

    mapped: HostAddress = Field(description="the VPN host's own address")
    addresses: dict[InterfaceName, HostAddress] = Field(
        default_factory=dict, description="the address outside, by interface; left out: the server's, at every one"
    )


class Adopt(Value):
    """What is on the box already and is adopted as it is: our name, then the box's name or policy id."""

    policies: dict[str, PolicyKey] = Field(default_factory=dict)
    addresses: dict[str, ObjectName] = Field(default_factory=dict)
    services: dict[str, ObjectName] = Field(default_factory=dict)
    groups: dict[str, ObjectName] = Field(default_factory=dict)
    vips: dict[str, ObjectName] = Field(default_factory=dict)


class FortiGate(Value):
    """Where the box is, between which interfaces the VPN passes, who may dial, and what is closed but for the VPN."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+(:\d+)?$")] = Field(
        description="name or address of the administration interface, with :PORT if it is not 443"
    )
    vdom: ObjectName = "root"
    outside: tuple[InterfaceName, ...] = Field(min_length=1, description="interfaces from which users dial in")
    inside: InterfaceName = Field(description="interface behind which the VPN host is")
    before: PolicyKey = Field(
        description="the existing policy, by name or id, before which ours is placed, such as the deny of all"
    )
    sources: Sources = Field(default=(ALL,), description="who may dial: addresses, networks, countries, or all")
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,20}$")] = Field(
        default="vpn", description="how the names of our objects begin"
    )
    log: Literal["all", "utm", "disable"] = Field(default="all", description="what the box logs of our policies")
    schedule: Schedule = "always"
    vip: Translation | None = Field(default=None, description="left out: the VPN host has the address that users dial")
    behind_vpn: VpnOnlyHosts | None = Field(default=None, description="left out: nothing else is closed")
    adopt: Adopt = Adopt()
    provider: Provider | None = Field(
        default=None,
        description="upstream, or pulumiverse (older, up to FortiOS 7.4.4); left out: the state's, else upstream",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for twice in duplicates([*self.outside]):
            raise ValueError(f"outside names '{twice}' twice; keep one")
        if self.inside in self.outside:
            raise ValueError(f"'{self.inside}' is both inside and outside; name the interface of the VPN host inside")
        if self.behind_vpn and (both := {self.inside, self.behind_vpn.to} & set(self.behind_vpn.from_)):
            raise ValueError(f"behindVpn shuts out '{min(map(str, both))}', where the hosts are; take it out")
        return self
