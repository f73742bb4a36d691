"""The report as Prometheus text, for the textfile collector of a node exporter."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from labvpn.model.untrusted import plain
from labvpn.status.report import StatusReport


def text(report: StatusReport) -> str:
    """The metrics of one reading; every time is Unix time in seconds."""
    registry = CollectorRegistry()
    _gauge(registry, "timestamp_seconds", "When the server was read").set(report.at.timestamp())
    _sessions(report, registry)
    # By source alone: names tried at random must not make ever more series.
    _gauge(registry, "barred_sources", "Sources that may open no new connection for now").set(len(report.banned))
    if report.guard is not None:
        guard = _gauge(registry, "guard_works", "Whether the guard against guessed passwords can ban (1) or not (0)")
        guard.set(not report.guard)
    failures = _gauge(registry, "failed_logins", "Failed logins of the last 24 hours", "source")
    for failure in report.failures:
        failures.labels(plain(failure.source)).inc(failure.count)
    ends = _gauge(registry, "account_expiry_timestamp_seconds", "When an account ends", "hub", "user")
    for account in report.accounts:
        ends.labels(plain(account.hub), plain(account.user)).set(account.expires.timestamp())
    _gauge(registry, "server_crashes", "Crashes of the server that are remembered").set(len(report.crashes))
    if report.crashes:
        last = _gauge(registry, "server_last_crash_timestamp_seconds", "When the server crashed last")
        last.set(max(crash.at for crash in report.crashes).timestamp())
    if report.certificate_expires is not None:
        certificate = _gauge(registry, "certificate_expiry_timestamp_seconds", "When the server's certificate ends")
        certificate.set(report.certificate_expires.timestamp())
    if report.renewal is not None:
        works = _gauge(registry, "certificate_renewal_works", "Whether the certificate is being renewed (1) or not (0)")
        works.set(not report.renewal.trouble)
        due = _gauge(registry, "certificate_renewal_timestamp_seconds", "When the certificate is renewed next")
        due.set(report.renewal.next.timestamp())
    if report.second_factor is not None:
        checked = _gauge(
            registry, "second_factor_works", "Whether codes are checked (1), or nobody with one gets in (0)"
        )
        checked.set(not report.second_factor.trouble)
        if report.second_factor.campus is not None:
            answers = _gauge(registry, "campus_radius_answers", "Whether the campus's RADIUS answers (1) or not (0)")
            answers.set(not report.second_factor.campus)
    return generate_latest(registry).decode()


def _sessions(report: StatusReport, registry: CollectorRegistry) -> None:
    labels = ("hub", "user", "session", "source", "protocol")
    _gauge(registry, "sessions", "Users' sessions").set(len(report.sessions))
    _gauge(registry, "sessions_ending", "Sessions about to be cut").set(sum(map(report.is_ending, report.sessions)))
    since = _gauge(registry, "session_start_timestamp_seconds", "When a session began", *labels)
    left = _gauge(registry, "session_seconds_left", "How long a session has until its cut", *labels)
    received = _gauge(registry, "session_received_bytes", "Bytes that the server received in a session", *labels)
    sent = _gauge(registry, "session_sent_bytes", "Bytes that the server sent in a session", *labels)
    for session in report.sessions:
        texts = (session.hub, session.user, session.name, session.source, session.protocol)
        values = tuple(map(plain, texts))
        since.labels(*values).set(session.since.timestamp())
        received.labels(*values).set(session.received)
        sent.labels(*values).set(session.sent)
        time_left = report.left(session)
        if time_left is not None:
            left.labels(*values).set(time_left.total_seconds())


def _gauge(registry: CollectorRegistry, name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(f"labvpn_{name}", meaning, labels, registry=registry)
