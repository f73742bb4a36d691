"""Dials to verdicts: what a line names outweighs where the dial stopped, and that outweighs a code. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from labvpn.diagnose import model
from labvpn.diagnose.attempts import Attempt, split
from labvpn.diagnose.event import NAMED, Cause, DialStep, Event, Family, Kind, Stage
from labvpn.diagnose.verdict import RankedCause, Reason, Verdict, named, ranked, spread, unknown

STOPPED, TRUNCATED = 50, 25
"""Weights of the staged model: the dial failed there; the log only ends there."""

SLOW_REFUSAL = (3.5, 60.0)
"""Seconds from the first PUSH_REQUEST to AUTH_FAILED when SoftEther waited for an address in vain (about 5; a wrong
password is refused within 1: measured)."""

UNHEARD = 4
"""LCP requests sent without an answer that show a silent tunnel."""

ENDINGS = (Kind.FAILED, Kind.CLOSED, Kind.CUT, Kind.LOST)


def judge(events: Sequence[Event]) -> Verdict:
    """Judge the last dial that shows an outcome."""
    for attempt in reversed(split(events)):
        if attempt.foreign:
            return unknown("foreign")
        verdict = judged(attempt)
        if verdict.known:
            return replace(verdict, dial=attempt.number, dials=attempt.total)
    return unknown()


def judged(attempt: Attempt) -> Verdict:
    """Judge one dial."""
    ups = [place for place, event in enumerate(attempt.events) if event.step is DialStep.UP]
    if ups:
        return _after_up(attempt, attempt.events[ups[0]], attempt.events[ups[-1] + 1 :])
    spoken = [finding for event in _still_true(attempt) for finding in _spoken(attempt, event)]
    loudest = max(spoken, key=lambda finding: finding.weight, default=None)
    stopped = [] if loudest and loudest.weight >= NAMED else _stopped(attempt, bool(spoken))
    findings = ranked(spoken + stopped)
    return Verdict(findings[0].stage, findings) if findings else unknown()


def _still_true(attempt: Attempt) -> list[Event]:
    """The lines that name causes and were not overtaken by a later step."""
    events = attempt.events
    said = [(place, event) for place, event in enumerate(events) if event.kind is Kind.SAYS]
    return [event for place, event in said if not any(_overtakes(later, event) for later in events[place + 1 :])]


def _overtakes(later: Event, said: Event) -> bool:
    if later.kind is not Kind.STEP or later.step is None:
        return False
    if said.stage in (Stage.NAME, Stage.TRANSPORT):
        return DialStep.IKE_ANSWERED <= later.step < DialStep.TCP_SENT or later.step >= DialStep.TCP_UP
    if said.stage is Stage.TLS:
        return (
            later.step in (DialStep.TLS_UP, DialStep.PUSH_ASKED, DialStep.PUSHED) or later.step >= DialStep.PPP_ANSWERED
        )
    return said.stage is Stage.AUTHENTICATION and later.step in (
        DialStep.AUTH_OK,
        DialStep.ADDRESS_ASKED,
        DialStep.PUSHED,
    )


def _spoken(attempt: Attempt, event: Event) -> list[RankedCause]:
    """What one line says; OpenVPN's refusal says more if it came slowly."""
    asked = next((past for past in attempt.events if past.step is DialStep.PUSH_ASKED), None)
    refusal = event.family is Family.OPENVPN and Cause.NO_ADDRESS in event.causes and Cause.CREDENTIALS in event.causes
    waited = attempt.seconds(asked, event) if asked and refusal else None
    if waited is None or not SLOW_REFUSAL[0] <= waited <= SLOW_REFUSAL[1]:
        return spread(event.causes, event.weight, named(event), _place(attempt, event))
    rest = tuple(cause for cause in event.causes if cause is not Cause.NO_ADDRESS)
    slow = Reason("slow", event.number, event.words, number=waited)
    return spread((Cause.NO_ADDRESS, *rest), event.weight, slow, event.stage)


