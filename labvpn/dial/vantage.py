"""The same dial from another machine: a command leads to a labvpn there, which reads from its stdin what to dial."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from dataclasses import dataclass

from labvpn.connect.refused import last_line
from labvpn.connect.vantage import named_command, printed_objects
from labvpn.dial.report import Report
from labvpn.dial.ways import Way, to_json

PATIENCE = 150.0
"""Seconds for a slow login, and a dial whose every step waits; a stay comes on top."""


@dataclass(frozen=True)
class DialVantage:
    """Another machine: its name, and the words of the command that leads to a labvpn there."""

    name: str
    prefix: tuple[str, ...]


class VantageError(Exception):
    """A vantage point gave no report; the message says which, and why."""


def vantage(text: str) -> DialVantage:
    """The vantage point of NAME=COMMAND PREFIX. ValueError, with what to write instead."""
    name, prefix = named_command(text)
    if prefix[-1].rpartition("/")[2].startswith("python"):
        raise ValueError(f"--vantage {name}: a dial needs an installed labvpn there, not only a Python")
    return DialVantage(name, prefix)


def dial(there: DialVantage, way: Way, language: str) -> Report:
    """One dial from there. Raises VantageError."""
    command = [*there.prefix, "dial", "--request", "--json", "--lang", language]
    try:
        ran = subprocess.run(
            command,
            input=to_json(way),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE + way.request.stay,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise VantageError(f"{there.name}: {there.prefix[0]} did not end within {PATIENCE:.0f} s") from None
    except OSError as error:
        raise VantageError(f"{there.name}: {there.prefix[0]}: {error.strerror}") from None
    report = _report(ran.stdout)
    if report is None:
        words = last_line(ran.stderr, "it printed no report")
        raise VantageError(f"{there.name}: {words} (exit status {ran.returncode})")
    return {**report, "from": there.name}


def _report(text: str) -> Report | None:
    """The report in what a vantage point printed, whatever its login printed before and after it."""
    for found in printed_objects(text):
        with suppress(ValueError, LookupError, TypeError):
            (report,) = found["dials"]
            return {**report, "cause": str(report["cause"]), "stage": str(report["stage"])}
    return None
