"""Attempts to verdicts: what a line names outweighs where the attempt stopped, and that outweighs a code. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from labvpn.diagnose import model
from labvpn.diagnose.attempts import Attempt, split
from labvpn.diagnose.event import NAMED, WEAK, Cause, DialStep, Event, Family, Kind, Stage
from labvpn.diagnose.verdict import RankedCause, Reason, Verdict, quoted, ranked, spread, unknown

STOPPED, TRUNCATED = 50, 25
"""Weights of the staged model: the attempt failed there; the log only ends there."""

SLOW_REFUSAL = (3.5, 60.0)
"""Seconds from the first PUSH_REQUEST to AUTH_FAILED when SoftEther waited in vain for an address (about 5; a wrong
password is refused within 1: measured)."""

LOOP, LONGEST_LOOP = 3, 600.0
"""So many sessions, each lost within so many seconds, are a loop: OpenVPN's usual ping-restart is 60 to 120 seconds."""

ENDINGS = (Kind.FAILED, Kind.CLOSED, Kind.CUT, Kind.LOST)
PLACES = (*ENDINGS, Kind.COMPLAINT)
"""What a reason may point at as the place where an attempt ended."""


def evaluate(events: Sequence[Event]) -> Verdict:
    """Diagnose the last attempt that shows an outcome; one that worked is not the outcome of a later attempt."""
    attempts = split(events)
    if looping := _reconnects(attempts):
        return looping
    unanswered: Verdict | None = None
    for attempt in reversed(attempts):
        if attempt.foreign:
            return unknown("foreign")
        verdict = replace(evaluate_attempt(attempt), attempt=attempt.number, attempts=attempt.total)
        if not verdict.known:
            continue
        if verdict.stage is Stage.CONNECTED and attempt is not attempts[-1]:
            break
        if not _breaks_off(attempt, verdict):
            return verdict
        # OpenVPN restarts by itself: why it did says more than the restart that the text breaks off in.
        unanswered = unanswered or verdict
    return unanswered or _unfinished(attempts)


def _breaks_off(attempt: Attempt, verdict: Verdict) -> bool:
    """Whether the text ends with an attempt of OpenVPN, or with nothing but the beginning of one at a server."""
    if attempt.openvpn:
        return verdict.findings[0].reason.key == "truncated"
    return all(event.kind is Kind.START and event.family is Family.SERVER for event in attempt.events)


def _unfinished(attempts: Sequence[Attempt]) -> Verdict:
    """Nothing failed and nothing worked: the text ends too early."""
    furthest = attempts[-1].furthest if attempts else None
    if furthest is None:
        return unknown()
    last = [event.number for event in attempts[-1].events if event.step is furthest][-1]
    return unknown(Reason("unfinished", last, step=furthest, fault=f"{Cause.UNKNOWN}:unfinished"))


def _reconnects(attempts: Sequence[Attempt]) -> Verdict | None:
    """OpenVPN that connects and is lost again and again, minutes after each other: two devices with one certificate."""
    tail = attempts[-LOOP - 1 :]
    lost = [attempt for attempt in tail if attempt.lost_after is not None and attempt.lost_after <= LONGEST_LOOP]
    if len(lost) < LOOP or not any(attempt.openvpn for attempt in lost):
        return None
    last = lost[-1]
    reason = Reason("loop", last.events[-1].number, number=len([one for one in attempts if one.lost_after is not None]))
    causes = (Cause.SECOND_LOGIN, Cause.TCP_443, Cause.CLIENT)
    findings = ranked(spread(causes, STOPPED, reason, Stage.DISCONNECTED))
    return Verdict(Stage.DISCONNECTED, _in_openvpns_terms(last, findings), last.number, last.total)


def evaluate_attempt(attempt: Attempt) -> Verdict:
    """Diagnose one attempt."""
    ups = [index for index, event in enumerate(attempt.events) if event.step is DialStep.UP]
    if ups:
        return _after_up(attempt, attempt.events[ups[0]], attempt.events[ups[-1] + 1 :])
    named = [finding for event in _open_messages(attempt) for finding in _named_causes(attempt, event)]
    heaviest = max(named, key=lambda finding: finding.weight, default=None)
    named += [] if named else _complaints(attempt)
    stopped = [] if heaviest and heaviest.weight >= NAMED else _stopped(attempt, bool(named))
    findings = _in_openvpns_terms(attempt, ranked(named + stopped))
    return Verdict(findings[0].stage, findings) if findings else unknown()


def _complaints(attempt: Attempt) -> list[RankedCause]:
    """What the last complaint after the last step is about, if it says so; it weighs less than where that was."""
    about = [event for event in attempt.after_last_step if event.kind is Kind.COMPLAINT and event.causes]
    return spread(about[-1].causes, about[-1].weight, quoted(about[-1]), about[-1].stage) if about else []


def _in_openvpns_terms(attempt: Attempt, findings: tuple[RankedCause, ...]) -> tuple[RankedCause, ...]:
    """The findings with OpenVPN's advice instead of IPsec's, for an attempt of OpenVPN."""
    if not attempt.openvpn:
        return findings
    return tuple(
        one if one.reason.fault.startswith(f"{one.cause}:") else replace(one, reason=_of_openvpn(one))
        for one in findings
    )


def _of_openvpn(finding: RankedCause) -> Reason:
    return replace(finding.reason, fault=f"{finding.cause}:openvpn")


def _open_messages(attempt: Attempt) -> list[Event]:
    """The lines that name causes and were not superseded by a later step."""
    events = attempt.events
    messages = [(index, event) for index, event in enumerate(events) if event.kind is Kind.MESSAGE]
    return [event for index, event in messages if not any(_supersedes(later, event) for later in events[index + 1 :])]


