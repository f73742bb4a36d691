"""Which package of Fortinet's provider fits a FortiGate, by the FortiOS that it runs."""

from __future__ import annotations

import re
from typing import NamedTuple

from labvpn.model.fortios_provider import PULUMIVERSE, UPSTREAM, Provider

Version = tuple[int, ...]

NEWEST_OF_PULUMIVERSE: Version = (7, 4, 4)
"""The newest that Fortinet's 1.20.0 was made for."""

OF_UPSTREAM: tuple[tuple[Version, Version], ...] = (((7, 0, 18), (7, 6, 7)), ((8, 0, 0), (8, 0, 0)))
"""The oldest and newest of each range that the release notes of Fortinet's 1.25.0 name."""

MOVE = "`labvpn fortigate-provider upstream` moves over"


class Fit(NamedTuple):
    """Whether a package fits, and why, in one sentence."""

    fits: bool
    sentence: str


def fit(provider: Provider, text: str) -> Fit:
    """How a package fits the FortiOS of this version, as the FortiGate writes it (`v7.4.8`)."""
    version = numbers(text)
    if version is None:
        return Fit(False, f"the FortiGate does not say which FortiOS it runs, so whether {provider} fits is unknown")
    name = ".".join(map(str, version))
    return _upstream(version, name) if provider is Provider.UPSTREAM else _pulumiverse(version, name)


def numbers(text: str) -> Version | None:
    """A version as numbers; None where it is not one."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, found.groups())) if found else None


def refuses_tokens_in_addresses(text: str) -> bool:
    """Whether this FortiOS does by default (7.4.5 and later, 7.6.1 and later: Fortinet's tip 357228); or is unknown."""
    version = numbers(text)
    return version is None or ((7, 4, 5) <= version != (7, 6, 0))


def _upstream(version: Version, name: str) -> Fit:
    tried = " and ".join(_range(oldest, newest) for oldest, newest in OF_UPSTREAM)
    if any(oldest <= version <= newest for oldest, newest in OF_UPSTREAM):
        why = f"it is made for {tried}, and sends the token in a header"
        return Fit(True, f"FortiOS {name}: the provider upstream ({UPSTREAM}) fits, since {why}")
    remedy = "compare the preview with the FortiGate before the first `pulumi up`"
    return Fit(False, f"FortiOS {name}: the provider upstream ({UPSTREAM}) was tried with {tried} alone; {remedy}")


def _pulumiverse(version: Version, name: str) -> Fit:
    newest = ".".join(map(str, NEWEST_OF_PULUMIVERSE))
    where = "sends the token in the address of each request"
    if version <= NEWEST_OF_PULUMIVERSE:
        logged = f"though it {where}, where the FortiGate's log keeps it"
        return Fit(True, f"FortiOS {name}: the provider pulumiverse ({PULUMIVERSE}) fits, {logged}; upstream: {MOVE}")
    what = f"is made for FortiOS up to {newest} and {where}"
    return Fit(False, f"FortiOS {name}: the provider pulumiverse ({PULUMIVERSE}) {what}; upstream fits: {MOVE}")


def _range(oldest: Version, newest: Version) -> str:
    ends = [".".join(map(str, end)) for end in (oldest, newest)]
    return ends[0] if oldest == newest else " to ".join(ends)
