"""Dials as JSON, text or metrics; text and metrics are made from the JSON, which may come from another machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from labvpn.diagnose import words as diagnosis
from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import words
from labvpn.dial.inside import Inside
from labvpn.dial.outcome import AnyCause, DialCause, DialOutcome, Finding
from labvpn.dial.run import Dial
from labvpn.dial.systems import SYSTEMS, System

Report = dict[str, Any]


def as_json(system: System, dial: Dial, language: str) -> Report:
    """One dial for programs; `cause` and `stage` are the ids of `labvpn diagnose`, or this command's own."""
    outcome = dial.outcome
    return {
        "protocol": "l2tp",
        "as": system.name,
        **_verdict(outcome, language),
        "seconds": round(dial.seconds, 3),
        "phase1": outcome.suite,
        "phase2": outcome.protection,
        "login": outcome.method,
        **{name: str(getattr(outcome, name) or "") for name in ("address", "router", "resolver")},
        **_inside(dial.inside),
        "notes": [_said(note, language) for note in outcome.notes],
        "steps": [{"seconds": round(seconds, 3), "text": text} for seconds, text in outcome.steps],
    }


def of_sstp(dial: Dial, language: str) -> Report:
    """One dial by SSTP."""
    outcome = dial.outcome
    return {
        "protocol": "sstp",
        "as": "sstp",
        **_verdict(outcome, language),
        "seconds": round(dial.seconds, 3),
        "login": outcome.method,
        **{name: str(getattr(outcome, name) or "") for name in ("address", "router", "resolver")},
        **_inside(dial.inside),
        "notes": [_said(note, language) for note in outcome.notes],
        "steps": [{"seconds": round(seconds, 3), "text": text} for seconds, text in outcome.steps],
    }


def of_openvpn(way: str, dial: Dial, language: str) -> Report:
    """One dial by OpenVPN; `way` is `tcp-443`."""
    outcome = dial.outcome
    return {
        "protocol": "openvpn",
        "as": "openvpn",
        "way": way,
        **_verdict(outcome, language),
        "seconds": round(dial.seconds, 3),
        "address": str(outcome.address or ""),
        "notes": [_said(note, language) for note in outcome.notes],
        "steps": [{"seconds": round(seconds, 3), "text": text} for seconds, text in outcome.steps],
    }


def _verdict(outcome: DialOutcome, language: str) -> Report:
    because = outcome.because
    return {
        "connected": outcome.is_connected,
        "cause": str(outcome.cause),
        "stage": str(outcome.stage),
        "because": because.id if because else "",
        "detail": words.sentence(because, language) if because else "",
    }


def _said(finding: Finding, language: str) -> dict[str, str | bool]:
    return {"id": finding.id, "says": words.sentence(finding, language), "fault": finding.is_fault}


def _inside(inside: Inside) -> Report:
    sizes, routes = inside.sizes, inside.routes
    return {
        "resolverAnswers": inside.resolver_answers,
        "resolved": inside.resolved,
        "routes": None if routes is None else [f"{target} via {router}" for target, router in routes],
        "packets": None if sizes is None else {"up": sizes.up, "down": sizes.down, "whole": sizes.way},
        "services": [
            {"target": str(target), "name": target.name, "shouldOpen": target.should_open, "state": state}
            for target, state in inside.services.items()
        ],
        "outside": inside.outside,
    }


def of_ways(reports: Sequence[Report], language: str) -> str:
    """Which ways are open from here, in the order in which they were tried."""
    texts = words.of(language).layout
    opened = [_way(report, texts) for report in reports if report["connected"]]
    return texts["ways"].format(ways=", ".join(dict.fromkeys(opened))) if opened else texts["no-ways"]


def _way(report: Report, texts: dict[str, str]) -> str:
    return texts[report["protocol"]].format(way=report.get("way", ""))


