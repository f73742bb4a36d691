"""One run over a stack as a value: a report of each server, and the name that several of them share. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labvpn.probe import name_lookup, report
from labvpn.probe.name_lookup import Resolution
from labvpn.probe.report import ProbeReport
from labvpn.probe.servers import ProbedServer


@dataclass(frozen=True)
class Round:
    """The reports of one run, in the order of the `servers`; for a single server one report and nothing else.

    `expected` are the addresses that the name at `host` should have, none where they are unknown.
    """

    host: str
    reports: tuple[ProbeReport, ...]
    servers: tuple[ProbedServer, ...] = ()
    resolution: Resolution | None = None
    expected: tuple[str, ...] = ()
    at: float = 0.0
    seconds: float = 0.0

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the name that the servers share."""
        if not self.resolution:
            return ()
        if not self.expected:
            return name_lookup.problems(self.resolution, None)
        return name_lookup.differences(self.resolution, self.expected)

    @property
    def wrong(self) -> int:
        """How many things are not as expected."""
        return len(self.problems) + sum(made.wrong for made in self.reports)

    @property
    def as_expected(self) -> bool:
        """Whether every server is as it should be, and their name."""
        return self.wrong == 0

    @property
    def verdicts(self) -> Iterator[tuple[bool, str]]:
        """One sentence for each server, with whether it is as expected."""
        return ((made.as_expected, verdict(made)) for made in self.reports)


def verdict(made: ProbeReport) -> str:
    """Whether a server answers, and how much of it is not as it should be."""
    if made.answers is None:
        return f"{made.label} was not seen: no vantage point reported"
    if made.as_expected:
        return f"{made.label} {'answers, and all ' if made.answers else ''}is as expected"
    if not made.answers:
        count = len(made.wanted.opened)
        return f"{made.label} does not answer at {'its port' if count == 1 else f'any of its {count} ports'}"
    things = "1 thing is" if made.wrong == 1 else f"{made.wrong} things are"
    return f"{made.label} answers, but {things} not as expected"


def to_json(made: Round) -> dict[str, Any]:
    """The round as `--json` prints it: of a single server the report itself."""
    if not made.servers:
        return report.to_json(made.reports[0])
    each = zip(made.servers, made.reports, strict=True)
    return {
        "host": made.host,
        "at": datetime.fromtimestamp(made.at, UTC).isoformat(timespec="seconds"),
        "seconds": round(made.seconds, 2),
        "as_expected": made.as_expected,
        "problems": list(made.problems),
        "name": name_lookup.to_json(made.resolution) if made.resolution else None,
        "servers": [
            {"server": server.name or None, "says": verdict(one), **report.to_json(one)} for server, one in each
        ],
    }
