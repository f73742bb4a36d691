"""Events to attempts: a file often has several, and the last one with an outcome is diagnosed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from labvpn.diagnose.event import DialStep, Event, Family, Kind
from labvpn.diagnose.model import QUESTIONS

SHARED = DialStep.PPP_ANSWERED
"""From here on the steps are those of any PPP connection, including PPTP and PPPoE."""

BEFORE = (Kind.START, Kind.COMPLAINT)
"""What may come before the first step of an attempt."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to connect: its events in order, and its number among the `total` attempts of the file."""

    events: tuple[Event, ...]
    number: int = 1
    total: int = 1

    @property
    def furthest(self) -> DialStep | None:
        """The furthest step in the order of the model, if any was seen."""
        return max((event.step for event in self.events if event.step is not None), default=None)

    @property
    def foreign(self) -> bool:
        """Whether this is an attempt of another kind: foreign lines, and nothing that only this VPN's kinds write.

        MPPE is PPTP's encryption; L2TP is encrypted by IPsec and does not use it.
        """
        foreign = any(event.family is Family.FOREIGN or "mppe" in event.excerpt.lower() for event in self.events)
        ours = any(
            event.family not in (Family.FOREIGN, Family.WINDOWS)
            and event.step is not None
            and DialStep.DIALLED < event.step < SHARED
            and event.step is not DialStep.L2TP_UP
            for event in self.events
        )
        return foreign and not ours

    @property
    def after_last_step(self) -> tuple[Event, ...]:
        """What was written after the last step that was taken."""
        last = max((index for index, event in enumerate(self.events) if event.step is not None), default=-1)
        return self.events[last + 1 :]

    @property
    def complained(self) -> bool:
        """Whether a program complained after the last step that was taken."""
        return any(event.kind is Kind.COMPLAINT for event in self.after_last_step)

    @property
    def openvpn(self) -> bool:
        """Whether this is a dial of OpenVPN, by its own lines."""
        return any(event.family is Family.OPENVPN for event in self.events)

    @property
    def lost_after(self) -> float | None:
        """Seconds for which the attempt was up before it was lost; -1 without timestamps; None if it was not."""
        up = next((event for event in self.events if event.step is DialStep.UP), None)
        lost = next((event for event in reversed(self.events) if event.kind in (Kind.LOST, Kind.FAILED)), None)
        if up is None or lost is None or self.events.index(lost) < self.events.index(up):
            return None
        seconds = self.seconds(up, lost)
        return -1.0 if seconds is None else seconds

    def seconds(self, earlier: Event, later: Event) -> float | None:
        """Seconds between two events of this attempt, if both lines have timestamps; midnight may lie between them."""
        if earlier.at is None or later.at is None:
            return None
        return (later.at - earlier.at) % 86_400


def split(events: Sequence[Event]) -> tuple[Attempt, ...]:
    """Split events into attempts: at each START, unless nothing else has happened since the last one, and where the
    first lines of an attempt are missing after one that had come to its end."""
    groups: list[list[Event]] = [[]]
    for event in events:
        started = event.kind is Kind.START and any(past.kind not in BEFORE for past in groups[-1])
        started = started and not _is_echo(event, groups[-1])
        if started or _starts_over(event, groups[-1]):
            groups.append([])
        groups[-1].append(event)
    found = [tuple(group) for group in groups if group]
    return tuple(Attempt(group, number, len(found)) for number, group in enumerate(found, start=1))


def _is_echo(event: Event, past: Sequence[Event]) -> bool:
    """Whether a beginning is another program's copy of one in the same second, as NetworkManager's of strongSwan."""
    begun = [one for one in past if one.kind is Kind.START]
    return bool(begun) and event.at is not None and (event.at, event.excerpt) == (begun[-1].at, begun[-1].excerpt)


def _starts_over(event: Event, past: Sequence[Event]) -> bool:
    """Whether a line belongs to an attempt after the past one, whose first line this text does not have."""
    if event.step is None or event.step >= SHARED or event.family is Family.SERVER:
        return False
    if any(one.kind is Kind.CLOSED for one in past):
        return event.kind is Kind.STEP
    up = any(one.step is DialStep.UP for one in past)
    return up and event.family is not Family.OPENVPN and (event.kind is Kind.FAILED or event.step in QUESTIONS)
