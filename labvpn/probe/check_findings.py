"""The stack's promises against the living lab: pure, each finding one sentence with its hop and a remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from labvpn.model.untrusted import plain
from labvpn.parse.host import HostState
from labvpn.plan.host import drifted
from labvpn.probe.report import Report
from labvpn.state.document import Entry, read, write

REPAIR = "run `pulumi preview` to see it and `pulumi up` to repair it"
HOPS = {"host": "VPN host", "server": "SoftEther", "hub": "SoftEther", "firewall": "firewalld"}
NO_ANSWER = {
    "OpenVPN": REPAIR,
    "SSTP": "SoftEther 5.01.9674 never answers it: switch the protocol off, or install a later SoftEther",
}
SECRET = {"password", "key", "secret"}
"""Fields that only the stack can compare, since the secrets do not lie on the host."""


@dataclass(frozen=True)
class CheckFinding:
    """A promise that is not kept: where, what, and what to do; of several servers also at which one."""

    hop: str
    says: str
    remedy: str
    server: str = ""

    def __str__(self) -> str:
        """The sentence."""
        return plain(f"{self.server + ', ' if self.server else ''}{self.hop}: {self.says}; {self.remedy}")


def outside(report: Report) -> Iterator[CheckFinding]:
    """What a client meets that it should not: ports, the name, the certificate."""
    for finding in report.findings:
        yield CheckFinding(
            "seen from here", finding.headline, finding.remedy or "look at the hops with labvpn doctor probe"
        )
    yield from shared(report.problems)


def shared(problems: Iterable[str]) -> Iterator[CheckFinding]:
    """What is wrong beside the ports, or with the name of several servers."""
    for problem in problems:
        yield CheckFinding("seen from here", problem, "look at it with labvpn doctor probe")


def offered(report: Report, protocols: Mapping[str, bool]) -> Iterator[CheckFinding]:
    """The protocols over TCP (`SSTP`, `OpenVPN`) that the stack offers and that answer at none of the open ports."""
    seen = [one for view in report.views if view.place != "host" for one in view.sightings if one.connected]
    spoken = {service for one in seen for service in one.services}
    for protocol in sorted(name for name, wanted in protocols.items() if wanted and seen and name not in spoken):
        yield CheckFinding("SoftEther", f"{protocol} is offered and answers at no TCP port", NO_ANSWER[protocol])


def inside(host: Mapping[str, HostState]) -> Iterator[CheckFinding]:
    """What is on the VPN host otherwise than the stack left it."""
    if not host:
        yield CheckFinding("VPN host", "the stack was never applied to it", "run `pulumi up`")
    for concern, observed in host.items():
        yield from (CheckFinding(HOPS["host"], *sentence.split(": ", 1)) for sentence in observed.memory)
        seen = replace(observed, document=_comparable(observed.document), applied=_comparable(observed.applied or ""))
        for sentence in drifted(seen, seen.applied or ""):
            yield CheckFinding(HOPS.get(concern, concern), sentence, REPAIR)


def to_json(broken: list[CheckFinding]) -> dict[str, Any]:
    """The findings for a program."""
    told = [{name: words for name, words in asdict(one).items() if name != "server" or words} for one in broken]
    return {"kept": not broken, "findings": told}


def _comparable(document: str) -> str:
    return write(_without_secrets(entry) for entry in read(document))


def _without_secrets(entry: Entry) -> Entry:
    return replace(entry, fields={name: value for name, value in entry.fields.items() if name not in SECRET})
