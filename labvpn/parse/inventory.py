"""A lab made by hand as its VPN host shows it, from the host agent's answer to `survey`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labvpn.state.document import Entry, read


@dataclass(frozen=True)
class FirewallDaemon:
    """firewalld: whether it runs, its default zone, the entries of each zone by kind, and the ports of custom services.

    A service that is more than its ports is not among them. `uses` are the places where each is used (`zone public`),
    `shipped` the custom services that change one of firewalld's, `arriving` the zones in which packets from outside
    arrive (from `everyone`, or the sources), `ways` what becomes of packets to each port of SoftEther: (`open`,
    `unclear`, or `away` for what is led elsewhere; the zone or policy, for whom, the rule).
    """

    running: bool
    default: str
    zones: Mapping[str, Mapping[str, list[str]]]
    services: Mapping[str, list[str]]
    shipped: Sequence[str] = ()
    uses: Mapping[str, list[str]] = field(default_factory=dict)
    arriving: Mapping[str, list[str]] = field(default_factory=dict)
    ways: Mapping[str, list[list[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class HostInventory:
    """The server's and hubs' lines, what is not in a line, and firewalld; without SoftEther there are no lines.

    `certificates` are in base64 by SHA-256, `rules` the access rules of each hub by memo or priority.
    """

    lines: tuple[Entry, ...] = ()
    default_hub: str = ""
    preshared_key: str = field(default="", repr=False)
    radius_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    certificates: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, list[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    firewalld: FirewallDaemon | None = None

    def one(self, kind: str, name: str = "") -> Mapping[str, str]:
        """The fields of one line; none where it is missing."""
        return next((line.fields for line in self.lines if (line.kind, line.name) == (kind, name)), {})

    def within(self, kind: str, hub: str) -> dict[str, Mapping[str, str]]:
        """The fields of a hub's groups, users or authorities, by their names."""
        start = f"{hub}/"
        found = (line for line in self.lines if line.kind == kind and line.name.startswith(start))
        return {line.name.removeprefix(start): line.fields for line in found}

    @property
    def hubs(self) -> list[str]:
        """The names of the hubs."""
        return [line.name for line in self.lines if line.kind == "hub"]


def read_inventory(text: str) -> HostInventory | None:
    """The answer as a value, None where no SoftEther is installed. Raises ValueError for anything else."""
    try:
        answer: dict[str, Any] = json.loads(text)
        return _survey(answer) if answer["installed"] else None
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the host agent's answer is not of the expected shape ({error})") from None


def _survey(answer: dict[str, Any]) -> HostInventory:
    daemon = answer["firewalld"]
    return HostInventory(
        read(answer["lines"]),
        answer["defaultHub"],
        answer["presharedKey"],
        answer["radiusSecrets"],
        answer["certificates"],
        answer["rules"],
        tuple(answer["notes"]),
        FirewallDaemon(**daemon) if daemon else None,
    )
