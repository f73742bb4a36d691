"""One run's result as a value: what was expected, what was seen, and the hop that each failure is blamed on. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labvpn.doctor import names, views, words
from labvpn.doctor.blame import Blame, Witness, blame
from labvpn.doctor.names import Resolution
from labvpn.doctor.sighting import OPEN, Certificate, Sighting, cause
from labvpn.doctor.targets import Port, Targets
from labvpn.doctor.views import View

_SOON = 30 * 86400


@dataclass(frozen=True)
class PortReport:
    """One port: whether it shall be open, whether it is as expected, and the hop where it is closed, wanted or not."""

    port: Port
    wanted_open: bool
    as_expected: bool
    says: str
    remedy: str
    because: tuple[str, ...]
    blame: Blame | None


@dataclass(frozen=True)
class Report:
    """The whole of one run; `at` is its Unix time, `seconds` how long it took."""

    host: str
    address: str
    views: tuple[View, ...]
    resolution: Resolution | None
    ports: tuple[PortReport, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    at: float
    seconds: float

    @property
    def as_expected(self) -> bool:
        """Whether every port is as it shall be and nothing else is wrong."""
        return not self.problems and all(port.as_expected for port in self.ports)

    def certificates(self) -> dict[Port, Certificate]:
        """The certificate seen at each port that shows one."""
        return {
            seen.port: seen.certificate
            for view in self.views
            for seen in view.sightings
            if seen.certificate is not None
        }


def report(
    wanted: Targets, address: str, seen: tuple[View, ...], resolution: Resolution | None, at: float, seconds: float
) -> Report:
    """Judge what all vantage points saw of the host at `address` against what was wanted of it."""
    expected = [(port, True) for port in wanted.opened] + [(port, False) for port in wanted.closed]
    ports = tuple(_port_report(port, shall, seen, address) for port, shall in expected)
    name_problems = names.problems(resolution, wanted.address) if resolution else ()
    unfinished = Report(wanted.host, address, seen, resolution, ports, (), (), at, seconds)
    found = dict.fromkeys(unfinished.certificates().values())
    return Report(
        wanted.host,
        address,
        seen,
        resolution,
        ports,
        (*name_problems, *_troubles(seen), *(_expired(one, at) for one in found if _ends(one, at) < 0)),
        (*_blind(seen), *(_ending(one, at) for one in found if 0 <= _ends(one, at) < _SOON)),
        at,
        seconds,
    )


def to_json(made: Report) -> dict[str, Any]:
    """The report as `--json` prints it."""
    return {
        "host": made.host,
        "address": made.address,
        "at": datetime.fromtimestamp(made.at, UTC).isoformat(timespec="seconds"),
        "seconds": round(made.seconds, 2),
        "as_expected": made.as_expected,
        "ports": [_port_json(port) for port in made.ports],
        "problems": list(made.problems),
        "notes": list(made.notes),
        "name": names.to_json(made.resolution) if made.resolution else None,
        "vantages": [views.to_json(view) for view in made.views],
    }


def _port_report(port: Port, wanted_open: bool, seen: tuple[View, ...], address: str) -> PortReport:
    views_here, sightings = _of(port, seen)
    witnesses = tuple(
        Witness(view.name, view.place, cause(sighting, address))
        for view, sighting in zip(views_here, sightings, strict=True)
    )
    blamed = blame(port, witnesses)
    reasons = words.because(port, witnesses, sightings, address)
    if wanted_open:
        return _judge_open(port, sightings, blamed, reasons)
    return _judge_closed(port, witnesses, blamed, reasons)


def _of(port: Port, seen: tuple[View, ...]) -> tuple[tuple[View, ...], tuple[Sighting, ...]]:
    pairs = [(view, sighting) for view in seen for sighting in view.sightings if sighting.port == port]
    return tuple(view for view, _ in pairs), tuple(sighting for _, sighting in pairs)


def _judge_open(
    port: Port, sightings: tuple[Sighting, ...], blamed: Blame | None, reasons: tuple[str, ...]
) -> PortReport:
    if blamed:
        return PortReport(port, True, False, words.verdict(port, blamed), words.advice(port, blamed), reasons, blamed)
    if not sightings:
        return PortReport(port, True, False, f"{port} was not probed", "", reasons, None)
    mute = [sighting for sighting in sightings if not sighting.services]
    if mute:
        says = f"{port} accepts connections, but the VPN server does not answer there: {mute[0].detail or 'no TLS'}"
        return PortReport(port, True, False, says, "Something else listens there, or the server hangs.", reasons, None)
    return PortReport(port, True, True, f"{port} is open", "", reasons, None)


def _judge_closed(
    port: Port, witnesses: tuple[Witness, ...], blamed: Blame | None, reasons: tuple[str, ...]
) -> PortReport:
    """Nobody asked for the port: it must be closed to the outside; the campus and the host itself may reach it."""
    outside = [witness for witness in witnesses if witness.place == "outside"] or list(witnesses)
    intruded = [witness.name for witness in outside if witness.cause == "open"]
    if not intruded:
        return PortReport(port, False, True, f"{port} is closed, as wanted", "", reasons, blamed)
    says = f"{port} is open for {', '.join(intruded)}, though it shall be closed: every hop lets it through"
    remedy = "Stop what listens there, or close it in the FortiGate's policy and in the host's firewall (firewalld)."
    return PortReport(port, False, False, says, remedy, reasons, blamed)


def _troubles(seen: tuple[View, ...]) -> Iterator[str]:
    return (f"the vantage point {view.name} did not report: {view.trouble}" for view in seen if view.trouble)


def _blind(seen: tuple[View, ...]) -> Iterator[str]:
    for view in seen:
        if not view.trouble and not view.shows_offender:
            yield f"{view.name}: only Linux shows which machine refuses a packet; a Linux vantage point would name it"


def _ends(certificate: Certificate, at: float) -> float:
    return float("inf") if certificate.not_after is None else certificate.not_after - at


def _expired(certificate: Certificate, at: float) -> str:
    return f"the certificate of {_named(certificate)} expired {_days(-_ends(certificate, at))} ago; clients refuse it"


def _ending(certificate: Certificate, at: float) -> str:
    return f"the certificate of {_named(certificate)} expires in {_days(_ends(certificate, at))}"


def _named(certificate: Certificate) -> str:
    return ", ".join(certificate.names) or certificate.fingerprint[:16]


def _days(seconds: float) -> str:
    days = int(seconds // 86400)
    return "1 day" if days == 1 else f"{days} days"


def _port_json(one: PortReport) -> dict[str, Any]:
    return {
        "port": one.port.number,
        "protocol": one.port.protocol,
        "expected": OPEN if one.wanted_open else "closed",
        "as_expected": one.as_expected,
        "says": one.says,
        "remedy": one.remedy,
        "because": list(one.because),
        "blame": _blame_json(one.blame) if one.blame else None,
    }


def _blame_json(blamed: Blame) -> dict[str, Any]:
    return {
        "hop": words.hop_id(blamed.hop) if blamed.hop else None,
        "witness": blamed.witness,
        "certain": blamed.certain,
        "rivals": [words.hop_id(hop) for hop in blamed.rivals],
        "behind": [words.hop_id(hop) for hop in blamed.behind],
        "stops": {name: words.hop_id(hop) for name, hop in blamed.stops},
    }
