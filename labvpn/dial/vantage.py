"""The same dial from another machine: a command leads to a labvpn there, which reads from its stdin what to dial."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, TypeAdapter, ValidationError

from labvpn.connect.refused import last_line
from labvpn.connect.vantage import named_command, printed_objects
from labvpn.diagnose.event import Cause, Stage
from labvpn.dial.outcome import DialCause
from labvpn.dial.report import Report
from labvpn.dial.ways import Way, to_json

PATIENCE = 150.0
"""Seconds for a slow login, and a dial whose every step waits; a stay comes on top."""


@dataclass(frozen=True)
class DialVantage:
    """Another machine: its name, and the words of the command that leads to a labvpn there."""

    name: str
    prefix: tuple[str, ...]


class _Known(BaseModel):
    """What is read of an object that another labvpn wrote; what it has beside that is handed on."""

    model_config = ConfigDict(strict=True)


class _Note(_Known):
    sentence: str = Field(alias="says")


class _Service(_Known):
    target: str
    name: str
    should_open: bool | None = Field(alias="shouldOpen")
    state: Literal["open", "closed", "silent"]


class _Packets(_Known):
    up: int
    down: int
    whole: int


class _ForeignReport(_Known):
    system: str = Field(alias="as")
    way: str = ""
    connected: bool
    cause: Annotated[Cause, Strict(False)] | Annotated[DialCause, Strict(False)]
    stage: Annotated[Stage, Strict(False)]
    detail: str
    seconds: float
    address: str
    notes: list[_Note]


class _OpenVpnReport(_ForeignReport):
    protocol: Literal["openvpn"]


class _PppReport(_ForeignReport):
    protocol: Literal["l2tp", "sstp"]
    phase1: str = ""
    phase2: str = ""
    login: str
    router: str
    resolver: str
    resolver_answers: bool | None = Field(alias="resolverAnswers")
    resolved: str
    routes: list[str] | None
    packets: _Packets | None
    services: list[_Service]
    outside: str | None


_FOREIGN: TypeAdapter[_OpenVpnReport | _PppReport] = TypeAdapter(
    Annotated[_OpenVpnReport | _PppReport, Field(discriminator="protocol")]
)


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
    try:
        report = _report(ran.stdout)
    except ValidationError as error:
        place = next((str(part) for part in error.errors()[0]["loc"][1:]), "protocol")
        raise VantageError(f"{there.name}: its labvpn is another version, whose {place} is not known here") from None
    if report is None:
        words = last_line(ran.stderr, "it printed no report")
        raise VantageError(f"{there.name}: {words} (exit status {ran.returncode})")
    return {**report, "from": there.name}


def _report(text: str) -> Report | None:
    """The report in what a vantage point printed, whatever its login printed before and after it.

    Raises ValidationError where a report has what is not known here.
    """
    for found in printed_objects(text):
        dials = found.get("dials")
        if isinstance(dials, list) and len(dials) == 1:
            _FOREIGN.validate_python(dials[0])
            return dict(dials[0])
    return None
