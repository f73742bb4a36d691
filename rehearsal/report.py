"""How the rehearsal's commands report: progress goes to standard error, and a failure is one sentence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from rehearsal.problems import RehearsalError


def say(text: str) -> None:
    """Report progress."""
    print(f"rehearsal: {text}", file=sys.stderr, flush=True)


@contextmanager
def reported(status: int = 1) -> Iterator[None]:
    """Turn a failure of the block into its sentence and an exit status."""
    try:
        yield
    except (RehearsalError, ValueError) as error:
        say(str(error))
        raise typer.Exit(status) from None
