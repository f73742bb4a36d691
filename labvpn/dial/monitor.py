"""What a call of `labvpn dial` does: each dial from each place, once or again and again, and what it prints."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile

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
    untried: dict[str, Finding] = field(default_factory=dict)
    """By the protocol of a way that could not be prepared, why."""


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
    stack = requests.stack_of(options)
    wanted = _offered(stack) if protocol == ALL else [protocol]
    options = replace(options, needs_key=ways.L2TP in wanted, repeated=many)
    if protocol in (ways.L2TP, ways.SSTP):
        requests.require_mschap(options, stack)
    made = requests.requests(options, stack, ask)
    try:
        there = tuple(vantage.vantage(text) for text in points)
    except ValueError as error:
        raise DialUsageError(str(error)) from None
    found: list[Way] = []
    untried: dict[str, Finding] = {}
    for each in wanted:
        try:
            found += _ways(options, each, profiles, pin, stack, made, here)
        except DialUsageError as error:
            if protocol != ALL:
                raise
            untried[each] = Finding("untried", {"way": ways.TITLES[each], "reason": str(error)})
    return DialPlan(tuple(found), there, made[0].host, here, protocol == ALL, untried)


def _offered(stack: Outputs | None) -> list[str]:
    """The protocols that the stack offers, in the order of a kit's advice; all where it is not known."""
    offered = stack.protocols if stack else None
    left_out = {ways.L2TP: offered and not offered.l2tp_ipsec, ways.SSTP: offered and not offered.sstp}
    return [each for each in (ways.L2TP, ways.OPENVPN, ways.SSTP) if not left_out.get(each)]


def _ways(
    options: Options,
    protocol: str,
    profiles: Sequence[Path],
    pin: bool,
    stack: Outputs | None,
    made: Sequence[DialRequest],
    here: bool,
) -> list[Way]:
    """The ways of a protocol. Raises DialUsageError where they cannot be prepared."""
    if protocol == ways.L2TP:
        return [Way(ways.L2TP, request) for request in made]
    if protocol == ways.SSTP:
        return [Way(ways.SSTP, made[0], trust=trust.of_server(made[0], stack, pin))]
    # A program that is not here may be at the vantage points.
    if here and openvpn.program() is None:
        raise DialUsageError("OpenVPN is not installed here; install the package openvpn")
    return [Way(ways.OPENVPN, made[0], one) for one in _profiles(options, profiles, pin, stack)]


def _profiles(options: Options, files: Sequence[Path], pin: bool, stack: Outputs | None) -> tuple[OpenVpnProfile, ...]:
    try:
        if files:
            return tuple(openvpn.of_file(file) for file in files)
        name = requests.account_name(options, stack)
        if stack is None or name not in stack.users:
            raise DialUsageError("OpenVPN needs the stack's outputs, or a kit's profile by --profile")
        return tuple(openvpn.of_stack(stack, name, trust.of_stack(stack, pin)))
    except (OSError, UnicodeDecodeError) as error:
        raise DialUsageError(f"--profile: {error}") from None
    except (OutputsError, ValueError) as error:
        raise DialUsageError(str(error)) from None


def work(plan: DialPlan, show: Show) -> bool:
    """Dial, and again where it is a monitor; whether the last round got in.

    Raises DialUsageError where the answer cannot be handed out; a monitor says so and goes on.
    """
    if show.prometheus:
        _require_place(show.prometheus)
    while True:
        began = time.monotonic()
        reports = list(_round(plan, show))
        try:
            _hand_out(plan, reports, show)
        except DialUsageError as error:
            if not show.every:
                raise
            print(plain_lines(error), file=sys.stderr, flush=True)
        if not show.every:
            states = [each["connected"] for each in reports]
            return any(states) if plan.any_way else all(states)
        time.sleep(max(0.0, began + show.every - time.monotonic()))


def _hand_out(plan: DialPlan, reports: Sequence[Report], show: Show) -> None:
    """Write the metrics and print the answer; one of them that fails does not stop the other."""
    try:
        if show.prometheus:
            _write(show.prometheus, report.metrics(reports, plan.host, time.time()))
    finally:
        _print(plan, reports, show)


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


@contextmanager
def _answering() -> Iterator[None]:
    """Raises DialUsageError where standard output does not take an answer; a closed pipe ends the program."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DialUsageError(f"The answer cannot be written to standard output: {error.strerror}") from None


@_answering()
def _print(plan: DialPlan, reports: Sequence[Report], show: Show) -> None:
    host = plan.host
    if show.as_json:
        why = {each: words.sentence(found, show.language) for each, found in plan.untried.items()}
        whole = {"host": host, "dials": reports, **({"untried": list(why), "untriedBecause": why} if why else {})}
        print(json_text(whole, None if show.every else 2), flush=True)
        return
    texts = [report.as_text(each, host, show.language) for each in reports]
    opened = [report.of_ways(reports, show.language)] if plan.any_way else []
    note = words.of(show.language).layout["note"]
    opened += [note.format(sentence=words.sentence(found, show.language)) for found in plan.untried.values()]
    print(plain_lines("\n" + "\n".join([*texts, *opened])), flush=True)


def _require_place(file: Path) -> None:
    """Refuse, before anything is dialled, a file that cannot be made where it should be. Raises DialUsageError."""
    try:
        if file.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with TemporaryFile(dir=file.resolve().parent):
            pass
    except OSError as error:
        raise DialUsageError(f"--prometheus {file}: {error.strerror}") from None


def _write(file: Path, text: str) -> None:
    """Replace the file as a whole, since a collector may read it at any moment. Raises DialUsageError."""
    try:
        replace_file(file, text.encode())
    except OSError as error:
        raise DialUsageError(f"--prometheus {file}: {error.strerror}") from None


def _say(seconds: float, text: str) -> None:
    # A step that cannot be shown says nothing of the network.
    with suppress(OSError):
        print(plain(f"{seconds:8.3f}  {text}"), flush=True)


def _quiet(seconds: float, text: str) -> None:
    """Say nothing: the steps are in the JSON."""
