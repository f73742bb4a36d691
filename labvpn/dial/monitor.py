"""What a call of `labvpn dial` does: each dial from each place, once or again and again, and what it prints."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import openvpn, report, requests, trust, vantage, ways, words
from labvpn.dial.openvpn import OpenVpnProfile
from labvpn.dial.outcome import DialOutcome, Finding
from labvpn.dial.report import Report
from labvpn.dial.requests import Ask, DialUsageError, Options
from labvpn.dial.run import DialRequest
from labvpn.dial.vantage import DialVantage, VantageError
from labvpn.dial.ways import Way
from labvpn.model.outputs import Outputs, OutputsError
from labvpn.model.replacing import replace_file
from labvpn.model.untrusted import json_text, plain, plain_lines

ALL = "all"


@dataclass(frozen=True)
class DialPlan:
    """What is dialled: each way from here, and from other machines as well."""

    ways: tuple[Way, ...]
    points: tuple[DialVantage, ...]
    host: str
    here: bool
    """Whether this machine dials too."""
    any_way: bool
    """Whether one open way is enough: the question is how to get in from here."""

    @property
    def lacks_openvpn(self) -> bool:
        """Whether a way was to be tried that this machine has no program for."""
        return self.any_way and self.here and openvpn.program() is None


@dataclass(frozen=True)
class Show:
    """How the answer is shown."""

    language: str
    as_json: bool
    prometheus: Path | None
    every: float


def plan(
    options: Options,
    protocol: str,
    profiles: Sequence[Path],
    pin: bool,
    points: Sequence[str],
    ask: Ask,
    sent: bool = False,
    here: bool = True,
) -> DialPlan:
    """The plan of a command line, or of a request that another labvpn `sent`. Raises DialUsageError."""
    if sent:
        only = ways.from_json(sys.stdin.read())
        return DialPlan((only,), (), only.request.host, True, False)
    if not here and not points:
        raise DialUsageError("--here none: then another machine must dial; name a vantage point with --vantage")
    many = options.repeated or protocol == ALL or len(points) + here > 1
    options = replace(options, needs_key=protocol in (ways.L2TP, ALL), repeated=many)
    stack = requests.stack_of(options)
    if protocol in (ways.L2TP, ways.SSTP):
        requests.require_mschap(options, stack)
    made = requests.requests(options, stack, ask)
    try:
        there = tuple(vantage.vantage(text) for text in points)
    except ValueError as error:
        raise DialUsageError(str(error)) from None
    found = tuple(_ways(options, protocol, profiles, pin, stack, made, here))
    return DialPlan(found, there, made[0].host, here, protocol == ALL)


def _ways(
    options: Options,
    protocol: str,
    profiles: Sequence[Path],
    pin: bool,
    stack: Outputs | None,
    made: Sequence[DialRequest],
    here: bool,
) -> Iterator[Way]:
    """The ways of a protocol; of all, those that the stack offers, in the order of a kit's advice."""
    offered = stack.protocols if stack else None
    if protocol == ways.L2TP or (protocol == ALL and (offered is None or offered.l2tp_ipsec)):
        yield from (Way(ways.L2TP, request) for request in made)
    # A program that is not here may be at the vantage points.
    lacks = here and openvpn.program() is None
    if protocol == ways.OPENVPN and lacks:
        raise DialUsageError("--protocol: OpenVPN is not installed here; install the package openvpn")
    if protocol == ways.OPENVPN or (protocol == ALL and not lacks):
        yield from (Way(ways.OPENVPN, made[0], one) for one in _profiles(options, profiles, pin, stack))
    if protocol == ways.SSTP or (protocol == ALL and (offered is None or offered.sstp)):
        yield Way(ways.SSTP, made[0], trust=trust.of_server(made[0], stack, pin))


def _profiles(options: Options, files: Sequence[Path], pin: bool, stack: Outputs | None) -> tuple[OpenVpnProfile, ...]:
    try:
        if files:
            return tuple(openvpn.of_file(file) for file in files)
        name = options.user.partition("@")[0]
        if stack is None or name not in stack.users:
            raise DialUsageError("--protocol openvpn: give the stack's outputs, or a kit's profile by --profile")
        return tuple(openvpn.of_stack(stack, name, trust.of_stack(stack, pin)))
    except (OSError, UnicodeDecodeError) as error:
        raise DialUsageError(f"--profile: {error}") from None
    except (OutputsError, ValueError) as error:
        raise DialUsageError(str(error)) from None


def work(plan: DialPlan, show: Show) -> bool:
    """Dial, and again where it is a monitor; whether the last round got in."""
    while True:
        began = time.monotonic()
        reports = list(_round(plan, show))
        _print(plan, reports, show)
        if show.prometheus:
            _write(show.prometheus, report.metrics(reports, plan.host, time.time()))
        if not show.every:
            states = [each["connected"] for each in reports]
            return any(states) if plan.any_way else all(states)
        time.sleep(max(0.0, began + show.every - time.monotonic()))


def _round(plan: DialPlan, show: Show) -> Iterator[Report]:
    say = _quiet if show.as_json else _say
    for way in plan.ways if plan.here else ():
        yield way.dial(say, show.language)
    for point in plan.points:
        for way in plan.ways:
            yield _from(point, way, show.language)


def _from(point: DialVantage, way: Way, language: str) -> Report:
    """What another machine reports; what goes wrong on the way there says nothing of the server."""
    try:
        return vantage.dial(point, way, language)
    except VantageError as error:
        because = Finding("no-report", {"reason": str(error)})
        return {**way.failed(DialOutcome(Cause.UNKNOWN, Stage.UNKNOWN, because), language), "from": point.name}


def _print(plan: DialPlan, reports: Sequence[Report], show: Show) -> None:
    host = plan.host
    if show.as_json:
        whole = {"host": host, "dials": reports, **({"untried": [ways.OPENVPN]} if plan.lacks_openvpn else {})}
        print(json_text(whole, None if show.every else 2), flush=True)
        return
    texts = [report.as_text(each, host, show.language) for each in reports]
    opened = [report.of_ways(reports, show.language)] if plan.any_way else []
    opened += [words.sentence(Finding("no-openvpn"), show.language) + "."] if plan.lacks_openvpn else []
    print(plain_lines("\n" + "\n".join([*texts, *opened])), flush=True)


def _write(file: Path, text: str) -> None:
    """Replace the file as a whole, since a collector may read it at any moment. Raises DialUsageError."""
    try:
        replace_file(file, text.encode())
    except OSError as error:
        raise DialUsageError(f"--prometheus {file}: {error.strerror}") from None


def _say(seconds: float, text: str) -> None:
    print(plain(f"{seconds:8.3f}  {text}"), flush=True)


def _quiet(seconds: float, text: str) -> None:
    """Say nothing: the steps are in the JSON."""
