"""The sentences of a dial, one module for each language; those of causes that logs show too are the diagnosis's."""

from __future__ import annotations

from dataclasses import dataclass

from labvpn.diagnose import words as diagnosis
from labvpn.diagnose.event import Cause
from labvpn.diagnose.words import Advice
from labvpn.dial.outcome import AnyCause, Finding


@dataclass(frozen=True, slots=True)
class DialWords:
    """All sentences in one language: `findings` by their ids, `layout` by the place where they stand."""

    findings: dict[str, str]
    advice: dict[AnyCause, Advice]
    layout: dict[str, str]


def of(language: str) -> DialWords:
    """The sentences of a language: `ja`, or English for every other."""
    from labvpn.dial.words import en, ja

    return ja.WORDS if language == "ja" else en.WORDS


def sentence(finding: Finding, language: str) -> str:
    """A finding in words."""
    return of(language).findings[finding.id].format(**finding.values)


def advice(cause: AnyCause, language: str) -> Advice:
    """What a cause is called, and who can do what."""
    return of(language).advice.get(cause) or diagnosis.of(language).advice[Cause(cause)]
