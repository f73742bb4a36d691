"""Client log and server log to one verdict: the server saw what the client could not. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from labvpn.diagnose import recognise, rules
from labvpn.diagnose.attempts import Attempt, split
from labvpn.diagnose.believed import believed
from labvpn.diagnose.event import NAMED, Cause, DialStep, Event, Family, Stage
from labvpn.diagnose.lines import is_text, read
from labvpn.diagnose.verdict import Reason, Verdict, ranked, spread, unknown

NEAR = 180.0
"""Seconds between a client's and a server's lines of one dial; their clocks may differ by whole hours (zones)."""

SAME = 2.0
"""Seconds within which two dials of the server are equally near, since stamps have whole seconds: the later counts."""

SILENT_FITS = (Cause.IPSEC_PORTS, Cause.TCP_443, Cause.NAME, Cause.CLIENT)
"""The causes that a server's silence supports."""

BEFORE_LOGIN = (Stage.NAME, Stage.TRANSPORT, Stage.TLS, Stage.PHASE_1, Stage.PHASE_2)
AT_LOGIN = (Stage.AUTHENTICATION, Stage.ADDRESS, Stage.DISCONNECTED)

DECIDES = 200.0
"""The weight of what the server names: more than anything of the client's."""


def diagnose(texts: Sequence[str], *servers: str | None) -> Verdict:
    """Diagnose client texts (each a file), with the log of each server of the same moment where there is one."""
    readable = [believed(text) for text in texts if is_text(text)]
    seen = [event for text in readable for event in recognise.events(read(text))]
    client = [event for event in seen if event.family is not Family.SERVER]
    lines = [event for event in seen if event.family is Family.SERVER]
    given = [text for text in servers if text is not None]
    first, *others = [_of_server(text) for text in given] or [[]]
    logs = [[*lines, *first], *others]
    if not client:
        return rules.judge(list(chain(*logs)))
    verdict = rules.judge(client)
    if not given and not lines:
        return verdict
    near = _near(logs, client)
    possible = _possible(near, verdict, client)
    return verdict if near and not possible else crossed(verdict, possible)


def _of_server(text: str) -> list[Event]:
    """The events of one server's log."""
    return (
        [replace(event, family=Family.SERVER) for event in recognise.events(read(believed(text)))]
        if is_text(text)
        else []
    )


def _near(logs: Sequence[Sequence[Event]], client: Sequence[Event]) -> list[Event]:
    """The dials at one server up to the one nearest to the client's last moment; all where clocks cannot be compared.

    Of several servers it is the one with that dial, for a client dials one of them at a time.
    """
    lines = list(chain(*logs))
    moment = next((event.at for event in reversed(client) if event.at is not None), None)
    if moment is None:
        return lines
    dials = [(_gap(attempt, moment), log, attempt) for log, seen in enumerate(logs) for attempt in split(seen)]
    close = [(gap // SAME, -attempt.number, log, attempt) for gap, log, attempt in dials if gap <= NEAR]
    if not close:
        return lines
    *_, nearest, last = min(close, key=lambda one: one[:3])
    before = (attempt for *_, log, attempt in close if log == nearest and attempt.number <= last.number)
    events = [event for attempt in before for event in attempt.events]
    return [event for event in events if event.at is None or _apart(event.at, moment) <= NEAR]


def _gap(attempt: Attempt, moment: float) -> float:
    return min((_apart(event.at, moment) for event in attempt.events if event.at is not None), default=NEAR + 1)


def _possible(lines: Sequence[Event], verdict: Verdict, client: Sequence[Event]) -> list[Event]:
    """The server's events that this dial can have caused: others may have dialled in the same minute."""
    sure = verdict.findings[0].weight >= rules.STOPPED
    if sure and verdict.stage in BEFORE_LOGIN:
        lines = [event for event in lines if event.stage not in AT_LOGIN and (event.step or 0) < DialStep.TCP_SENT]
    if any(event.step is not None and DialStep.TCP_SENT <= event.step < DialStep.PPP_ANSWERED for event in client):
        lines = [event for event in lines if event.step is None or event.step >= DialStep.TCP_SENT]
    return list(lines)


def _apart(one: float, other: float) -> float:
    """Seconds between two times of day, whole half-hours (time zones) left out."""
    gap = (one - other) % 1800
    return min(gap, 1800 - gap)


def crossed(client: Verdict, lines: Sequence[Event]) -> Verdict:
    """Let the server's log decide between the client's causes."""
    if client.stage is Stage.CONNECTED:
        cut = rules.judge(lines)
        return cut if cut.causes[0] is Cause.TIME_OVER else client
    if not lines:
        return _server_silent(client)
    server = rules.judge(lines)
    if not server.known or (server.stage is Stage.CONNECTED and client.known):
        return _session_without_address(client, lines)
    if not client.known:
        return server
    lifted = [replace(finding, weight=finding.weight + DECIDES) for finding in server.findings]
    findings = ranked([*lifted, *client.findings])
    return replace(client, stage=server.stage, findings=findings)


def _server_silent(client: Verdict) -> Verdict:
    """A server that logged nothing of the dial was not reached: what closes the way rises."""
    if not client.known:
        return unknown()
    raised = [
        replace(finding, weight=finding.weight + NAMED, reason=Reason("server-silent", server=True))
        if finding.cause in SILENT_FITS
        else finding
        for finding in client.findings
    ]
    return replace(client, findings=ranked(raised))


def _session_without_address(client: Verdict, lines: Sequence[Event]) -> Verdict:
    """The server made a session and the client still failed: no address reached it."""
    made = next((event for event in reversed(lines) if event.step in (DialStep.SESSION, DialStep.AUTH_OK)), None)
    if made is None or client.stage not in (Stage.AUTHENTICATION, Stage.ADDRESS, Stage.L2TP):
        return client
    reason = Reason("server-session", made.number, made.words, server=True)
    findings = ranked([*spread((Cause.NO_ADDRESS,), DECIDES, reason, Stage.ADDRESS), *client.findings])
    return replace(client, stage=Stage.ADDRESS, findings=findings)
