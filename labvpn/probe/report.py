"""One run's result as a value: what was wanted, what was seen, and what is wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labvpn.probe import bans, name_lookup, scan, text
from labvpn.probe.fault_localisation import FaultLocation
from labvpn.probe.name_lookup import Resolution
from labvpn.probe.observation import OPEN, Certificate
from labvpn.probe.port_verdict import PortFinding, PortReport, findings, verdicts
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import ProbedPort, Targets

_DAY = 86400
# Clients and their users need time to get a new certificate.
_SOON = 30 * _DAY


@dataclass(frozen=True)
class ProbeReport:
    """The whole of one run at the host's `address` (empty if unknown); `at` is its Unix time, in `seconds`."""

    wanted: Targets
    address: str
    views: tuple[VantageView, ...]
    resolution: Resolution | None
    ports: tuple[PortReport, ...]
    at: float
    seconds: float

    @property
    def host(self) -> str:
        """What was probed, as it was named."""
        return self.wanted.host

    @property
    def label(self) -> str:
        """The host with its address, where that differs."""
        return text.server(self.host, self.address)

    @property
    def answers(self) -> bool | None:
        """Whether any port that should be open is, to clients if any of them probed; None if none did."""
        looked = [view for view in self.views if view.observations]
        clients = [view for view in looked if view.place != "host"] or looked
        opened = (
            seen.port in self.wanted.opened and seen.state == OPEN for one in clients for seen in one.observations
        )
        return any(opened) if clients else None

    @property
    def wrong(self) -> int:
        """How many things are not as expected."""
        return sum(not port.as_expected for port in self.ports) + len(self.problems)

    @property
    def as_expected(self) -> bool:
        """Whether every port is as it should be and nothing else is wrong."""
        return self.wrong == 0

    @property
    def findings(self) -> tuple[PortFinding, ...]:
        """What is wrong with ports."""
        return findings(self.ports)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong apart from the ports: the name, a vantage point, a certificate."""
        return tuple(self._problems())

    @property
    def banned(self) -> tuple[str, ...]:
        """The vantage points that the server bans."""
        return bans.banned(self.views, self.wanted.opened, self.address)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not wrong, and good to know."""
        return tuple(self._notes())

    @property
    def certificates(self) -> dict[Certificate, list[ProbedPort]]:
        """The certificates seen, each with the ports that show it."""
        found: dict[Certificate, dict[ProbedPort, None]] = {}
        for seen in (seen for view in self.views for seen in view.observations):
            if seen.certificate:
                found.setdefault(seen.certificate, {})[seen.port] = None
        return {certificate: list(ports) for certificate, ports in found.items()}

    def _problems(self) -> Iterator[str]:
        if self.resolution:
            yield from self._name_problems(self.resolution)
        if not self.address:
            yield f"nothing could be probed: no address is known for {self.host}; give one with --address"
        for view in self.views:
            if view.trouble:
                yield f"the vantage point {view.name} did not report: {view.trouble}"
        if {view.name for view in self.views if view.observations and view.place != "host"} > set(self.banned):
            yield from (bans.problem(view) for view in self.views if view.name in self.banned)
        for certificate in self.certificates:
            yield from _certificate_problems(certificate, self.at)

    def _name_problems(self, seen: Resolution) -> Iterator[str]:
        if self.wanted.shared and self.wanted.address:
            yield from name_lookup.differences(seen, (self.wanted.address,))
        else:
            yield from name_lookup.problems(seen, self.wanted.address)

    def _notes(self) -> Iterator[str]:
        for certificate in self.certificates:
            yield from _certificate_notes(certificate, self.wanted.names, self.at)
        for view in self.views:
            if not view.trouble and not view.shows_offender:
                yield f"{view.name} does not run Linux: which machine rejects a packet cannot be seen from there"


def report(
    wanted: Targets,
    address: str,
    seen: tuple[VantageView, ...],
    resolution: Resolution | None,
    at: float,
    seconds: float,
) -> ProbeReport:
    """Judge what all vantage points saw of the host at `address` against what was wanted of it."""
    known = (address, wanted.fortigate)
    expected = [(port, True) for port in wanted.opened] + [(port, False) for port in wanted.closed]
    shut_out = bans.banned(seen, wanted.opened, address)
    ports = tuple(
        verdicts(port, should_be_open, seen, known, wanted.without, shut_out)
        for port, should_be_open in expected
        if address
    )
    return ProbeReport(wanted, address, seen, resolution, ports, at, seconds)


def to_json(made: ProbeReport) -> dict[str, Any]:
    """The report as `--json` prints it."""
    return {
        "host": made.host,
        "address": made.address,
        "at": datetime.fromtimestamp(made.at, UTC).isoformat(timespec="seconds"),
        "seconds": round(made.seconds, 2),
        "as_expected": made.as_expected,
        "ports": [_port_json(port) for port in made.ports],
        "problems": list(made.problems),
        "banned": list(made.banned),
        "notes": list(made.notes),
        "name": name_lookup.to_json(made.resolution) if made.resolution else None,
        "vantages": [scan.to_json(view) for view in made.views],
    }


def _certificate_problems(certificate: Certificate, now: float) -> Iterator[str]:
    """Why clients refuse the certificate at the Unix time `now`."""
    if certificate.not_after is not None and certificate.not_after < now:
        yield f"the certificate of {_names_of(certificate)} expired {_days(now - certificate.not_after)} ago"


def _certificate_notes(certificate: Certificate, names: Sequence[str], now: float) -> Iterator[str]:
    """What will become a problem, or is one for some clients; `names` are those that users dial."""
    if certificate.not_after is not None and now <= certificate.not_after < now + _SOON:
        yield f"the certificate of {_names_of(certificate)} expires in {_days(certificate.not_after - now)}"
    own = _names_of(certificate)
    for name in names:
        if certificate.names and not any(_covers(one, name) for one in certificate.names):
            yield f"the certificate is for {own}, not for {name}: clients that check the name refuse it"


def _covers(pattern: str, name: str) -> bool:
    """Whether a certificate's name, which may begin with `*.`, is that of the host (RFC 6125)."""
    pattern, name = pattern.lower(), name.lower()
    return pattern == name or (pattern.startswith("*.") and pattern[2:] == name.partition(".")[2])


def _names_of(certificate: Certificate) -> str:
    return ", ".join(certificate.names) or certificate.fingerprint[:16]


def _days(seconds: float) -> str:
    days = int(seconds // _DAY)
    return "1 day" if days == 1 else f"{days} days"


def _port_json(one: PortReport) -> dict[str, Any]:
    return {
        "port": one.port.number,
        "protocol": one.port.protocol,
        "expected": OPEN if one.should_be_open else "closed",
        "as_expected": one.as_expected,
        "says": one.message,
        "remedy": one.remedy,
        "because": list(one.because),
        "blame": _blame_json(one.blame) if one.blame else None,
    }


def _blame_json(blamed: FaultLocation) -> dict[str, Any]:
    return {
        "hop": text.hop_id(blamed.hop) if blamed.hop else None,
        "witness": blamed.witness,
        "certain": blamed.certain,
        "rivals": [text.hop_id(hop) for hop in blamed.rivals],
        "behind": [text.hop_id(hop) for hop in blamed.behind],
        "stops": {name: text.hop_id(hop) for name, hop in blamed.stops},
    }
