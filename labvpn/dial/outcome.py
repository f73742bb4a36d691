"""What a dial ends with: one cause, where it stopped, and what was seen; `words` makes sentences of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Protocol

from labvpn.diagnose.event import Cause, Stage


class DialCause(StrEnum):
    """Causes that a dial sees and a log does not; all others are those of the diagnosis of logs."""

    BANNED = "source-banned"
    ENDED = "session-ended"
    SSTP_SILENT = "sstp-no-reply"
    HUB_OFFLINE = "hub-offline"


AnyCause = Cause | DialCause


GOOD_TO_KNOW = frozenset({"fails-there", "translated", "small-mtu", "fragments-lost-unneeded", "no-resolver"})
"""Findings that are no fault of the lab."""


@dataclass(frozen=True)
class Finding:
    """Something that was seen: the id of its sentence, and what the sentence names."""

    id: str
    values: dict[str, str | int] = field(default_factory=dict)

    @property
    def is_fault(self) -> bool:
        """Whether somebody should repair it."""
        return self.id not in GOOD_TO_KNOW


class Say(Protocol):
    """Receives each step as it is taken: seconds since the dial began, and the words of a Mac's ppp.log."""

    def __call__(self, seconds: float, text: str) -> None:
        """Take a step."""


class StepLog:
    """The steps of one dial with their times."""

    def __init__(self, now: Callable[[], float], say: Say) -> None:
        self._now, self._say, self._began = now, say, now()
        self.steps: list[tuple[float, str]] = []

    def take(self, text: str) -> None:
        """Note a step."""
        seconds = self._now() - self._began
        self.steps.append((seconds, text))
        self._say(seconds, text)

    def hear(self, events: list[str]) -> None:
        """Note what a tunnel or a link collected, and forget it there."""
        for event in events:
            self.take(event)
        events.clear()


@dataclass
class DialOutcome:
    """What came of a dial."""

    cause: AnyCause
    stage: Stage
    because: Finding | None = None
    suite: str = ""
    protection: str = ""
    method: str = ""
    address: IPv4Address | None = None
    resolver: IPv4Address | None = None
    router: IPv4Address | None = None
    steps: list[tuple[float, str]] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    @property
    def is_connected(self) -> bool:
        """Whether the dial got an address, and kept it for as long as it was to stay."""
        return self.cause is Cause.CONNECTED


class DialEndedError(Exception):
    """The dial stopped: the cause, the stage, and what was seen."""

    def __init__(self, cause: AnyCause, stage: Stage, because: Finding) -> None:
        super().__init__(because.id)
        self.cause, self.stage, self.because = cause, stage, because
