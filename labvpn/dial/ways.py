"""A way to dial: L2TP/IPsec as a system, SSTP, or OpenVPN by a profile; from here, or sent to another machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address

from pydantic import BaseModel, Field, ValidationError

from labvpn.dial import openvpn, report, run, sstp
from labvpn.dial.inside import Target
from labvpn.dial.openvpn import OpenVpnProfile
from labvpn.dial.outcome import DialOutcome, Say
from labvpn.dial.report import Report
from labvpn.dial.requests import DialUsageError
from labvpn.dial.run import Dial, DialRequest
from labvpn.dial.systems import SYSTEMS
from labvpn.kit.request import Trust

L2TP, SSTP, OPENVPN = "l2tp", "sstp", "openvpn"
TITLES = {L2TP: "L2TP/IPsec", SSTP: "SSTP", OPENVPN: "OpenVPN"}


@dataclass(frozen=True)
class Way:
    """What to dial and how: `profile` is OpenVPN's, `trust` verifies SSTP's server (None: the system's store does)."""

    protocol: str
    request: DialRequest
    profile: OpenVpnProfile | None = field(default=None, repr=False)
    trust: Trust | None = None

    def dial(self, say: Say, language: str) -> Report:
        """Dial from here. Raises DialUsageError where this machine has no OpenVPN."""
        if self.profile and openvpn.program() is None:
            raise DialUsageError("OpenVPN is not installed here; install the package openvpn")
        if self.profile:
            return self.reported(openvpn.dial(self.request, self.profile, say), language)
        made = sstp.dial(self.request, self.trust, say) if self.protocol == SSTP else run.dial(self.request, say)
        return self.reported(made, language)

    def reported(self, dial: Dial, language: str) -> Report:
        """The report of a dial by this way."""
        if self.profile:
            return report.of_openvpn(self.profile.way, dial, language)
        return (
            report.of_sstp(dial, language)
            if self.protocol == SSTP
            else report.as_json(self.request.system, dial, language)
        )

    def failed(self, outcome: DialOutcome, language: str) -> Report:
        """The report of a dial that could not even be tried."""
        return self.reported(Dial(outcome), language)


class SentTrust(BaseModel):
    """A certificate on its way to another machine."""

    pem: str
    acme: str | None


class SentWay(BaseModel):
    """A way on its way to another machine: shells between find nothing to expand, and nobody sees the secrets."""

    protocol: str
    host: str
    user: str
    password: str = Field(repr=False)
    key: str = Field(repr=False)
    system: str
    hub: str
    ports: tuple[int, ...]
    is_known: bool
    expires: datetime | None
    services: tuple[tuple[IPv4Address, int, str, bool | None, str], ...]
    page: str
    is_translated: bool
    stay: float
    profile: tuple[str, str] | None = Field(default=None, repr=False)
    trust: SentTrust | None = None


def to_json(way: Way) -> str:
    """The way with its secrets, for the standard input of `labvpn dial --request`."""
    request = way.request
    targets = [(each.address, each.port, each.name, each.should_open, each.transport) for each in request.services]
    values = {**vars(request), "system": request.system.name, "services": targets, "protocol": way.protocol}
    values["profile"] = (way.profile.way, way.profile.text) if way.profile else None
    values["trust"] = vars(way.trust) if way.trust else None
    return SentWay.model_validate(values).model_dump_json()


def from_json(text: str) -> Way:
    """The way of such JSON. Raises DialUsageError."""
    try:
        sent = SentWay.model_validate_json(text)
        system = SYSTEMS[sent.system]
    except (ValidationError, LookupError):
        raise DialUsageError("--request: the standard input is not a request of this version of labvpn") from None
    values = {key: value for key, value in sent if key not in ("protocol", "profile", "trust")}
    services = tuple(Target(*each) for each in sent.services)
    profile = OpenVpnProfile(*sent.profile) if sent.profile else None
    trust = Trust(sent.trust.pem, sent.trust.acme) if sent.trust else None
    return Way(sent.protocol, DialRequest(**{**values, "system": system, "services": services}), profile, trust)
