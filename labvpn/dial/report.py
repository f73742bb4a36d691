"""A dial as text, JSON or metrics: the sentences are those of the diagnosis of logs."""

from __future__ import annotations

from typing import Any

from labvpn.diagnose import words
from labvpn.diagnose.event import Cause
from labvpn.dial.run import Dial
from labvpn.dial.systems import System

TEXTS = {
    "en": {
        "title": "{title}, {host}:",
        "chosen": "IPsec: {suite}, ESP {protection}; login by {method}",
        "address": "Address {address}, router {router}, resolver {resolver}",
        "resolver": "The resolver answers{resolved}.",
        "no-resolver": "The resolver does not answer.",
        "largest": "Packets of up to {largest} bytes pass in both directions.",
        "no-largest": "No packet of 576 bytes or more passes.",
        "service": "{target}: {state}",
        "open": "open",
        "closed": "closed (rejected)",
        "silent": "no answer",
        "ended": "The session ended before its time: {ended}.",
        "because": "Seen: {detail}.",
        "note": "Note: {note}.",
    },
    "ja": {
        "title": "{title}、{host}：",
        "chosen": "IPsec：{suite}、ESP {protection}、認証 {method}",
        "address": "アドレス {address}、ルーター {router}、リゾルバー {resolver}",
        "resolver": "リゾルバーが応答しています{resolved}。",
        "no-resolver": "リゾルバーが応答しません。",
        "largest": "{largest} バイトまでのパケットが双方向に通ります。",
        "no-largest": "576 バイト以上のパケットは通りません。",
        "service": "{target}：{state}",
        "open": "開いています",
        "closed": "閉じています（拒否）",
        "silent": "応答なし",
        "ended": "セッションが予定より早く終了しました：{ended}",
        "because": "観測：{detail}",
        "note": "注意：{note}",
    },
}


def as_json(system: System, dial: Dial) -> dict[str, Any]:
    """One dial for programs; `cause` and `stage` are the ids of `labvpn diagnose`."""
    outcome, inside = dial.outcome, dial.inside
    return {
        "as": system.name,
        "connected": outcome.is_connected,
        "cause": str(outcome.cause),
        "stage": str(outcome.stage),
        "detail": outcome.detail,
        "seconds": round(dial.seconds, 3),
        "phase1": outcome.suite,
        "phase2": outcome.protection,
        "login": outcome.method,
        **{name: str(getattr(outcome, name) or "") for name in ("address", "router", "resolver")},
        "resolverAnswers": inside.resolver_answers,
        "largestPacket": inside.largest,
        "services": inside.services,
        "ended": dial.ended,
        "notes": outcome.notes,
        "steps": [{"seconds": round(seconds, 3), "text": text} for seconds, text in outcome.steps],
    }


def as_text(system: System, host: str, dial: Dial, language: str) -> str:
    """One dial for people: what came of it, what was chosen and seen, and who can do what."""
    texts, said, outcome = TEXTS["ja" if language == "ja" else "en"], words.of(language), dial.outcome
    advice = said.advice[outcome.cause]
    heading = said.layout["connected"]
    if not outcome.is_connected:
        heading = said.layout["stage"].format(stage=said.stages[outcome.stage])
    lines = [texts["title"].format(title=system.title, host=host), heading]
    if not outcome.is_connected:
        lines += [f"{advice.title} ({outcome.cause})"]
        lines += [texts["because"].format(detail=outcome.detail)] if outcome.detail else []
    if outcome.protection:
        lines.append(
            texts["chosen"].format(suite=outcome.suite, protection=outcome.protection, method=outcome.method or "-")
        )
    lines += _inside(dial, texts) if outcome.is_connected else []
    lines += [texts["note"].format(note=note) for note in outcome.notes]
    if not outcome.is_connected:
        lines += ["", said.layout["user"], f"- {advice.user}", "", said.layout["admin"], f"- {advice.admin}"]
    return "\n".join(lines) + "\n"


def _inside(dial: Dial, texts: dict[str, str]) -> list[str]:
    outcome, inside = dial.outcome, dial.inside
    lines = [texts["address"].format(address=outcome.address, router=outcome.router, resolver=outcome.resolver)]
    resolved = f" ({inside.resolved})" if inside.resolved else ""
    if inside.resolver_answers is not None:
        lines.append(texts["resolver"].format(resolved=resolved) if inside.resolver_answers else texts["no-resolver"])
        lines.append(texts["largest"].format(largest=inside.largest) if inside.largest else texts["no-largest"])
    lines += [texts["service"].format(target=target, state=texts[state]) for target, state in inside.services.items()]
    return lines + ([texts["ended"].format(ended=dial.ended)] if dial.ended else [])


def metrics(dials: list[tuple[System, Dial]], host: str, at: float) -> str:
    """The dials as Prometheus text, for the textfile collector of a node exporter."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    labels = ("host", "as")
    up = Gauge("labvpn_dial_connected", "1 if a whole L2TP/IPsec dial got an address", labels, registry=registry)
    took = Gauge("labvpn_dial_seconds", "Seconds of the dial and its questions", labels, registry=registry)
    cause = Gauge("labvpn_dial_cause", "1 for what came of the dial", (*labels, "cause"), registry=registry)
    last = Gauge("labvpn_dial_timestamp_seconds", "When the dial ended", labels, registry=registry)
    for system, dial in dials:
        up.labels(host, system.name).set(dial.outcome.is_connected)
        took.labels(host, system.name).set(dial.seconds)
        cause.labels(host, system.name, str(dial.outcome.cause)).set(1)
        last.labels(host, system.name).set(at)
    return generate_latest(registry).decode()


def worst(dials: list[Dial]) -> Cause:
    """The cause of the first dial that did not get in; CONNECTED where all did."""
    return next((each.outcome.cause for each in dials if not each.outcome.is_connected), Cause.CONNECTED)
