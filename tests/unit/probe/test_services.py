import datetime
import hashlib
import socket
import ssl
import time
from pathlib import Path

import pytest

from labvpn.probe import services, sockets
from labvpn.probe.observation import Observation
from labvpn.probe.services import observe, observe_udp, question
from labvpn.probe.targets import ProbedPort
from labvpn.probe.wire import ike
from tests.unit.probe.answers import COOKIE, IKE_CHOICE
from tests.unit.probe.servers import END, LOOPBACK, certificate, tcp, udp, vpn


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "WAITS", (0.1,) * 5)
    monkeypatch.setattr(services, "WAITS", (0.1,) * 5)
    monkeypatch.setattr(services, "_PATIENCE", 0.5)


def seen(port: int) -> Observation:
    return observe(LOOPBACK, ProbedPort("tcp", port), "vpn.lab.example")


def test_tls_sstp_and_openvpn_are_found_on_one_port(tmp_path: Path) -> None:
    with tcp(vpn(certificate(tmp_path))) as port:
        assert seen(port).services == ("TLS", "SSTP", "OpenVPN")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 404 Not Found\r\n\r\n"])
def test_a_server_without_sstp_still_speaks_the_rest(tmp_path: Path, answer: bytes) -> None:
    with tcp(vpn(certificate(tmp_path), answer)) as port:
        observation = seen(port)
    assert observation.services == ("TLS", "OpenVPN")
    assert observation.certificate and observation.certificate.not_after == int(END.timestamp())


@pytest.mark.parametrize("ends", [END, datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)])
def test_the_certificate_is_read_even_if_it_has_expired(tmp_path: Path, ends: datetime.datetime) -> None:
    with tcp(vpn(certificate(tmp_path, ends))) as port:
        found = seen(port).certificate
    der = ssl.PEM_cert_to_DER_cert((tmp_path / "server.pem").read_text().split("-----BEGIN PRIVATE")[0])
    assert found
    assert found.fingerprint == hashlib.sha256(der).hexdigest()
    assert found.names == ("vpn.lab.example", "203.0.113.20", "vpn")
    assert found.not_after == int(ends.timestamp())


def test_tls_that_lags_behind_the_listener_is_waited_for(tmp_path: Path) -> None:
    speak, began = vpn(certificate(tmp_path)), time.monotonic()

    def late(plain: socket.socket) -> None:
        if time.monotonic() - began > 0.3:
            speak(plain)

    with tcp(late) as port:
        assert "TLS" in seen(port).services


def test_a_port_that_accepts_and_speaks_no_tls_says_what_it_does() -> None:
    with tcp(lambda plain: plain.sendall(b"SSH-2.0-x\r\n")) as port:
        observation = seen(port)
    assert observation.connected and not observation.services
    assert observation.detail == "it does not speak TLS"


def test_a_port_that_accepts_and_says_nothing_keeps_us_a_few_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_START", 0.5)
    began = time.monotonic()
    with tcp(lambda _: time.sleep(3)) as port:
        assert seen(port).detail == "it sends nothing"
    assert time.monotonic() - began < 2


def test_port_4500_is_asked_behind_the_four_zero_bytes_and_500_without_them() -> None:
    assert question(4500).packet[:4] == bytes(4) and question(500).packet[:4] != bytes(4)
    assert ike.NAT_T_VENDOR_ID in question(4500).packet and ike.NAT_T_VENDOR_ID in question(500).packet


def test_an_answer_on_4500_counts_only_behind_the_four_zero_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labvpn.probe.services.os.urandom", lambda _: COOKIE)
    assert question(4500).read(bytes(4) + IKE_CHOICE) == "chooses AES-256/SHA256/modp2048"
    assert question(4500).read(IKE_CHOICE) is None


@pytest.mark.parametrize(
    ("port", "service"), [(500, "IKE"), (4500, "IKE"), (1701, "L2TP"), (1194, "OpenVPN"), (5555, "OpenVPN")]
)
def test_each_udp_port_is_asked_in_the_language_of_its_service(port: int, service: str) -> None:
    assert question(port).service == service


def test_a_udp_answer_makes_a_sighting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labvpn.probe.services.os.urandom", lambda _: COOKIE)
    with udp(lambda _, __: IKE_CHOICE) as port:
        observation = observe_udp(LOOPBACK, ProbedPort("udp", port), question(500))
    assert (observation.services, observation.detail) == (("IKE",), "chooses AES-256/SHA256/modp2048")
