"""Failures at a hop, each one sentence: who, what, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

from labvpn.model.untrusted import plain


class HopError(Exception):
    """One hop could not be reached, or refused."""

    def __init__(self, hop: str, what: str, remedy: str) -> None:
        # A host's own words may be among them.
        super().__init__(plain(f"{hop} {what}; {remedy}"))


class HopErrors(Exception):
    """The failures of several hops at once, one line each."""

    def __init__(self, errors: Iterable[HopError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))
