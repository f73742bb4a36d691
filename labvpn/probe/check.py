"""One check of a living lab: the doctor's probe from here and from its hosts, and each host's own view, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

from labvpn.connect.errors import HopError
from labvpn.connect.ssh import ISOLATED
from labvpn.model.outputs import Outputs, read
from labvpn.parse.host import read_answer
from labvpn.probe import check_findings, run
from labvpn.probe import servers as equals
from labvpn.probe.check_findings import CheckFinding
from labvpn.probe.host_vantage import HostVantage, hosts
from labvpn.probe.report import Report

AGENT = f"{ISOLATED} /usr/local/lib/labvpn/agent check"
SECONDS = 120

NEVER = ("8000/tcp", "8443/tcp", "1701/udp")
"""Ports that no lab of this stack opens to the outside."""
PROTOCOLS = ("500/udp", "4500/udp", "1194/udp")
"""Ports of protocols: closed on every hop where the stack does not offer the protocol."""


def check(text: str, here: str, key: Path | None, resolver: str | None) -> list[CheckFinding]:
    """Every promise that is not kept; `text` is the outputs' JSON, `here` the place this machine stands at.

    Raises OutputsError or TargetError if the text is no outputs of a stack.
    """
    outputs = read(text)
    wanted, servers = equals.wanted(None, text, closed=",".join(_closed(outputs)) if here == "outside" else None)
    try:
        every = hosts(outputs, key)
    except OSError as error:
        return [
            CheckFinding("SSH", f"the key {key} cannot be read: {error.strerror}", "name an SSH key's file by --key")
        ]
    # The host's public address leads out again where the FortiGate holds it.
    there = () if outputs.translated else every
    with ThreadPoolExecutor(max_workers=len(every) + 1) as pool:
        inside = [pool.submit(_inside, host) for host in every]
        made = run.each(wanted, servers, here, there, resolver)
        labels = [server.label for server in servers] or [""]
        seen = [_seen(report, there, outputs) for report in made.reports]
        found = zip(labels, seen, (look.result() for look in inside), strict=True)
        each = [replace(one, server=label) for label, *both in found for one in chain(*both)]
        return [*check_findings.shared(made.problems), *each]


def _seen(report: Report, there: Sequence[HostVantage], outputs: Outputs) -> list[CheckFinding]:
    """What is not kept of what the probe sees of one server."""
    # A login that fails is told once, by the look inside.
    names = {host.name for host in there}
    heard = tuple(view for view in report.views if view.name not in names or not view.trouble)
    protocols = {"SSTP": outputs.protocols.sstp, "OpenVPN": outputs.protocols.openvpn}
    return [*check_findings.outside(replace(report, views=heard)), *check_findings.offered(report, protocols)]


def _closed(outputs: Outputs) -> Iterator[str]:
    opened = {f"{number}/{protocol}" for protocol, numbers in outputs.ports.items() for number in numbers}
    yield from NEVER
    yield from (port for port in PROTOCOLS if port not in opened)


def _inside(host: HostVantage) -> list[CheckFinding]:
    try:
        answer = host.run(AGENT, "{}", SECONDS)
    except HopError as error:
        return [CheckFinding("SSH", str(error), "the promises on the host itself were not checked")]
    try:
        return list(check_findings.inside(read_answer(answer)))
    except ValueError:
        return [
            CheckFinding("VPN host", "its agent gave no answer that can be read", "run `pulumi up`, which renews it")
        ]
