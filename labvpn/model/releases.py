"""SoftEther's releases and their published holes: what may run on a VPN host, and what is known against it.

Looked up on 2026-11-30. Sources: the CVE records, upstream's pull requests 1824, 1829 and 1911 and its news SEVPN202301
(the holes of 2023), its advisories GHSA-q5g3-qhc6-pr3h and GHSA-7437-282p-7465 (PPP) and GHSA-j35p-p8pj-vqxq (L2TP),
the dates of upstream's tags, and the changelog of Debian's package, which names none of the holes. Read, not tried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

LOOKED_UP = "2026-11-30"


class Release(NamedTuple):
    """A version as SoftEther says it (444 is 4.44, 501 is 5.01) and a build; a later release is greater."""

    version: int
    build: int

    @property
    def generation(self) -> int:
        """4 or 5: the two have different calls."""
        return self.version // 100

    def __str__(self) -> str:
        """`SoftEther 4.44 build 9807`, with the date of its code where that is known."""
        date = f" of {DATES[self]}" if self in DATES else ""
        return f"SoftEther {self.version // 100}.{self.version % 100:02d} build {self.build}{date}"


PACKAGED = Release(501, 9674)
"""What Debian 11 and 12 and Ubuntu package; Debian 13 has no package."""
NEWEST_STABLE = Release(444, 9807)
NEWEST = {4: NEWEST_STABLE, 5: Release(502, 5187)}
"""The newest release by generation. That of 5.x is tagged 5.2.5188 and calls itself build 5187."""
DATES = {
    Release(438, 9760): "2021-08-17",
    Release(441, 9787): "2023-03-14",
    Release(442, 9798): "2023-06-30",
    NEWEST_STABLE: "2025-04-16",
    PACKAGED: "2020-08-06",
    Release(502, 5180): "2021-06-24",
    Release(502, 5181): "2023-12-03",
}


class Reach(Enum):
    """Through what a hole can be reached, and why it may not be."""

    TCP = "TCP, of which no port is open"
    OPENVPN = "OpenVPN, which is off"
    PPP = "L2TP/IPsec and SSTP, which are off"
    RAW_L2TP = "UDP 1701, which this stack opens to nobody"
    DYNAMIC_DNS = "forged answers to dynamic DNS, which this stack switches off"
    CLIENT = "SoftEther's client program on a user's device, not the server"


@dataclass(frozen=True)
class Hole:
    """A published hole: what it does, and the first release of each generation without it.

    A generation that `fixed` lacks never had it; None means that no release is without it yet.
    """

    name: str
    effect: str
    reach: Reach
    fixed: Mapping[int, Release | None] = field(repr=False)
    since: Release | None = None

    def is_in(self, release: Release) -> bool:
        """Whether a release has the hole."""
        if release.generation not in self.fixed or (self.since and release < self.since):
            return False
        first = self.fixed[release.generation]
        return first is None or release < first


_ONLY_5 = {5: Release(502, 5181)}
_BOTH = {4: Release(442, 9798), 5: Release(502, 5181)}
_FROM_SEARCH = Release(502, 5181)
"""PPP looks for a certificate's user since this release; it knows EAP-TLS since Debian's code of 2020."""

HOLES = (
    Hole("CVE-2023-22308", "one packet without a login crashes the server", Reach.OPENVPN, _ONLY_5),
    Hole("CVE-2023-23581", "one request without a login crashes the server", Reach.TCP, _ONLY_5),
    Hole("CVE-2023-25774", "connections without a login stop the server", Reach.TCP, _ONLY_5),
    Hole("CVE-2023-22325", "a forged answer stops the server", Reach.DYNAMIC_DNS, _BOTH),
    Hole("CVE-2023-27395", "a forged answer may run code on the server", Reach.DYNAMIC_DNS, _BOTH),
    Hole("CVE-2023-27516", "a stranger controls the client", Reach.CLIENT, _BOTH),
    Hole("CVE-2023-31192", "a forged server reads the client's memory", Reach.CLIENT, _BOTH),
    Hole("CVE-2023-32275", "the client's memory can be read", Reach.CLIENT, _BOTH),
    Hole("CVE-2023-32634", "a stranger on the device controls the client", Reach.CLIENT, _BOTH),
    Hole("GHSA-j35p-p8pj-vqxq", "the server sends more than it receives", Reach.RAW_L2TP, {5: Release(502, 5185)}),
    Hole("GHSA-q5g3-qhc6-pr3h", "one EAP message without a login crashes the server", Reach.PPP, {5: None}),
    Hole(
        "GHSA-7437-282p-7465", "one EAP message without a login crashes the server", Reach.PPP, {5: None}, _FROM_SEARCH
    ),
)


def holes_of(release: Release) -> tuple[Hole, ...]:
    """The published holes of a release."""
    return tuple(hole for hole in HOLES if hole.is_in(release))


def release_named(text: str) -> Release | None:
    """The release that a text names, as archives (`v4.44-9807-rtm`), packages (`5.01.9674+git`) and we ourselves do."""
    found = re.search(r"(?<!\d)([45])\.(\d{1,2})(?:[.-]| build )(\d{4,5})(?!\d)", text)
    return Release(int(found[1]) * 100 + int(found[2]), int(found[3])) if found else None