def _supersedes(later: Event, message: Event) -> bool:
    if later.kind is not Kind.STEP or later.step is None:
        return False
    if message.stage is Stage.PHASE_1 and message.weight <= WEAK:
        return later.step in (DialStep.IKE_REPLIED, DialStep.IKE_ANSWERED, DialStep.IKE_UP)
    if message.stage in (Stage.NAME, Stage.TRANSPORT):
        return DialStep.IKE_ANSWERED <= later.step < DialStep.TCP_SENT or later.step >= DialStep.TCP_UP
    if message.stage is Stage.TLS:
        return (
            later.step in (DialStep.TLS_UP, DialStep.PUSH_ASKED, DialStep.PUSHED) or later.step >= DialStep.PPP_ANSWERED
        )
    return message.stage is Stage.AUTHENTICATION and later.step in (
        DialStep.AUTH_OK,
        DialStep.ADDRESS_ASKED,
        DialStep.PUSHED,
    )


def _named_causes(attempt: Attempt, event: Event) -> list[RankedCause]:
    """The causes that one line names; a slow refusal of OpenVPN means more."""
    asked = next((past for past in attempt.events if past.step is DialStep.PUSH_ASKED), None)
    refusal = event.family is Family.OPENVPN and Cause.NO_ADDRESS in event.causes and Cause.CREDENTIALS in event.causes
    waited = attempt.seconds(asked, event) if asked and refusal else None
    if waited is None or not SLOW_REFUSAL[0] <= waited <= SLOW_REFUSAL[1]:
        return spread(event.causes, event.weight, quoted(event), _stage(attempt, event))
    rest = tuple(cause for cause in event.causes if cause is not Cause.NO_ADDRESS)
    slow = Reason("slow", event.number, event.excerpt, number=waited)
    return spread((Cause.NO_ADDRESS, *rest), event.weight, slow, event.stage)


def _stage(attempt: Attempt, message: Event) -> Stage:
    """The stage that a line names; IPsec words its refusals alike in both phases."""
    earlier = attempt.events[: attempt.events.index(message)]
    phase_2 = any(past.step in (DialStep.IKE_UP, DialStep.IPSEC_SENT) for past in earlier)
    return Stage.PHASE_2 if phase_2 and message.stage is Stage.PHASE_1 else message.stage


def _stopped(attempt: Attempt, named: bool) -> list[RankedCause]:
    """The causes of the furthest step in the staged model, if the attempt failed there or the log ends there."""
    furthest = attempt.furthest
    server = all(event.family is Family.SERVER for event in attempt.events)
    ended = any(event.kind in ENDINGS for event in attempt.events) or attempt.complained
    if furthest is None or furthest is DialStep.DIALLED:
        return []
    if silent := _unanswered(attempt):
        return silent
    if not ended and (named or (furthest not in model.UNANSWERED and not server)):
        return []
    stage, causes = (model.SERVER if server else model.CLIENT)[furthest]
    key, weight = ("stopped", STOPPED) if ended else ("truncated", TRUNCATED)
    if server:
        key = "server-saw"
    elif ended and furthest in model.QUESTIONS:
        key = "unanswered"
    last = [event.number for event in attempt.events if event.step is furthest or event.kind in PLACES][-1]
    return spread(causes, weight, Reason(key, last, step=furthest, server=server), stage)


def _unanswered(attempt: Attempt) -> list[RankedCause]:
    """The causes of requests that were repeated and never answered."""
    lines = [event.excerpt.lower() for event in attempt.events]
    for one in model.SILENCES:
        heard = max((index for index, line in enumerate(lines) if line.startswith(one.heard)), default=-1)
        sent = sum(1 for line in lines[heard + 1 :] if line.startswith(one.asked))
        later = any(event.step is not None and event.step > one.step for event in attempt.events)
        if sent >= one.requests and not later and (heard < 0 or one.step is DialStep.ADDRESS_ASKED):
            return spread(one.causes, STOPPED, Reason("requests-unanswered", step=one.step), one.stage)
    return []


def _after_up(attempt: Attempt, up: Event, after: Sequence[Event]) -> Verdict:
    """Diagnose an attempt that worked: it may have been cut, or have ended as it should."""
    worked = RankedCause(Cause.CONNECTED, STOPPED, quoted(up), Stage.CONNECTED)
    named = [finding for event in after if event.kind is Kind.MESSAGE for finding in _named_causes(attempt, event)]
    if named:
        return Verdict(Stage.DISCONNECTED, ranked([*named, replace(worked, weight=1.0)]))
    end = next((event for event in after if event.kind in ENDINGS), None)
    if end is None or end.kind is Kind.CLOSED:
        return Verdict(Stage.CONNECTED, (worked,))
    span = attempt.seconds(up, end)
    reason = Reason("span" if span is not None else "cut", end.number, end.excerpt, number=(span or 0) / 60)
    over = RankedCause(Cause.TIME_OVER, STOPPED + (10 if _by_the_clock(end, span) else -10), reason, Stage.DISCONNECTED)
    return Verdict(Stage.DISCONNECTED, ranked([worked, over]))


def _by_the_clock(end: Event, span: float | None) -> bool:
    """Whether the end looks like the server's limit: cut by it, or silent after a round number of minutes."""
    if span is None or (end.kind is Kind.CUT and span >= 240):
        return end.kind is Kind.CUT
    return span >= 240 and min(span % 300, -span % 300) <= 15
