"""The report as Prometheus text, for the textfile collector of a node exporter."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from labvpn.probe import text as words
from labvpn.probe.observation import OPEN
from labvpn.probe.report import ProbeReport
from labvpn.probe.rounds import Round


def text(made: ProbeReport) -> str:
    """The metrics of one run; every one carries the host that was probed."""
    return _text([made], [made])


def text_of_all(made: Round) -> str:
    """The same of every server, and of the name that they share, which has no ports of its own."""
    named = [made] if made.resolution else []
    return _text([*named, *made.reports], made.reports)


def _text(runs: Sequence[ProbeReport | Round], reports: Sequence[ProbeReport]) -> str:
    registry = CollectorRegistry()
    _runs(runs, registry)
    _ports(reports, registry)
    _observations(reports, registry)
    _certificates(reports, registry)
    return generate_latest(registry).decode("utf-8")


def _gauge(registry: CollectorRegistry, name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(f"labvpn_probe_{name}", meaning, ("host", *labels), registry=registry)


def _runs(runs: Sequence[ProbeReport | Round], registry: CollectorRegistry) -> None:
    good = _gauge(registry, "as_expected", "1 if nothing is wrong with the host")
    at = _gauge(registry, "timestamp_seconds", "Unix time of the probe")
    took = _gauge(registry, "duration_seconds", "How long the probe took")
    problems = _gauge(registry, "problems", "Wrong things other than ports")
    for made in runs:
        good.labels(made.host).set(made.as_expected)
        at.labels(made.host).set(made.at)
        took.labels(made.host).set(made.seconds)
        problems.labels(made.host).set(len(made.problems))


def _ports(reports: Sequence[ProbeReport], registry: CollectorRegistry) -> None:
    expected = _gauge(registry, "port_as_expected", "1 if the port is as it should be", "protocol", "port", "shall_be")
    closed = _gauge(
        registry, "port_closed_by", "The hop that closes a port that should be open", "protocol", "port", "hop"
    )
    for made, one in [(report, one) for report in reports for one in report.ports]:
        protocol, number = one.port.protocol, str(one.port.number)
        shall_be = OPEN if one.should_be_open else "closed"
        expected.labels(made.host, protocol, number, shall_be).set(one.as_expected)
        if one.should_be_open and one.blame and one.blame.hop:
            closed.labels(made.host, protocol, number, words.hop_id(one.blame.hop)).set(1)


def _observations(reports: Sequence[ProbeReport], registry: CollectorRegistry) -> None:
    opened = _gauge(registry, "port_open", "1 if the vantage point sees the port open", "vantage", "protocol", "port")
    reported = _gauge(registry, "vantage_up", "1 if the vantage point reported", "vantage")
    for made, view in [(report, view) for report in reports for view in report.views]:
        reported.labels(made.host, view.name).set(not view.trouble)
        for seen in view.observations:
            labels = (made.host, view.name, seen.port.protocol, str(seen.port.number))
            opened.labels(*labels).set(seen.state == OPEN)


def _certificates(reports: Sequence[ProbeReport], registry: CollectorRegistry) -> None:
    ends = _gauge(
        registry, "certificate_expiry_timestamp_seconds", "Unix time at which the certificate expires", "port"
    )
    for made in reports:
        for certificate, ports in made.certificates.items():
            for port in ports:
                if certificate.not_after is not None:
                    ends.labels(made.host, str(port.number)).set(certificate.not_after)
