"""Views and reports to judge and to draw, made by hand."""

from labvpn.doctor.report import Report, report
from labvpn.doctor.sighting import Certificate, Refusal, Sighting
from labvpn.doctor.targets import Port, targets
from labvpn.doctor.views import View

SERVER, GATEWAY = "203.0.113.20", "198.51.100.1"
NOW = 1_800_000_000.0
HTTPS, IKE, NOTEBOOK = Port("tcp", 443), Port("udp", 500), Port("tcp", 8000)
CERTIFICATE = Certificate("ab" * 32, ("vpn.lab.example",), int(NOW) + 400 * 86400)

FINE = Sighting(HTTPS, 1, True, ("TLS", "OpenVPN"), "TLSv1.3", None, CERTIFICATE)
ANSWERED = Sighting(IKE, 1, services=("IKE",), detail="chooses AES-256/SHA1/modp2048")
CLOSED = Sighting(NOTEBOOK, 5)


def denied(port: Port, offender: str | None = GATEWAY) -> Sighting:
    return Sighting(port, 1, refusal=Refusal("EHOSTUNREACH", 13 if offender else None, offender))


def judged(*views: View, without: str = "") -> Report:
    """The report of a server with TCP 443 and UDP 500 open and TCP 8000 closed."""
    wanted = targets("vpn.lab.example", None, "443", "500", "8000", address=SERVER, fortigate=GATEWAY, without=without)
    return report(wanted, SERVER, views, None, NOW, 2.5)


def good() -> Report:
    return judged(View("here", "outside", (FINE, ANSWERED, CLOSED)))


def blocked() -> Report:
    """IKE is closed by the FortiGate; the notebook server is open to the outside."""
    intruder = Sighting(NOTEBOOK, 1, True, (), "it speaks no TLS")
    here = View("here", "outside", (FINE, denied(IKE), intruder))
    campus = View("campus", "campus", (FINE, ANSWERED, intruder))
    broken = View("phone", "outside", trouble="ssh: <connect> failed")
    return judged(here, campus, broken)
