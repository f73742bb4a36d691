"""The sentences of the answer, one module for each language."""

from dataclasses import dataclass

from labvpn.diagnose.event import Cause, DialStep, Stage
from labvpn.diagnose.files import FileKind


@dataclass(frozen=True, slots=True)
class Advice:
    """What one cause is called, what confirms it, and what each side can do."""

    title: str
    confirm: str
    user: str
    admin: str


@dataclass(frozen=True, slots=True)
class Words:
    """All sentences of an answer in one language; `reasons` and `layout` are format strings by key.

    `details` has closer advice by `cause:fault`, as `faults` names them; `files` says what a file is that
    cannot be a log.
    """

    stages: dict[Stage, str]
    steps: dict[DialStep, str]
    reasons: dict[str, str]
    advice: dict[Cause, Advice]
    layout: dict[str, str]
    details: dict[str, Advice]
    files: dict[FileKind, str]


def of(language: str) -> Words:
    """The sentences of a language: `ja`, or English for every other."""
    from labvpn.diagnose.words import en, ja

    return ja.WORDS if language == "ja" else en.WORDS
