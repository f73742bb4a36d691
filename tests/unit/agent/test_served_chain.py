"""The chain that a server shows, read from a real handshake, and a chain that was changed by hand."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import NameOID

from labvpn.agent.core.document import parse
from labvpn.agent.softether.served_chain import certificates_at, certificates_in, chain_digest
from labvpn.model.pem import blocks
from labvpn.render.certificate import ServerCertificate
from labvpn.render.documents import Concern, documents
from tests.unit.agent.test_twin import Played
from tests.unit.samples import lab

PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def signed(name: str, key: RSAPrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 7)
    now = datetime.now(UTC)
    return builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, key: RSAPrivateKey) -> Iterator[tuple[int, str]]:
    """A port that shows three certificates, and their PEM."""
    pem = "".join(signed(name, key).public_bytes(PEM).decode() for name in ("server", "between", "above"))
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("served") / "all.pem"
    file.write_bytes(pem.encode() + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener, context), daemon=True).start()
        yield listener.getsockname()[1], pem


def accept(listener: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as session:
                session.recv(1)


def ders(pem: str) -> list[bytes]:
    return [ssl.PEM_cert_to_DER_cert(text) for _, text in blocks(pem)]


def test_every_certificate_of_a_handshake_is_read_in_its_order(served: tuple[int, str]) -> None:
    port, pem = served
    assert certificates_at(port) == ders(pem)


def test_both_sides_name_a_chain_by_the_same_digest(served: tuple[int, str]) -> None:
    _, pem = served
    one = ServerCertificate(pem, "key", None)
    assert one.chain == chain_digest(ders(pem)[1:])
    assert one.fingerprint == hashlib.sha256(ders(pem)[0]).hexdigest()
    alone = ServerCertificate(blocks(pem)[0][1], "key", None)
    assert (alone.chain, chain_digest([])) == (None, "none")


def test_the_chain_is_in_the_document_only_where_there_is_one() -> None:
    assert "certificate sha256=aa chain=bb\n" in documents(lab(), "", "aa", "bb")[Concern.SERVER]
    assert "certificate sha256=aa\n" in documents(lab(), "", "aa")[Concern.SERVER]


def test_a_chain_that_clients_are_not_shown_is_drift_on_5_02_and_no_failure_elsewhere(
    tmp_path: Path, served: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, pem = served
    (line,) = parse(f"certificate sha256=aa chain={chain_digest(ders(pem)[1:])}\n")
    (other,) = parse("certificate sha256=aa chain=00\n")
    for version, found in ((502, line.values["chain"]), (501, "00"), (444, "00")):
        played = Played(tmp_path, version)
        monkeypatch.setattr(played.softether, "ports", lambda: [port])
        values = played.server.certificate.read(other)
        assert values is not None
        assert values["chain"] == found


def test_a_port_without_a_handshake_shows_no_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(tmp_path, 502)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setattr(played.softether, "ports", lambda: [port])
    (line,) = parse("certificate sha256=aa chain=bb\n")
    assert (played.server.certificate.read(line) or {})["chain"] == "none"


@pytest.mark.parametrize("heard", [b"", b"\x16\x03\x03", b"\x15\x03\x03\x00\x02\x02\x28", b"\x16\x03\x03\x00\x01\x0b"])
def test_what_is_no_handshake_holds_no_certificate(heard: bytes) -> None:
    assert list(certificates_in(heard)) == []
