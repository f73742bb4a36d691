"""One check of a running lab: the probe from here and from its hosts, and each host's own state, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from labvpn.connect.errors import HopError
from labvpn.connect.ssh import ISOLATED
from labvpn.model.outputs import Outputs, ServerOutputs
from labvpn.model.outputs import read as read_outputs
from labvpn.model.ports import Protocols, needed
from labvpn.model.untrusted import plain
from labvpn.parse.host import NOTHING, HostState, read_answer
from labvpn.plan import release
from labvpn.plan.host import drifted
from labvpn.plan.release import Exposure
from labvpn.probe import dial_check, expected, proving, remote_vantage, run
from labvpn.probe import servers as probed_servers
from labvpn.probe.expected import Proof
from labvpn.probe.host_vantage import HostVantage, hosts
from labvpn.probe.report import ProbeReport
from labvpn.probe.targets import TargetError
from labvpn.state.document import Entry, read, write

AGENT = f"{ISOLATED} /usr/local/lib/labvpn/agent check"
SECONDS = 120

NEVER = ("8000/tcp", "8443/tcp", "1701/udp")
"""Ports that no lab of this stack opens to the outside."""
PROTOCOL_PORTS = tuple(map(str, needed((), Protocols(l2tp_ipsec=True, openvpn=True))))
"""Ports of protocols: closed on every hop where the stack does not offer the protocol."""

REPAIR = "run `pulumi preview` to see it and `pulumi up` to repair it"
RENEW = "mend what it names; `systemctl start labvpn-renew` on the host tries again at once"
HOPS = {"host": "VPN host", "server": "SoftEther", "hub": "SoftEther", "firewall": "firewalld"}
NO_ANSWER = {
    "OpenVPN": REPAIR,
    "SSTP": "SoftEther 5.01.9674 never answers it: switch the protocol off, or install a later SoftEther",
}
SECRET = {"password", "key", "secret"}
"""Fields that only the stack can compare, since the secrets are not on the host."""


@dataclass(frozen=True)
class CheckFinding:
    """A difference from the configuration: where, what, and what to do; with several servers also at which one.

    One without a remedy is a note: worth knowing, and nothing that is not as configured.
    """

    hop: str
    message: str
    remedy: str
    server: str = ""

    @property
    def is_note(self) -> bool:
        """Whether nothing has to be done about it."""
        return not self.remedy

    def __str__(self) -> str:
        """The sentence."""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return plain(f"{self.server + ', ' if self.server else ''}{self.hop}: {self.message}{remedy}")


@dataclass(frozen=True)
class Check:
    """What a check found, and which expectations it proved."""

    findings: list[CheckFinding]
    proofs: list[Proof]


def check(
    text: str,
    here: str,
    key: Path | None,
    resolver: str | None,
    users: Sequence[str] = (),
    points: Sequence[str] = (),
    language: str = expected.ENGLISH,
) -> Check:
    """Every difference from the configuration; `text` is the outputs' JSON, `here` where this machine is.

    As each of `users` it also dials L2TP/IPsec and SSTP, where the stack offers them. `points` (NAME=COMMAND) and these
    dials prove the expectations of senders who are where they are. Raises OutputsError or TargetError if the text is
    not the outputs of a stack, or names no such user or point.
    """
    outputs = read_outputs(text)
    for user in users:
        if user not in outputs.users:
            raise TargetError(f"--dial: the stack has no user {user}")
    there = [remote_vantage.vantage(words) for words in points]
    findings = _differences(text, outputs, here, key, resolver, users, language)
    proven = proving.prove(text, outputs, here, there, users)
    return Check([*findings, *(CheckFinding(*one) for one in proving.findings(proven, language))], proven)


def _differences(
    text: str,
    outputs: Outputs,
    here: str,
    key: Path | None,
    resolver: str | None,
    users: Sequence[str],
    language: str,
) -> list[CheckFinding]:
    """What is not as configured at the name, the servers and their hosts."""
    wanted, servers = probed_servers.wanted(
        None, text, closed=",".join(_closed(outputs)) if here == "outside" else None
    )
    try:
        every = hosts(outputs, key)
    except HopError as error:
        return [CheckFinding("SSH", f"{error.hop} {error.what}", error.remedy)]
    # The host's public address leads out again where the FortiGate has it.
    there = () if outputs.translated else every
    with ThreadPoolExecutor(max_workers=2 * len(every) + 1) as pool:
        inside = [pool.submit(_inside, host, outputs) for host in every]
        dials = [pool.submit(_dialled, text, users, server, outputs, language) for server in outputs.every]
        made = run.each(wanted, servers, here, there, resolver)
        labels = [server.label for server in servers] or [""]
        seen = [_seen(report, there, outputs) for report in made.reports]
        found = zip(labels, seen, *([one.result() for one in some] for some in (inside, dials)), strict=True)
        each = [replace(one, server=label) for label, *both in found for one in chain(*both)]
        return [*name_findings(made.problems), *each]


def _seen(report: ProbeReport, there: Sequence[HostVantage], outputs: Outputs) -> list[CheckFinding]:
    """What the probe finds wrong at one server."""
    # A login that fails is reported once, by the check of the host.
    names = {host.name for host in there}
    heard = tuple(view for view in report.views if view.name not in names or not view.trouble)
    protocols = {"SSTP": outputs.protocols.sstp, "OpenVPN": outputs.protocols.openvpn}
    return [*port_findings(replace(report, views=heard)), *protocol_findings(report, protocols)]


def _dialled(
    text: str, users: Sequence[str], server: ServerOutputs, outputs: Outputs, language: str
) -> list[CheckFinding]:
    """What dials as these users find wrong at one server, by each protocol that is offered and can be dialled."""
    offered = {dial_check.L2TP: outputs.protocols.l2tp_ipsec, dial_check.SSTP: outputs.protocols.sstp}
    ways = [(user, protocol) for user in users for protocol, is_offered in offered.items() if is_offered]
    alone = server.dialled if outputs.servers[1:] else ""
    found = (finding for user, protocol in ways for finding in dial_check.dial(text, user, alone, protocol, language))
    return [CheckFinding(*finding) for finding in found]


def _closed(outputs: Outputs) -> Iterator[str]:
    opened = {f"{number}/{protocol}" for protocol, numbers in outputs.ports.items() for number in numbers}
    yield from NEVER
    yield from (port for port in PROTOCOL_PORTS if port not in opened)


def _inside(host: HostVantage, outputs: Outputs) -> list[CheckFinding]:
    try:
        answer = host.run(AGENT, "{}", SECONDS)
    except HopError as error:
        return [CheckFinding("SSH", str(error), "the host itself was not checked")]
    try:
        found = read_answer(answer)
    except ValueError:
        return [CheckFinding("VPN host", "its agent gave no readable answer", "run `pulumi up`, which renews it")]
    exposure = Exposure(
        outputs.ports.get("tcp", ()),
        outputs.protocols,
        host.server_outputs.accept_known_holes,
        outputs.ports.get("udp", ()),
    )
    return [*host_findings(found), *release_findings(found, exposure)]


def release_findings(host: Mapping[str, HostState], exposure: Exposure) -> Iterator[CheckFinding]:
    """The holes of the SoftEther that runs, and notes about it."""
    running = host.get("server", NOTHING).release
    if running is None:
        return
    for sentence in release.open_holes(running, exposure):
        yield CheckFinding(HOPS["server"], sentence, release.REMEDY)
    for note in release.notes(release.Installed(running), exposure):
        yield CheckFinding(HOPS["server"], note, "")


def port_findings(report: ProbeReport) -> Iterator[CheckFinding]:
    """What is wrong for a client: ports, the name, the certificate."""
    for finding in report.findings:
        yield CheckFinding("seen from here", finding.headline, finding.remedy or "inspect the hops with labvpn probe")
    yield from name_findings(report.problems)


def name_findings(problems: Iterable[str]) -> Iterator[CheckFinding]:
    """What is wrong apart from the ports, or with the name of several servers."""
    for problem in problems:
        yield CheckFinding("seen from here", problem, "inspect it with labvpn probe")


def protocol_findings(report: ProbeReport, protocols: Mapping[str, bool]) -> Iterator[CheckFinding]:
    """The protocols over TCP (`SSTP`, `OpenVPN`) that the stack offers and that answer at none of the open ports."""
    seen = [one for view in report.views if view.place != "host" for one in view.observations if one.connected]
    spoken = {service for one in seen for service in one.services}
    for protocol in sorted(name for name, wanted in protocols.items() if wanted and seen and name not in spoken):
        yield CheckFinding("SoftEther", f"{protocol} is offered and answers at no TCP port", NO_ANSWER[protocol])


def host_findings(host: Mapping[str, HostState]) -> Iterator[CheckFinding]:
    """What differs on the VPN host from how the stack left it."""
    if not host:
        yield CheckFinding("VPN host", "the stack was never applied to it", "run `pulumi up`")
    for concern, observed in host.items():
        yield from (CheckFinding(HOPS["host"], *sentence.split(": ", 1)) for sentence in observed.memory)
        yield from (CheckFinding(HOPS["host"], sentence, RENEW) for sentence in observed.failing)
        seen = replace(observed, document=_comparable(observed.document), applied=_comparable(observed.applied or ""))
        for sentence in drifted(seen, seen.applied or ""):
            yield CheckFinding(HOPS.get(concern, concern), sentence, REPAIR)


def to_json(made: Check, language: str = expected.ENGLISH) -> dict[str, Any]:
    """The findings for a program, the notes apart from them, and each expectation."""
    broken = made.findings
    kinds = {"findings": [one for one in broken if not one.is_note], "notes": [one for one in broken if one.is_note]}
    said = {kind: [*map(_finding_json, found)] for kind, found in kinds.items()}
    return {
        "kept": not kinds["findings"],
        **said,
        "expectations": [expected.to_json(one, language) for one in made.proofs],
    }


def _finding_json(one: CheckFinding) -> dict[str, str]:
    fields = {"hop": one.hop, "says": one.message, **({"remedy": one.remedy} if one.remedy else {})}
    return {**fields, "server": one.server} if one.server else fields


def _comparable(document: str) -> str:
    return write(_without_secrets(entry) for entry in read(document))


def _without_secrets(entry: Entry) -> Entry:
    return replace(entry, fields={name: value for name, value in entry.fields.items() if name not in SECRET})