def as_text(report: Report, host: str, language: str) -> str:
    """One dial for people: what came of it, what was chosen and seen, and who can do what."""
    texts, cause = words.of(language).layout, _cause(report["cause"])
    lines = [_title(report, host, texts), _heading(report, language)]
    if not report["connected"]:
        lines.append(f"{words.advice(cause, language).title} ({cause})")
        lines += [texts["because"].format(sentence=report["detail"])] if report["detail"] else []
    lines += _seen(report, texts)
    lines += [texts["note"].format(sentence=note["says"]) for note in report["notes"]]
    if not report["connected"]:
        advice, headings = words.advice(cause, language), diagnosis.of(language).layout
        lines += ["", headings["user"], f"- {advice.user}", "", headings["admin"], f"- {advice.admin}"]
    return "\n".join(lines) + "\n"


def _cause(text: str) -> AnyCause:
    return DialCause(text) if text in set(DialCause) else Cause(text)


def _title(report: Report, host: str, texts: dict[str, str]) -> str:
    system = SYSTEMS.get(report["as"])
    title = system.title if system else _way(report, texts)
    place = report.get("from")
    return (
        texts["from"].format(title=title, host=host, vantage=place)
        if place
        else texts["title"].format(title=title, host=host)
    )


def _heading(report: Report, language: str) -> str:
    said, stage = diagnosis.of(language), Stage(report["stage"])
    if stage is Stage.UNKNOWN:
        return words.of(language).layout["no-stage"]
    if stage in (Stage.CONNECTED, Stage.DISCONNECTED):
        return said.layout[str(stage)]
    return said.layout["stage"].format(stage=said.stages[stage])


def _seen(report: Report, texts: dict[str, str]) -> Iterator[str]:
    if report.get("phase2"):
        named = {"suite": report["phase1"], "protection": report["phase2"], "method": report["login"] or "-"}
        yield texts["chosen"].format(**named)
    if not report["address"]:
        return
    yield texts["address"].format(**{name: report.get(name) or "-" for name in ("address", "router", "resolver")})
    if report["protocol"] == "openvpn":
        return
    routes = report["routes"]
    some = texts["some-routes"].format(routes=", ".join(routes or ()))
    yield some if routes else texts["no-routes"] if routes is None else texts["routes"]
    if report["resolverAnswers"]:
        yield texts["resolver"].format(resolved=f" ({report['resolved']})" if report["resolved"] else "")
    yield from _sizes(report, texts)
    for one in report["services"]:
        words_ = texts["unlisted" if one["shouldOpen"] is False else "service"]
        yield words_.format(
            target=one["target"], name=f" ({one['name']})" if one["name"] else "", state=texts[one["state"]]
        )
    if report["outside"]:
        yield texts["outside"].format(outside=report["outside"])


def _sizes(report: Report, texts: dict[str, str]) -> Iterator[str]:
    """The sizes that pass; over TCP there are none, since it cuts and joins packets itself."""
    packets = report["packets"]
    if packets:
        yield texts["sizes"].format(up=packets["up"], down=packets["down"], way=packets["whole"])
    elif report["protocol"] == "l2tp":
        yield texts["no-sizes"]


def metrics(reports: Sequence[Report], host: str, at: float) -> str:
    """The dials as Prometheus text, for the textfile collector of a node exporter."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    labels = ("host", "from", "as")
    up = Gauge("labvpn_dial_connected", "1 if a whole dial got an address", labels, registry=registry)
    took = Gauge("labvpn_dial_seconds", "Seconds of the dial and its questions", labels, registry=registry)
    cause = Gauge("labvpn_dial_cause", "1 for what came of the dial", (*labels, "cause"), registry=registry)
    last = Gauge("labvpn_dial_timestamp_seconds", "When the dial ended", labels, registry=registry)
    opened = Gauge("labvpn_dial_service_open", "1 if a TCP port opens inside", (*labels, "target"), registry=registry)
    for report in reports:
        way = report["as"] + (f"-{report['way']}" if report.get("way") else "")
        own = (host, report.get("from", ""), way)
        up.labels(*own).set(report["connected"])
        took.labels(*own).set(report["seconds"])
        cause.labels(*own, report["cause"]).set(1)
        last.labels(*own).set(at)
        for one in report.get("services", ()):
            opened.labels(*own, one["target"]).set(one["state"] == "open")
    return generate_latest(registry).decode()
