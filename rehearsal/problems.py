"""Errors of the rehearsal, worded so that the reader knows what to do."""

from __future__ import annotations


class RehearsalError(Exception):
    """The rehearsal could not do what was asked; its text says what, why and what to do."""


class NotRunningError(RehearsalError):
    """Nothing can be done on the rehearsal's machines, since they are not up."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the rehearsal '{name}' is not running: run `make lab`, or `labvpn rehearsal start`")
