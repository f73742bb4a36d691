"""The answer as a value: a stage, and causes in order, each with its evidence."""

from dataclasses import dataclass, replace

from labvpn.diagnose.event import Cause, DialStep, Event, Family, Stage


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a cause is listed: the `key` of a sentence, with what the sentence mentions.

    `fault` is the key of advice that is closer than the cause's own: `certificate:expired`, `wrong-psk:openvpn`.
    """

    key: str
    line: int = 0
    excerpt: str = ""
    step: DialStep | None = None
    number: float = 0.0
    server: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RankedCause:
    """One cause with its weight (only for order), its heaviest reason, and the stage that the reason names."""

    cause: Cause
    weight: float
    reason: Reason
    stage: Stage


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where an attempt stopped and why; it is attempt `attempt` of `attempts` in the file."""

    stage: Stage
    findings: tuple[RankedCause, ...]
    attempt: int = 1
    attempts: int = 1

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The causes alone, most likely first."""
        return tuple(finding.cause for finding in self.findings)

    @property
    def known(self) -> bool:
        """Whether anything was diagnosed."""
        return self.stage is not Stage.UNKNOWN


SHARES = (1.0, 0.6, 0.45, 0.35, 0.25, 0.2)
"""How much of its weight a piece of evidence gives to its first cause, its second, and so on."""


def quoted(event: Event) -> Reason:
    """The reason that quotes a line, or its code."""
    server = event.family is Family.SERVER
    if not event.code:
        return Reason("line", event.number, event.excerpt, server=server, fault=event.fault)
    key = "softether" if event.family is Family.SOFTETHER or server else "windows"
    return Reason(key, event.number, event.code, server=server, fault=event.fault)


def spread(causes: tuple[Cause, ...], weight: float, reason: Reason, stage: Stage) -> list[RankedCause]:
    """Share a weight among ranked causes."""
    return [RankedCause(cause, weight * share, reason, stage) for cause, share in zip(causes, SHARES, strict=False)]


def _order(finding: RankedCause) -> tuple[float, int]:
    """Heaviest; then a client's earliest line, where the problem began, or a server's latest, its last attempt."""
    return -finding.weight, -finding.reason.line if finding.reason.server else finding.reason.line


def ranked(findings: list[RankedCause]) -> tuple[RankedCause, ...]:
    """One finding for each cause, in order: its heaviest reason, its weight raised a little by every other one."""
    best: dict[Cause, RankedCause] = {}
    for finding in findings:
        known = best.get(finding.cause)
        if known is None:
            best[finding.cause] = finding
            continue
        strong, weak = (finding, known) if _order(finding) < _order(known) else (known, finding)
        raised = min(strong.weight + weak.weight * 0.1, max(strong.weight, 99.0))
        best[finding.cause] = replace(strong, weight=raised)
    return tuple(sorted(best.values(), key=_order))


def unknown(reason: str | Reason = "nothing") -> Verdict:
    """The verdict on a text that is not recognised, or that ends before anything failed or worked."""
    why = Reason(reason) if isinstance(reason, str) else reason
    return Verdict(Stage.UNKNOWN, (RankedCause(Cause.UNKNOWN, 0.0, why, Stage.UNKNOWN),))
