"""Combine client log and server log into one verdict: the server saw what the client could not. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from labvpn.diagnose import recognise, rules
from labvpn.diagnose.attempts import Attempt, split
from labvpn.diagnose.client_words import without_client_words
from labvpn.diagnose.event import NAMED, Cause, DialStep, Event, Family, Stage
from labvpn.diagnose.files import FileKind
from labvpn.diagnose.lines import is_text, read, tail
from labvpn.diagnose.verdict import Reason, Verdict, ranked, spread, unknown

NEAR = 180.0
"""Most seconds between a client's and a server's lines of one attempt; clocks may differ by whole hours (zones)."""

SAME_MOMENT = 2.0
"""Attempts within so many seconds are equally near, since timestamps have whole seconds: the later one counts."""

SUPPORTED_BY_SILENCE = (Cause.IPSEC_PORTS, Cause.TCP_443, Cause.NAME, Cause.CLIENT)
"""The causes that a server's silence supports."""

BEFORE_LOGIN = (Stage.NAME, Stage.TRANSPORT, Stage.TLS, Stage.PHASE_1, Stage.PHASE_2)
AT_LOGIN = (Stage.AUTHENTICATION, Stage.ADDRESS, Stage.DISCONNECTED)

DECIDES = 200.0
"""The weight of what the server names: more than anything that the client names."""


def diagnose(texts: Sequence[str], *servers: str | None) -> Verdict:
    """Diagnose client texts (each a file), with each server's log of the same time if there is one."""
    if servers == () and not any(text.strip("\ufeff\0 \t\r\n") for text in texts):
        return unknown(Reason("file", excerpt=FileKind.EMPTY))
    seen = [event for text in texts for event in _events(text)]
    client = [event for event in seen if event.family is not Family.SERVER]
    lines = [event for event in seen if event.family is Family.SERVER]
    given = [text for text in servers if text is not None]
    first, *others = [_of_server(text) for text in given] or [[]]
    logs = [[*lines, *first], *others]
    if not client:
        return rules.evaluate(list(chain(*logs)))
    verdict = rules.evaluate(client)
    if not given and not lines:
        return verdict
    near = _near(logs, client)
    related = _related(near, verdict, client)
    return verdict if near and not related else combined(verdict, related)


def _events(text: str) -> tuple[Event, ...]:
    """The events of one text, of whoever wrote its lines; none if it is not a text."""
    if not is_text(text):
        return ()
    first, end = tail(text)
    return recognise.events(read(without_client_words(end), first))


def _of_server(text: str) -> list[Event]:
    """The events of one server's log."""
    return [replace(event, family=Family.SERVER) for event in _events(text)]


def _near(logs: Sequence[Sequence[Event]], client: Sequence[Event]) -> list[Event]:
    """The attempts at one server up to the one nearest to the client's last line; all if clocks cannot be compared.

    With several servers it is the one with that attempt: a client connects to one server at a time.
    """
    lines = list(chain(*logs))
    moment = next((event.at for event in reversed(client) if event.at is not None), None)
    if moment is None:
        return lines
    attempts = [(_gap(attempt, moment), log, attempt) for log, seen in enumerate(logs) for attempt in split(seen)]
    close = [(gap // SAME_MOMENT, -attempt.number, log, attempt) for gap, log, attempt in attempts if gap <= NEAR]
    if not close:
        return lines
    *_, nearest, last = min(close, key=lambda one: one[:3])
    before = (attempt for *_, log, attempt in close if log == nearest and attempt.number <= last.number)
    events = [event for attempt in before for event in attempt.events]
    return [event for event in events if event.at is None or _time_difference(event.at, moment) <= NEAR]


def _gap(attempt: Attempt, moment: float) -> float:
    return min(
        (_time_difference(event.at, moment) for event in attempt.events if event.at is not None), default=NEAR + 1
    )


def _related(lines: Sequence[Event], verdict: Verdict, client: Sequence[Event]) -> list[Event]:
    """The server's events that this attempt can have caused: others may have connected in the same minute."""
    sure = verdict.findings[0].weight >= rules.STOPPED
    if sure and verdict.stage in BEFORE_LOGIN:
        lines = [event for event in lines if event.stage not in AT_LOGIN and (event.step or 0) < DialStep.TCP_SENT]
    if any(event.step is not None and DialStep.TCP_SENT <= event.step < DialStep.PPP_ANSWERED for event in client):
        lines = [event for event in lines if event.step is None or event.step >= DialStep.TCP_SENT]
    return list(lines)


def _time_difference(one: float, other: float) -> float:
    """Seconds between two times of day, without whole half-hours (time zones)."""
    gap = (one - other) % 1800
    return min(gap, 1800 - gap)


def combined(client: Verdict, lines: Sequence[Event]) -> Verdict:
    """Let the server's log decide between the client's causes."""
    if client.stage is Stage.CONNECTED:
        cut = rules.evaluate(lines)
        return cut if cut.causes[0] is Cause.TIME_OVER else client
    if not lines:
        return _server_silent(client)
    server = rules.evaluate(lines)
    if not server.known or (server.stage is Stage.CONNECTED and client.known):
        return _session_without_address(client, lines)
    if not client.known:
        return server
    raised = [replace(finding, weight=finding.weight + DECIDES) for finding in server.findings]
    findings = ranked([*raised, *client.findings])
    return replace(client, stage=server.stage, findings=findings)


def _server_silent(client: Verdict) -> Verdict:
    """A server that logged nothing of the attempt was not reached: causes that block the path rise."""
    if not client.known:
        return unknown()
    raised = [
        replace(finding, weight=finding.weight + NAMED, reason=Reason("server-silent", server=True))
        if finding.cause in SUPPORTED_BY_SILENCE
        else finding
        for finding in client.findings
    ]
    return replace(client, findings=ranked(raised))


def _session_without_address(client: Verdict, lines: Sequence[Event]) -> Verdict:
    """The server made a session and the client still failed: no address reached it."""
    made = next((event for event in reversed(lines) if event.step in (DialStep.SESSION, DialStep.AUTH_OK)), None)
    if made is None or client.stage not in (Stage.AUTHENTICATION, Stage.ADDRESS, Stage.L2TP):
        return client
    reason = Reason("server-session", made.number, made.excerpt, server=True)
    findings = ranked([*spread((Cause.NO_ADDRESS,), DECIDES, reason, Stage.ADDRESS), *client.findings])
    return replace(client, stage=Stage.ADDRESS, findings=findings)
