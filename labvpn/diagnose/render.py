"""A verdict as text or JSON, in English or Japanese. Pure."""

from labvpn.diagnose import words
from labvpn.diagnose.event import Stage
from labvpn.diagnose.verdict import RankedCause, Reason, Verdict
from labvpn.diagnose.words import Words
from labvpn.model.untrusted import json_text, plain

MOST_CAUSES = 4
"""More alternatives than these help nobody to act."""


def because(reason: Reason, said: Words) -> str:
    """One reason as a sentence."""
    place = said.layout["where-server" if reason.server else "where"].format(line=reason.line)
    step = said.steps[reason.step] if reason.step is not None else ""
    return said.reasons[reason.key].format(where=place, words=plain(reason.words), step=step, number=reason.number)


def as_json(verdict: Verdict, language: str = "en") -> str:
    """The stage and the causes in order: {"stage": ..., "causes": [{"id": ..., "because": ...}]}."""
    said = words.of(language)
    causes = [
        {"id": str(finding.cause), "because": _because_too(verdict, place, said)}
        for place, finding in enumerate(verdict.findings)
    ]
    return json_text({"stage": str(verdict.stage), "causes": causes})


def _because_too(verdict: Verdict, place: int, said: Words) -> str:
    """The reason of one cause; where a likelier cause has the same, what would tell them apart."""
    finding = verdict.findings[place]
    reason = because(finding.reason, said)
    if finding.reason not in [other.reason for other in verdict.findings[:place]]:
        return reason
    return said.reasons["same"].format(because=reason, tell=said.advice[finding.cause].tell)


def as_text(verdict: Verdict, language: str = "en") -> str:
    """The answer for people: where it stopped, why, and who can do what."""
    said = words.of(language)
    shown = verdict.findings[:MOST_CAUSES]
    parts = [_heading(verdict, said)]
    if verdict.dials > 1:
        parts.append(said.layout["dial"].format(dial=verdict.dial, dials=verdict.dials))
    if verdict.known:
        parts += ["", said.layout["causes"]]
        parts += [line for place, finding in enumerate(shown, start=1) for line in _cause(place, finding, said)]
    else:
        parts.append(because(shown[0].reason, said))
    parts += ["", said.layout["user"], *(f"- {said.advice[one.cause].user}" for one in shown)]
    parts += ["", said.layout["admin"], *(f"- {said.advice[one.cause].admin}" for one in shown)]
    return "\n".join(parts) + "\n"


def _heading(verdict: Verdict, said: Words) -> str:
    if verdict.stage in (Stage.CONNECTED, Stage.DISCONNECTED, Stage.UNKNOWN):
        return said.layout[str(verdict.stage)]
    return said.layout["stage"].format(stage=said.stages[verdict.stage])


def _cause(number: int, finding: RankedCause, said: Words) -> list[str]:
    advice = said.advice[finding.cause]
    return [
        said.layout["item"].format(number=number, title=advice.title, id=finding.cause),
        f"   {said.layout['because']}: {because(finding.reason, said)}",
        f"   {said.layout['tell']}: {advice.tell}",
    ]
