"""Failures at a hop, each one sentence: who, what, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from labvpn.model.untrusted import plain


class Code(StrEnum):
    """The kind of a failure, for a caller that goes on from it."""

    FAILED = "failed"
    NO_PROGRAM = "no-program"
    """A program that the command needs is not on the host."""
    EXITED = "exited"
    """The command itself ended with an error."""


class HopError(Exception):
    """One hop could not be reached, or refused.

    Its parts stay readable: `hop`, `what` and `remedy` make the sentence, `code` is the kind, and `output` is what the
    hop itself printed as errors, as it came.
    """

    def __init__(self, hop: str, what: str, remedy: str, code: Code = Code.FAILED, output: str = "") -> None:
        # A host's own words may be among them.
        super().__init__(plain(f"{hop} {what}; {remedy}"))
        self.hop, self.what, self.remedy, self.code, self.output = hop, what, remedy, code, output


class HopErrors(Exception):
    """The failures of several hops at once, one line each."""

    def __init__(self, errors: Iterable[HopError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))
