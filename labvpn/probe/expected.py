"""Expectations proven with packets: from each vantage point those about senders who are where it is, and by dials."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from labvpn.model.outputs import ExpectedPackets
from labvpn.probe import observation
from labvpn.probe.observation import Observation
from labvpn.probe.proof_words import Reason, reason, said, say
from labvpn.probe.run import Vantage
from labvpn.probe.scan import PLACES, VantageView
from labvpn.probe.targets import Targets, ports

IN_THE_VPN, ENGLISH = "vpn", "en"
KEPT, BROKEN, UNPROVEN = "kept", "broken", "unproven"

Asked = tuple[str, str]
"""An address, and a port such as `8000/tcp`."""
Dial = Callable[[str, Collection[Asked]], "dict[Asked, str] | str"]
"""Dials as a user and tries ports from inside: open, closed or silent for each; or why it did not get in."""


@dataclass(frozen=True)
class SeenPacket:
    """A packet of an expectation, sent from `point`: whether it arrived; None where that is not known, and `why`."""

    point: str
    address: str
    port: str
    arrived: bool | None
    why: Reason | None = None


@dataclass(frozen=True)
class Proof:
    """An expectation, the packets that were sent for it, and why others could not be."""

    sentence: str
    reach: bool
    packets: tuple[SeenPacket, ...]
    lacking: tuple[Reason, ...] = ()

    @property
    def state(self) -> str:
        """Broken by one packet, kept by all, or unproven."""
        if self.broken:
            return BROKEN
        return KEPT if self.packets and not self.reasons() else UNPROVEN

    @property
    def broken(self) -> tuple[SeenPacket, ...]:
        """The packets that did otherwise."""
        return tuple(one for one in self.packets if one.arrived is not None and one.arrived is not self.reach)

    def reasons(self, language: str = ENGLISH) -> tuple[str, ...]:
        """Why it is not proven whole, each reason once."""
        doubts = (_doubt(one, language) for one in self.packets if one.why)
        return tuple(dict.fromkeys((*(said(one, language) for one in self.lacking), *doubts)))


def _doubt(one: SeenPacket, language: str) -> str:
    """Why it is not known whether a packet arrived, with the packet."""
    packet = say(language, "packet", port=one.port, address=one.address, point=point_of(one.point, language))
    return say(language, one.why.id, packet=packet, **dict(one.why.values)) if one.why else ""


def point_of(point: str, language: str) -> str:
    """How a point is called; the inside of a user's dial begins with a mark of its own."""
    return say(language, "dial", user=point.removeprefix(DIAL)) if point.startswith(DIAL) else point


AT_ONCE = 4
"""Addresses that one point tries at once."""

DIAL = "dial:"
"""Before a user's name: the point that is the inside of the user's dial."""
REFUSED, UNANSWERED, NO_WAY, OWN = map(reason, ("refused", "unanswered", "no-way", "own"))
PARTS, ENDS = map(reason, ("parts", "ends"))


def proofs(
    expected: Iterable[ExpectedPackets], points: Sequence[Vantage], dial: Dial, users: Sequence[str], own: set[Asked]
) -> list[Proof]:
    """A proof of each expectation. `own` is how this machine, the point `here`, administers the lab."""
    packets = tuple(expected)
    with ThreadPoolExecutor(max_workers=len(points) + len(users) or 1) as pool:
        views = [pool.submit(_seen_from, point, packets, own) for point in points]
        inside = [pool.submit(_seen_by, user, packets, dial) for user in users]
        seen = [pair for each in (*views, *inside) for pair in each.result()]
    answered = {(one.address, one.port) for _, one in seen if one.arrived}
    seen = [(about, _settled(one, answered)) for about, one in seen]
    return [_proof(sentence, packets, seen) for sentence in dict.fromkeys(one.sentence for one in packets)]


def _proof(
    sentence: str, packets: Iterable[ExpectedPackets], seen: Sequence[tuple[ExpectedPackets, SeenPacket]]
) -> Proof:
    mine = [one for one in packets if one.sentence == sentence]
    sent = tuple(packet for about, packet in seen if about in mine)
    lacking = [reason for one in mine for reason in _lacking(one, seen)]
    return Proof(sentence, mine[0].reach, sent, tuple(lacking))


def _lacking(one: ExpectedPackets, seen: Sequence[tuple[ExpectedPackets, SeenPacket]]) -> Iterator[Reason]:
    """Why not every packet about it could be sent."""
    points = {packet.point for about, packet in seen if about == one}
    if one.place == IN_THE_VPN:
        missing = [user for user in one.users if not points & {f"{IN_THE_VPN}-{user}", DIAL + user}]
        if missing:
            yield reason("nobody-dialled", users=", ".join(missing[:3]), first=missing[0])
        elif not one.users:
            yield reason("no-account")
    elif not points:
        yield reason("no-point", name=one.place if one.place in PLACES else _called(one.origin))
    if one.partly:
        yield PARTS
    if any("-" in port for port in one.ports):
        yield ENDS


