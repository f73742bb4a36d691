"""The stack's certificate on a real server: who verifies it, and that a change by hand is seen; the way back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labvpn.render.certificate import ServerCertificate, create_authority, server_certificate
from rehearsal import network
from tests.rehearsal.agent_host import SECRETS, AgentHost
from tests.unit.samples import credentials, lab

VERIFIES = f"""
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
with socket.create_connection(("{network.SERVER}", 443), 10) as plain:
    print(context.wrap_socket(plain, server_hostname="vpn.lab.example").version())
"""
BACKUPS = "/var/backups/labvpn"


@pytest.fixture(scope="module")
def own() -> ServerCertificate:
    authority = create_authority("vpn.lab.example", datetime.now(UTC), ["vpn.lab.example", network.SERVER])
    certificate = server_certificate(lab(), credentials(authority=authority))
    assert certificate is not None
    return certificate


@pytest.fixture(scope="module")
def host(own: ServerCertificate) -> Iterator[AgentHost]:
    host = AgentHost("certificate")
    host.begin()
    host.converge("host")
    SECRETS["certificate"] = {"certificate": own.certificate, "key": own.key}
    yield host
    del SECRETS["certificate"]
    host.stop()


def document(host: AgentHost, own: ServerCertificate) -> str:
    return host.documents()["server"] + f"certificate sha256={own.fingerprint}\n"


def test_clients_verify_the_server_by_the_authority_and_its_name(
    host: AgentHost, own: ServerCertificate, tmp_path: Path
) -> None:
    assert "~ certificate" in "".join(host.converge("server", document(host, own)))
    (tmp_path / "authority.pem").write_text(own.authority or "")
    assert host.output("admin", "python3", "-c", VERIFIES, str(tmp_path / "authority.pem")).startswith("TLS")
    assert host.converge("server", document(host, own)) == ["nothing to change"]


def test_a_chain_is_sent_with_the_certificate_and_a_file_of_it_that_is_lost_is_drift(
    host: AgentHost, own: ServerCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    chained = ServerCertificate(own.certificate + (own.authority or ""), own.key, own.authority)
    given = {"certificate": chained.certificate, "key": chained.key}
    monkeypatch.setitem(SECRETS, "certificate", given)
    asked = document(host, own).rstrip("\n") + f" chain={chained.chain}\n"
    host.converge("server", asked)
    sent = f"openssl s_client -connect {network.SERVER}:443 -showcerts </dev/null 2>/dev/null | grep -c BEGIN"
    assert host.output("admin", "sh", "-c", sent) == "2"
    assert host.converge("server", asked) == ["nothing to change"]
    host.output("server", "sh", "-c", "rm /var/lib/softether/chain_certs/labvpn-*")
    (said,) = host.converge("server", asked)
    assert said == f"~ certificate: chain none -> {chained.chain}"
    monkeypatch.setitem(SECRETS, "certificate", {"certificate": own.certificate, "key": own.key})
    host.rpc(("RegenerateServerCert", {"StrValue_str": "by hand"}))
    host.converge("server", document(host, own))
    assert host.output("admin", "sh", "-c", sent) == "1"


def test_a_certificate_set_by_hand_is_put_right_and_what_was_there_is_kept(
    host: AgentHost, own: ServerCertificate
) -> None:
    host.rpc(("RegenerateServerCert", {"StrValue_str": "by hand"}))
    (said,) = host.converge("server", document(host, own))
    assert said.startswith("~ certificate: sha256 ")
    assert said.endswith(f"-> {own.fingerprint}")
    files = host.output("server", "sh", "-c", f"stat -c %a {BACKUPS} {BACKUPS}/*").split()
    assert files[0] == "700"
    assert len(files) >= 3
    assert set(files[1:]) == {"600"}


def test_the_kept_configuration_brings_the_server_back_to_what_it_was(host: AgentHost, own: ServerCertificate) -> None:
    back = (
        "systemctl stop softether-vpnserver && "
        f"gunzip -c $(ls {BACKUPS}/*.gz | tail -n 1) >/var/lib/softether/vpn_server.config && "
        "systemctl start softether-vpnserver"
    )
    host.output("server", "sh", "-c", back)
    (said,) = host.converge("server", document(host, own))
    assert said.endswith(f"-> {own.fingerprint}")