def _place(attempt: Attempt, said: Event) -> Stage:
    """The stage that a line names; IPsec's refusals are worded alike in both phases."""
    phase_2 = any(
        past.step in (DialStep.IKE_UP, DialStep.IPSEC_SENT) and past.number < said.number for past in attempt.events
    )
    return Stage.PHASE_2 if phase_2 and said.stage is Stage.PHASE_1 else said.stage


def _stopped(attempt: Attempt, spoken: bool) -> list[RankedCause]:
    """What the staged model says of the furthest step, if the dial failed there or the log ends there."""
    furthest = attempt.furthest
    server = all(event.family is Family.SERVER for event in attempt.events)
    ended = any(event.kind in ENDINGS for event in attempt.events)
    if furthest is None or furthest is DialStep.DIALLED:
        return []
    if _unheard(attempt):
        return spread(
            (Cause.L2TP_SILENT, Cause.ESP_OR_4500), STOPPED, Reason("unheard", step=DialStep.L2TP_UP), Stage.L2TP
        )
    if not ended and furthest in model.GOING_WELL and not spoken:
        return [RankedCause(Cause.CONNECTED, STOPPED, Reason("going-well", step=furthest), Stage.CONNECTED)]
    if not ended and (spoken or (furthest not in model.UNANSWERED and not server)):
        return []
    stage, causes = (model.SERVER if server else model.CLIENT)[furthest]
    key, weight = ("stopped", STOPPED) if ended else ("truncated", TRUNCATED)
    if server:
        key = "server-saw"
    elif ended and furthest in model.QUESTIONS:
        key = "unanswered"
    last = [event.number for event in attempt.events if event.step is furthest or event.kind in ENDINGS][-1]
    return spread(causes, weight, Reason(key, last, step=furthest, server=server), stage)


def _unheard(attempt: Attempt) -> bool:
    sent = sum(1 for event in attempt.events if event.words.lower().startswith("sent [lcp confreq"))
    heard = any(event.step is not None and event.step >= DialStep.PPP_ANSWERED for event in attempt.events)
    return sent >= UNHEARD and not heard


def _after_up(attempt: Attempt, up: Event, after: Sequence[Event]) -> Verdict:
    """Judge a dial that worked: it may have been cut, or have ended as it should."""
    worked = RankedCause(Cause.CONNECTED, STOPPED, named(up), Stage.CONNECTED)
    spoken = [finding for event in after if event.kind is Kind.SAYS for finding in _spoken(attempt, event)]
    if spoken:
        return Verdict(Stage.DISCONNECTED, ranked([*spoken, replace(worked, weight=1.0)]))
    end = next((event for event in after if _ends_session(event, attempt.seconds(up, event))), None)
    if end is None:
        return Verdict(Stage.CONNECTED, (worked,))
    span = attempt.seconds(up, end)
    reason = Reason("span" if span is not None else "cut", end.number, end.words, number=(span or 0) / 60)
    over = RankedCause(Cause.TIME_OVER, STOPPED + (10 if _by_the_clock(end, span) else -10), reason, Stage.DISCONNECTED)
    return Verdict(Stage.DISCONNECTED, ranked([worked, over]))


def _ends_session(event: Event, span: float | None) -> bool:
    """Whether a worked session ended here; a mere restart counts only at a round time, where a server's limit lies."""
    return event.kind in (Kind.CUT, Kind.LOST) or (event.kind is Kind.FAILED and _by_the_clock(event, span))


def _by_the_clock(end: Event, span: float | None) -> bool:
    """Whether the end looks like the server's rule: cut by it, or silent after a round number of minutes."""
    if span is None or (end.kind is Kind.CUT and span >= 240):
        return end.kind is Kind.CUT
    return span >= 240 and min(span % 300, -span % 300) <= 15
