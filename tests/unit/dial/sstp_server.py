"""A small SSTP server: in memory, and behind TLS on this machine's loopback; it checks what binds a call to a login."""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from labvpn.dial.wire import mschap, ppp, sstp
from labvpn.dial.wire.sstp import Control, Data
from tests.unit.dial.server import FakeServer

NONCE = bytes(range(32))


@dataclass
class SstpServer(FakeServer):
    """The call and its PPP; `http_answer` is what it says to the HTTP request, `hash_bits` the hashes that it takes."""

    http_answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n"
    hash_bits: int = sstp.SHA256
    answer_to_call: int = sstp.ACK
    certificate: bytes = b"a certificate"
    is_bound: bool | None = None
    """Whether the client proved that its login belongs to this call; None: it did not try."""
    heard: list[int] = field(default_factory=list)
    response: bytes = b""

    def message(self, data: bytes) -> None:
        found = sstp.decoded(data)
        assert found is not None
        if isinstance(found, Data):
            protocol, content = ppp.protocol_of(found.frame) or (0, b"")
            packet = ppp.packet(protocol, content) if protocol == ppp.CHAP else None
            # Nothing but the login goes before the binding (MS-SSTP, 3.2.5.2).
            assert protocol != ppp.IPCP or self.is_bound
            self.response = packet.body[25:49] if packet else self.response
            self.framed(found.frame)
            return
        self.heard.append(found.kind)
        if found.kind == sstp.REQUEST and "sstp" not in self.silent:
            asked = {sstp.BINDING_ASKED: bytes([0, 0, 0, self.hash_bits]) + NONCE}
            self.answers.append(Control(self.answer_to_call, asked).encoded())
        elif found.kind == sstp.CONNECTED:
            self.is_bound = self.proves(data)

    def packet(self, protocol: int, code: int, body: bytes, number: int = 1) -> None:
        self.answers.append(Data(ppp.Packet(protocol, code, number, body).encoded()).encoded())

    def framed(self, frame: bytes) -> None:
        protocol, content = ppp.protocol_of(frame) or (0, b"")
        found = ppp.packet(protocol, content)
        if protocol == ppp.LCP and found and found.code == ppp.REQUEST:
            self.packet(ppp.LCP, ppp.REQUEST, ppp.encoded({ppp.AUTHENTICATION: ppp.MSCHAP2}))
        super().framed(frame)

    def proves(self, data: bytes) -> bool:
        """The check of MS-SSTP, 3.3.5.2.3, and the keys of RFC 3079, 3.4, written out a second time."""
        digest = hashlib.sha256 if data[15] == 2 else hashlib.sha1
        twice = mschap.md4(mschap.md4(self.password.encode("utf-16-le")))
        seed = twice + self.response + b"This is the MPPE Master Key"
        master = hashlib.sha1(seed, usedforsecurity=False).digest()[:16]
        key = b""
        for own, other in (("send", "receive"), ("receive", "send")):
            words = f"On the client side, this is the {own} key; on the server side, it is the {other} key."
            key += hashlib.sha1(master + bytes(40) + words.encode() + b"\xf2" * 40, usedforsecurity=False).digest()[:16]
        seed = b"SSTP inner method derived CMK" + bytes([digest().digest_size, 0, 1])
        mac = hmac.digest(hmac.digest(key, seed, digest), data[:80] + bytes(32), digest)
        seen = digest(self.certificate).digest()
        fields = (data[12:16], data[16:48], data[48:80], data[80:])
        return fields == (bytes([0, 0, 0, data[15]]), NONCE, seen.ljust(32, b"\0"), mac.ljust(32, b"\0"))


class SstpMemory:
    """A channel whose other end is the server."""

    def __init__(self, server: SstpServer) -> None:
        self.server, self.is_over = server, False

    def now(self) -> float:
        return self.server.clock

    def send(self, content: bytes) -> None:
        self.server.message(content)

    def receive(self, seconds: float) -> bytes | None:
        return self.server.receive(seconds)

    def keep(self) -> None: ...

    def close(self) -> None:
        self.is_over = True


def own_certificate(folder: Path, name: str = "vpn.lab.example") -> tuple[Path, str]:
    """A file with a self-signed certificate and its key, and the certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    kind = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = made.public_bytes(serialization.Encoding.PEM)
    file = folder / "server.pem"
    file.write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, *kind))
    return file, pem.decode()


def context_of(file: Path) -> ssl.SSLContext:
    """TLS with a certificate and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@contextmanager
def serving(server: SstpServer, file: Path) -> Iterator[int]:
    """The server behind TLS on a port of the loopback, for one connection."""
    with socket.create_server(("127.0.0.1", 0)) as ear:
        worker = threading.Thread(target=serve_one, args=(server, ear, context_of(file)), daemon=True)
        worker.start()
        yield ear.getsockname()[1]
    worker.join(5)


def serve_one(server: SstpServer, ear: socket.socket, context: ssl.SSLContext) -> None:
    """Take one connection, whatever becomes of it, to its end."""
    with suppress(OSError):
        plain, _ = ear.accept()
        with plain, context.wrap_socket(plain, server_side=True) as call:
            came = b""
            while b"\r\n\r\n" not in came:
                came += call.recv(4096) or b"\r\n\r\n"
            call.sendall(server.http_answer)
            came = came.partition(b"\r\n\r\n")[2]
            while more := call.recv(65536):
                came += more
                while 0 < (size := sstp.size_of(came) or 0) <= len(came):
                    server.message(came[:size])
                    came = came[size:]
                while server.answers:
                    # In pieces, as TCP may bring them.
                    answer = server.answers.pop(0)
                    call.sendall(answer[:3])
                    call.sendall(answer[3:])
