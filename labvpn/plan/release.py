"""What is known about the SoftEther that runs: its release, a newer one, and its holes behind this stack's ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from labvpn.model.ports import IKE, NAT_TRAVERSAL, OPENVPN_UDP, Protocols
from labvpn.model.releases import LOOKED_UP, NEWEST, NEWEST_STABLE, Hole, Reach, Release, holes_of, release_named
from labvpn.model.server import Server
from labvpn.parse.host import NOTHING, HostState

REMEDY = f"install {NEWEST_STABLE} by archive (docs/softether.md), or accept it: server.acceptKnownHoles"
"""What to do about a hole."""


@dataclass(frozen=True)
class Exposure:
    """What of the server can be reached from outside, and the holes that its administrators accept (True: all)."""

    tcp: Sequence[int]
    protocols: Protocols
    accepted: bool | Sequence[str] = False
    udp: Sequence[int] = (OPENVPN_UDP,)

    def way_to(self, hole: Hole) -> str:
        """Through which of this stack's ports a hole can be reached, '' where through none."""
        every, protocols = ", ".join(map(str, self.tcp)), self.protocols
        if hole.reach is Reach.TCP:
            return f"TCP {every}" if every else ""
        if hole.reach is Reach.OPENVPN and protocols.openvpn:
            udp = ", ".join(str(port) for port in self.udp if port not in (IKE, NAT_TRAVERSAL))
            return " and ".join(f"{name} {numbers}" for name, numbers in (("UDP", udp), ("TCP", every)) if numbers)
        if hole.reach is Reach.PPP:
            ipsec = f"UDP {IKE} and {NAT_TRAVERSAL} (with the pre-shared key)" if protocols.l2tp_ipsec else ""
            sstp = f"TCP {every} (SSTP)" if protocols.sstp and every else ""
            return " and ".join(filter(None, (ipsec, sstp)))
        return ""

    def accepts(self, hole: Hole) -> bool:
        """Whether the configuration accepts a hole."""
        return self.accepted if isinstance(self.accepted, bool) else hole.name in self.accepted


@dataclass(frozen=True)
class Installed:
    """The release that runs on a host, or that this run installs (`planned`)."""

    release: Release
    planned: bool = False

    @classmethod
    def of(cls, server: Server, actual: Mapping[str, HostState]) -> Installed | None:
        """From what a host shows and what its configuration installs; None where nothing is known.

        The name of an archive that is not installed yet tells its release, and so does apt's candidate.
        """
        host, running = actual.get("host", NOTHING), actual.get("server", NOTHING).release
        if server.tarball and server.tarball.sha256 not in host.document:
            named = release_named(server.tarball.address or server.tarball.file or "")
            return cls(named, planned=True) if named else None
        if running is None and server.install == "package" and host.candidate:
            return cls(host.candidate, planned=True)
        return cls(running) if running else None


def mixed(found: Sequence[Installed | None]) -> list[str]:
    """That several servers are of different generations, which give clients different things."""
    every = sorted({one.release.generation for one in found if one})
    if len(every) < 2:
        return []
    return [
        f"the servers run SoftEther {' and '.join(map(str, every))}, and kits fit the first one's alone: a split "
        "tunnel by OpenVPN fails at the others; use one generation for all"
    ]


def generation(said: str, running: Release | None, applies: bool) -> int | None:
    """The generation after this run: what the host's step has `said`, where it `applies` something, else what runs."""
    after = release_named(said) if applies or running is None else None
    found = after or running
    return found.generation if found else None


def open_holes(release: Release, exposure: Exposure) -> list[str]:
    """A sentence for each hole that this stack's ports expose and its configuration does not accept."""
    return [_hole(release, hole, way) for hole, way in _open(release, exposure) if not exposure.accepts(hole)]


def notes(found: Installed, exposure: Exposure) -> list[str]:
    """What runs and which newer release there is; the holes that are accepted, and those that nothing exposes."""
    release = found.release
    return [*_news(found), *_accepted(release, exposure), *_unexposed(release, exposure)]


def _open(release: Release, exposure: Exposure) -> Iterator[tuple[Hole, str]]:
    for hole in holes_of(release):
        if way := exposure.way_to(hole):
            yield hole, way


def _hole(release: Release, hole: Hole, way: str) -> str:
    # Its build number does not tell whether that was built before the fix, which is in no release.
    unsure = hole.fixed[release.generation] is None and release >= NEWEST[release.generation]
    unless = ", unless it was built from code of 2026-04-05 or later" if unsure else ""
    return f"{release} has {hole.name}{unless}: {hole.effect}; anyone who reaches {way} can do that"


def _news(found: Installed) -> Iterator[str]:
    release, newest = found.release, NEWEST.get(found.release.generation)
    what = f"{release} {'is to be installed' if found.planned else 'runs'}"
    if newest is None:
        yield f"{what}; nothing is known about this generation (looked up on {LOOKED_UP})"
        return
    newer = f"newer: {newest}" if release < newest else "no newer release of its kind is known"
    stable = "" if release.generation == NEWEST_STABLE.generation else f"; the newest stable one is {NEWEST_STABLE}"
    yield f"{what}; {newer}{stable} (looked up on {LOOKED_UP})"


def _accepted(release: Release, exposure: Exposure) -> Iterator[str]:
    for hole, way in _open(release, exposure):
        if exposure.accepts(hole):
            yield f"{_hole(release, hole, way)}; server.acceptKnownHoles accepts it"


def _unexposed(release: Release, exposure: Exposure) -> Iterator[str]:
    names: dict[str, list[str]] = {}
    for hole in holes_of(release):
        if not exposure.way_to(hole):
            names.setdefault(hole.reach.value, []).append(hole.name)
    if names:
        each = "; ".join(f"{', '.join(holes)} ({reach})" for reach, holes in names.items())
        yield f"{release} also has holes that no port of this stack exposes: {each}"
