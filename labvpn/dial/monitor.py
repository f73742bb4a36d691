"""What a call of `labvpn dial` does: each dial from each place, once or again and again, and what it prints."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from labvpn.connect import stack_outputs
from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import openvpn, report, requests, run, vantage, words
from labvpn.dial.openvpn import OpenVpnProfile
from labvpn.dial.outcome import DialOutcome, Finding
from labvpn.dial.report import Report
from labvpn.dial.requests import Ask, DialUsageError, Options
from labvpn.dial.run import Dial, DialRequest
from labvpn.dial.vantage import DialVantage, VantageError
from labvpn.kit.request import Trust
from labvpn.model.outputs import Outputs, OutputsError

L2TP, OPENVPN, ALL = "l2tp", "openvpn", "all"


@dataclass(frozen=True)
class DialPlan:
    """What is dialled: L2TP as each system, OpenVPN by each profile, and L2TP from other machines as well."""

    l2tp: tuple[DialRequest, ...]
    profiles: tuple[OpenVpnProfile, ...]
    points: tuple[DialVantage, ...]
    request: DialRequest
    here: bool
    """Whether this machine dials too."""
    any_way: bool
    """Whether one open way is enough: the question is how to get in from here."""

    @property
    def lacks_openvpn(self) -> bool:
        """Whether a way was to be tried that this machine has no program for."""
        return self.any_way and openvpn.program() is None


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
        only = requests.from_json(sys.stdin.read())
        return DialPlan((only,), (), (), only, True, False)
    if not here and not points:
        raise DialUsageError("--here none: then another machine must dial; name a vantage point with --vantage")
    stack = requests.stack_of(options)
    made = requests.requests(options, stack, ask)
    try:
        there = tuple(vantage.vantage(text) for text in points)
    except ValueError as error:
        raise DialUsageError(str(error)) from None
    ways = _profiles(options, protocol, profiles, pin, stack) if protocol != L2TP else ()
    l2tp = tuple(made) if protocol == L2TP or (protocol == ALL and (not stack or stack.protocols.l2tp_ipsec)) else ()
    return DialPlan(l2tp, ways, there, made[0], here, protocol == ALL)


def _profiles(
    options: Options, protocol: str, files: Sequence[Path], pin: bool, stack: Outputs | None
) -> tuple[OpenVpnProfile, ...]:
    if openvpn.program() is None and protocol == ALL:
        return ()
    if openvpn.program() is None:
        raise DialUsageError("--protocol: OpenVPN is not installed here; install the package openvpn")
    try:
        if files:
            return tuple(openvpn.of_file(file) for file in files)
        name = options.user.partition("@")[0]
        if stack is None or name not in stack.users:
            raise DialUsageError("--protocol openvpn: give the stack's outputs, or a kit's profile by --profile")
        trusted = stack.certificate or (stack_outputs.served_certificate(stack) if pin else None)
        if trusted is None:
            raise DialUsageError("The stack names no authority; trust the server's certificate by --trust-shown")
        return tuple(openvpn.of_stack(stack, name, Trust(trusted)))
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
            _write(show.prometheus, report.metrics(reports, plan.request.host, time.time()))
        if not show.every:
            states = [each["connected"] for each in reports]
            return any(states) if plan.any_way else all(states)
        time.sleep(max(0.0, began + show.every - time.monotonic()))


def _round(plan: DialPlan, show: Show) -> Iterator[Report]:
    say = _quiet if show.as_json else _say
    for request in plan.l2tp if plan.here else ():
        yield report.as_json(request.system, run.dial(request, say), show.language)
    for profile in plan.profiles if plan.here else ():
        yield report.of_openvpn(profile.way, openvpn.dial(plan.request, profile, say), show.language)
    for point in plan.points:
        for request in plan.l2tp:
            yield _from(point, request, show.language)


def _from(point: DialVantage, request: DialRequest, language: str) -> Report:
    """What another machine reports; what goes wrong on the way there says nothing of the server."""
    try:
        return vantage.dial(point, request, language)
    except VantageError as error:
        because = Finding("no-report", {"reason": str(error)})
        failed = Dial(DialOutcome(Cause.UNKNOWN, Stage.UNKNOWN, because))
        return {**report.as_json(request.system, failed, language), "from": point.name}


def _print(plan: DialPlan, reports: Sequence[Report], show: Show) -> None:
    host = plan.request.host
    if show.as_json:
        whole = {"host": host, "dials": reports, **({"untried": [OPENVPN]} if plan.lacks_openvpn else {})}
        print(json.dumps(whole, ensure_ascii=False, indent=None if show.every else 2), flush=True)
        return
    texts = [report.as_text(each, host, show.language) for each in reports]
    ways = [report.of_ways(reports, show.language)] if plan.any_way else []
    ways += [words.sentence(Finding("no-openvpn"), show.language) + "."] if plan.lacks_openvpn else []
    print("\n" + "\n".join([*texts, *ways]), flush=True)


def _write(file: Path, text: str) -> None:
    """Replace the file as a whole, since a collector may read it at any moment. Raises DialUsageError."""
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        new.replace(file)
    except OSError as error:
        raise DialUsageError(f"--prometheus {file}: {error.strerror}") from None


def _say(seconds: float, text: str) -> None:
    print(f"{seconds:8.3f}  {text}", flush=True)


def _quiet(seconds: float, text: str) -> None:
    """Say nothing: the steps are in the JSON."""
