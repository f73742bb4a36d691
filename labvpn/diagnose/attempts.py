"""Events to dials: a file often holds several, and the last one with an outcome is the one to judge. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from labvpn.diagnose.event import DialStep, Event, Family, Kind

SHARED = DialStep.PPP_ANSWERED
"""From here on the steps are those of any PPP dial, PPTP's and PPPoE's too."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dial: its events in order, and its place among the `total` dials of the file."""

    events: tuple[Event, ...]
    number: int = 1
    total: int = 1

    @property
    def furthest(self) -> DialStep | None:
        """The last step taken, in the order of the model, if any was seen."""
        return max((event.step for event in self.events if event.step is not None), default=None)

    @property
    def foreign(self) -> bool:
        """Whether this is a dial of another kind: foreign lines, and nothing that only this VPN's kinds write.

        MPPE is PPTP's encryption; L2TP is encrypted by IPsec and has no use for it.
        """
        alien = any(event.family is Family.FOREIGN or "mppe" in event.words.lower() for event in self.events)
        ours = any(
            event.family not in (Family.FOREIGN, Family.WINDOWS)
            and event.step is not None
            and DialStep.DIALLED < event.step < SHARED
            and event.step is not DialStep.L2TP_UP
            for event in self.events
        )
        return alien and not ours

    def seconds(self, earlier: Event, later: Event) -> float | None:
        """Seconds between two events of this dial, if both lines are stamped; midnight may lie between."""
        if earlier.at is None or later.at is None:
            return None
        return (later.at - earlier.at) % 86_400


def split(events: Sequence[Event]) -> tuple[Attempt, ...]:
    """Part events into dials: a START opens a new one, unless nothing else has happened since the last START."""
    groups: list[list[Event]] = [[]]
    for event in events:
        if event.kind is Kind.START and any(past.kind is not Kind.START for past in groups[-1]):
            groups.append([])
        groups[-1].append(event)
    found = [tuple(group) for group in groups if group]
    return tuple(Attempt(group, number, len(found)) for number, group in enumerate(found, start=1))
