"""A verdict as text or JSON, in English or Japanese. Pure."""

from labvpn.diagnose import words
from labvpn.diagnose.event import Stage
from labvpn.diagnose.files import FileKind
from labvpn.diagnose.verdict import RankedCause, Reason, Verdict
from labvpn.diagnose.words import Advice, Words
from labvpn.model.untrusted import json_text, plain

MOST_CAUSES = 4
"""More alternatives than these do not help; text and JSON list the same."""


def because(reason: Reason, texts: Words) -> str:
    """One reason as a sentence."""
    if reason.key == "file":
        return texts.files[FileKind(reason.excerpt)]
    where = texts.layout["where-server" if reason.server else "where"].format(line=reason.line)
    step = texts.steps[reason.step] if reason.step is not None else ""
    return texts.reasons[reason.key].format(where=where, excerpt=plain(reason.excerpt), step=step, number=reason.number)


def as_json(verdict: Verdict, language: str = "en") -> str:
    """The stage and the causes in order: {"stage": ..., "causes": [{"id": ..., "because": ...}]}."""
    texts = words.of(language)
    causes = [
        {"id": str(finding.cause), "because": _distinct_reason(verdict, index, texts)}
        for index, finding in enumerate(verdict.findings[:MOST_CAUSES])
    ]
    return json_text({"stage": str(verdict.stage), "causes": causes})


def _distinct_reason(verdict: Verdict, index: int, texts: Words) -> str:
    """The reason for one cause; if a more likely cause has the same, what distinguishes them."""
    finding = verdict.findings[index]
    reason = because(finding.reason, texts)
    if reason not in [because(other.reason, texts) for other in verdict.findings[:index]]:
        return reason
    return texts.reasons["same"].format(because=reason, confirm=advice(finding, texts).confirm)


def advice(finding: RankedCause, texts: Words) -> Advice:
    """The advice for a cause: that for the fault which the line names, or the cause's own."""
    fault = finding.reason.fault
    closer = texts.details.get(fault) if fault.startswith(f"{finding.cause}:") else None
    return closer or texts.advice[finding.cause]


def as_text(verdict: Verdict, language: str = "en") -> str:
    """The answer as text: where the attempt stopped, why, and who can do what."""
    texts = words.of(language)
    top = verdict.findings[:MOST_CAUSES]
    parts = [_heading(verdict, texts)]
    if verdict.attempts > 1:
        parts.append(texts.layout["attempt"].format(attempt=verdict.attempt, attempts=verdict.attempts))
    if verdict.known:
        parts += ["", texts.layout["causes"]]
        parts += [line for index, finding in enumerate(top, start=1) for line in _cause(index, finding, texts)]
    else:
        parts.append(because(top[0].reason, texts))
    parts += ["", texts.layout["user"], *(f"- {advice(one, texts).user}" for one in top)]
    parts += ["", texts.layout["admin"], *(f"- {advice(one, texts).admin}" for one in top)]
    return "\n".join(parts) + "\n"


def _heading(verdict: Verdict, texts: Words) -> str:
    if verdict.findings[0].reason.key == "unfinished":
        return texts.layout["unfinished"]
    if verdict.stage in (Stage.CONNECTED, Stage.DISCONNECTED, Stage.UNKNOWN):
        return texts.layout[str(verdict.stage)]
    return texts.layout["stage"].format(stage=texts.stages[verdict.stage])


def _cause(number: int, finding: RankedCause, texts: Words) -> list[str]:
    closer = advice(finding, texts)
    return [
        texts.layout["item"].format(number=number, title=closer.title, id=finding.cause),
        f"   {texts.layout['because']}{because(finding.reason, texts)}",
        f"   {texts.layout['confirm']}{closer.confirm}",
    ]
