"""Observations and reports to evaluate and to draw, made by hand."""

import json
from collections.abc import Mapping, Sequence

from labvpn.probe import servers as probed_servers
from labvpn.probe.name_lookup import Resolution
from labvpn.probe.observation import Certificate, Observation, Refusal
from labvpn.probe.report import ProbeReport, report
from labvpn.probe.rounds import Round
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import ProbedPort, targets

SERVER, GATEWAY = "203.0.113.20", "198.51.100.1"
NOW = 1_800_000_000.0
HTTPS, IKE, NOTEBOOK = ProbedPort("tcp", 443), ProbedPort("udp", 500), ProbedPort("tcp", 8000)
CERTIFICATE = Certificate("ab" * 32, ("vpn.lab.example",), int(NOW) + 400 * 86400)

FINE = Observation(HTTPS, 1, True, ("TLS", "OpenVPN"), "TLSv1.3", None, CERTIFICATE)
ANSWERED = Observation(IKE, 1, services=("IKE",), detail="chooses AES-256/SHA1/modp2048")
CLOSED = Observation(NOTEBOOK, 5)


def denied(port: ProbedPort, offender: str | None = GATEWAY) -> Observation:
    return Observation(port, 1, refusal=Refusal("EHOSTUNREACH", 13 if offender else None, offender))


def report_of(*views: VantageView, without: str = "") -> ProbeReport:
    """The report of a server with TCP 443 and UDP 500 open and TCP 8000 closed."""
    wanted = targets("vpn.lab.example", None, "443", "500", "8000", address=SERVER, fortigate=GATEWAY, without=without)
    return report(wanted, SERVER, views, None, NOW, 2.5)


def good() -> ProbeReport:
    return report_of(VantageView("here", "outside", (FINE, ANSWERED, CLOSED)))


def blocked() -> ProbeReport:
    """IKE is closed by the FortiGate; the notebook server is open to the outside."""
    intruder = Observation(NOTEBOOK, 1, True, (), "it does not speak TLS")
    here = VantageView("here", "outside", (FINE, denied(IKE), intruder))
    campus = VantageView("campus", "campus", (FINE, ANSWERED, intruder))
    broken = VantageView("phone", "outside", trouble="ssh: <connect> failed")
    return report_of(here, campus, broken)


ONE, TWO, SHARED = SERVER, "203.0.113.22", "vpn.lab.example"
LOGIN = {"host": "", "hostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9"}
SERVERS: tuple[dict[str, object], ...] = (
    {"name": None, "address": ONE, "dialled": ONE, "ssh": {**LOGIN, "host": ONE}},
    {"name": "two", "address": TWO, "dialled": "vpn-two.lab.example", "ssh": {**LOGIN, "host": TWO}},
)


def stack(servers: Sequence[Mapping[str, object]] = SERVERS, **changes: object) -> str:
    """The outputs of a stack with TCP 443 and two servers, the first of them without a name of its own."""
    exported: dict[str, object] = {
        "name": SHARED,
        "address": ONE,
        "ports": {"tcp": [443]},
        "network": {"router": "192.168.30.1"},
    }
    exported |= {"hub": "LAB", "protocols": {"openvpn": True, "sstp": False}, "users": {}, "ssh": SERVERS[0]["ssh"]}
    return json.dumps({**exported, "servers": servers, **changes})


def round_of(*seen: tuple[VantageView, ...], resolution: Resolution | None = None) -> Round:
    """A run over the servers of that stack, which were seen so."""
    wanted, servers = probed_servers.wanted(None, stack(), udp="500", tcp="443", closed="8000")
    reports = tuple(
        report(probed_servers.asked(wanted, server), server.address, views, None, NOW, 2.5)
        for server, views in zip(servers, seen, strict=True)
    )
    return Round(SHARED, reports, servers, resolution, (ONE, TWO), NOW, 5.0)


UP = (VantageView("here", "outside", (FINE, ANSWERED, CLOSED)),)
DOWN = (VantageView("here", "outside", (Observation(HTTPS, 5), Observation(IKE, 5), CLOSED)),)