def _is_there(point: Vantage, one: ExpectedPackets, named: Collection[str]) -> bool:
    """Whether a vantage point is where an expectation's sender is: by its place, or called after the sender.

    What is called after one of the other senders (`named`) stands for that one alone, and not for the internet.
    """
    if one.place == IN_THE_VPN:
        return point.name in {f"{IN_THE_VPN}-{user}" for user in one.users}
    if one.place in PLACES:
        return point.place == one.place and _called(point.name) not in named
    return _called(point.name) == _called(one.origin)


def _called(name: str) -> str:
    """A sender's name as a vantage point can have it: `198.51.100.0/24` is `198-51-100-0-24`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _single(one: ExpectedPackets) -> list[str]:
    """The ports to try: both ends of a range."""
    found = (re.fullmatch(r"(\d+)(?:-(\d+))?/(\w+)", port) for port in one.ports)
    return [f"{end}/{each[3]}" for each in found if each for end in dict.fromkeys((each[1], each[2] or each[1]))]


def _seen_from(
    point: Vantage, packets: Sequence[ExpectedPackets], own: Collection[Asked]
) -> list[tuple[ExpectedPackets, SeenPacket]]:
    """What a vantage point sees of the packets of senders who are where it is."""
    named = {_called(one.origin) for one in packets if one.place not in PLACES}
    mine = [one for one in packets if _is_there(point, one, named)]
    addresses = list(dict.fromkeys(str(one.address) for one in mine))
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        views = pool.map(lambda address: point.observe(_targets(address, mine), address), addresses)
        seen = dict(zip(addresses, views, strict=True))
    pairs = [(one, port) for one in mine for port in _single(one)]
    made = ((one, _packet(point, one, port, seen[str(one.address)])) for one, port in pairs)
    return [(one, _of_own(packet, one, own) if point.name == "here" else packet) for one, packet in made]


def _targets(address: str, packets: Iterable[ExpectedPackets]) -> Targets:
    """What is asked of an address: what should be open first, as silence there is asked about again."""
    here = [(one, port) for one in packets if str(one.address) == address for port in _single(one)]
    opened = ports(",".join(port for one, port in here if one.reach), "expect")
    closed = ports(",".join(port for one, port in here if not one.reach), "expect")
    return Targets(address, address, opened, tuple(one for one in closed if one not in opened))


def _packet(point: Vantage, one: ExpectedPackets, port: str, view: VantageView) -> SeenPacket:
    packet = SeenPacket(point.name, str(one.address), port, None)
    found = next((each for each in view.observations if str(each.port) == port), None)
    if found is None:
        return replace(packet, why=reason("no-report", trouble=view.trouble))
    arrived, why = _arrived(found, packet.address)
    return replace(packet, arrived=arrived, why=why)


def _arrived(seen: Observation, address: str) -> tuple[bool | None, Reason | None]:
    verdict = observation.cause(seen, address)
    if verdict == "open" or verdict.startswith("firewall:"):
        return verdict == "open", None
    if verdict == "silence":
        return (None, UNANSWERED) if seen.port.protocol == "udp" else (False, None)
    return None, REFUSED if verdict == "no listener" else NO_WAY


def _of_own(packet: SeenPacket, one: ExpectedPackets, own: Collection[Asked]) -> SeenPacket:
    is_own = packet.arrived and not one.reach and (packet.address, packet.port) in own
    return replace(packet, arrived=None, why=OWN) if is_own else packet


def _seen_by(user: str, packets: Iterable[ExpectedPackets], dial: Dial) -> list[tuple[ExpectedPackets, SeenPacket]]:
    """What a user's dial sees from inside."""
    pairs = [(one, port) for one in packets if user in one.users for port in _single(one)]
    found = dial(user, list(dict.fromkeys((str(one.address), port) for one, port in pairs))) if pairs else {}
    return [(one, _inside(user, str(one.address), port, found)) for one, port in pairs]


def _inside(user: str, address: str, port: str, found: Mapping[Asked, str] | str) -> SeenPacket:
    packet = SeenPacket(DIAL + user, address, port, None)
    if isinstance(found, str):
        return replace(packet, why=reason("no-dial", trouble=found))
    state = found.get((address, port), "")
    if state == "open":
        return replace(packet, arrived=True)
    if state == "silent":
        return replace(packet, why=UNANSWERED) if port.endswith("/udp") else replace(packet, arrived=False)
    return replace(packet, why=REFUSED if state == "closed" else reason("not-asked"))


def _settled(packet: SeenPacket, answered: Collection[Asked]) -> SeenPacket:
    """UDP that is answered elsewhere, and not here, did not arrive from here."""
    is_stopped = packet.why == UNANSWERED and (packet.address, packet.port) in answered
    return replace(packet, arrived=False, why=None) if is_stopped else packet


def to_json(proof: Proof, language: str = ENGLISH) -> dict[str, Any]:
    """A proof for a program."""
    sent = [
        {"from": point_of(one.point, ENGLISH), "address": one.address, "port": one.port, "arrived": one.arrived}
        for one in proof.packets
    ]
    return {
        "says": proof.sentence,
        "state": proof.state,
        "unproven": list(proof.reasons(language)),
        "packets": sent,
    }
