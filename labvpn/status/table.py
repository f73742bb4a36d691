"""The report as tables for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from labvpn.model.untrusted import plain
from labvpn.status.report import CertificateRenewal, CodeChecks, ConnectedSession, StatusReport

_MOST_CRASHES = 10


def show(report: StatusReport, console: Console) -> None:
    """Print who is connected, who failed to log in, and what ends."""
    console.print(_sessions(report))
    if report.failures:
        console.print(_failures(report))
    if report.guard:
        console.print(Text.assemble(("The login guard cannot ban every source:", "bold red"), " ", plain(report.guard)))
    if report.banned:
        console.print(_bans(report))
    if report.crashes:
        console.print(_crashes(report))
    console.print(_ends(report))
    if report.renewal:
        console.print(_renewal(report.renewal))
    if report.second_factor:
        for sentence in _troubles(report.second_factor):
            console.print(sentence)


def _troubles(checks: CodeChecks) -> Iterator[Text]:
    if checks.trouble:
        yield Text.assemble(("Nobody with a second factor gets in:", "bold red"), " ", plain(checks.trouble))
    if checks.campus:
        words = ("Nobody with a password at the campus's RADIUS gets in:", "bold red")
        yield Text.assemble(words, " ", plain(checks.campus))


def _sessions(report: StatusReport) -> Table:
    names = ("user", "since (UTC)", "from", "by", "received", "sent", "time left")
    table = Table(*(Column(name, overflow="fold") for name in names), title=_title(report))
    for session in sorted(report.sessions, key=lambda session: session.since):
        table.add_row(
            _said(session.user + (" (by *)" if session.by_wildcard else "")),
            _clock(report, session.since),
            _said(session.source),
            _said(session.protocol),
            _bytes(session.received),
            _bytes(session.sent),
            _left(report, session),
        )
    return table


def _title(report: StatusReport) -> str:
    return f"{len(report.sessions)} connected at {_time(report.at)} UTC"


def _failures(report: StatusReport) -> Table:
    table = Table("from", "as", "times", "last (UTC)", title="Failed logins of the last 24 hours")
    for failure in sorted(report.failures, key=lambda failure: -failure.count):
        source = _said(failure.source or "not in the log")
        table.add_row(source, _said(failure.user), str(failure.count), _time(failure.last))
    return table


def _bans(report: StatusReport) -> Table:
    table = Table("from", "failed logins", "until (UTC)", title="Banned for now from new connections")
    for one in sorted(report.banned, key=lambda one: one.until):
        table.add_row(_said(one.source), str(one.failures), _time(one.until))
    return table


def _crashes(report: StatusReport) -> Table:
    table = Table("at (UTC)", "connecting then", title="Crashes of the server")
    for crash in report.crashes[-_MOST_CRASHES:]:
        table.add_row(f"[bold red]{_time(crash.at)}[/]", _said(", ".join(crash.sources) or "unknown"))
    return table


def _ends(report: StatusReport) -> Table:
    table = Table("what", "ends (UTC)", "in", title="What ends")
    ends = report.certificate_expires
    if ends is None:
        table.add_row("certificate", "[bold red]the server shows none[/]", "")
    else:
        table.add_row("certificate", *_end(report, ends))
    for account in sorted(report.accounts, key=lambda account: account.expires):
        table.add_row(_said(account.user), *_end(report, account.expires))
    return table


def _renewal(renewal: CertificateRenewal) -> Text:
    if renewal.trouble:
        return Text.assemble(("The certificate is not being renewed:", "bold red"), " ", plain(renewal.trouble))
    when = f"renewed {renewal.renewed:%Y-%m-%d}, next about {renewal.next:%Y-%m-%d}"
    return Text(f"The certificate comes from {plain(renewal.authority)}: {when}")


def _end(report: StatusReport, moment: datetime) -> tuple[str, str]:
    left = moment - report.at
    words = f"{left.days} days" if left > timedelta(0) else "over"
    return _time(moment), f"[bold red]{words}[/]" if report.is_near(moment) else words


def _left(report: StatusReport, session: ConnectedSession) -> str:
    left = report.left(session)
    if left is None:
        return "no limit"
    minutes, seconds = divmod(max(0, round(left.total_seconds())), 60)
    words = f"{minutes}:{seconds:02}"
    return f"[bold red]{words}[/]" if report.is_ending(session) else words


def _said(text: str) -> Text:
    """Text of others: no markup, no control characters."""
    return Text(plain(text))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _clock(report: StatusReport, moment: datetime) -> str:
    """The time of day, with the date where it is another."""
    text = _time(moment)
    return text.partition(" ")[2] if text[:10] == _time(report.at)[:10] else text


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
