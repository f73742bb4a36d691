"""Small servers on the loopback that behave as a VPN server does, or as one should not."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from labvpn.probe.wire import openvpn

LOOPBACK = "127.0.0.1"
Talk = Callable[[socket.socket], None]
END = datetime.datetime(2031, 5, 6, 7, 8, 9, tzinfo=datetime.UTC)


def certificate(folder: Path, ends: datetime.datetime = END) -> ssl.SSLContext:
    """A server's TLS with a self-signed certificate for vpn.lab.example that ends then."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vpn")])
    names = [x509.DNSName("vpn.lab.example"), x509.IPAddress(ipaddress.ip_address("203.0.113.20"))]
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(ends - datetime.timedelta(days=400))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(built.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def vpn(context: ssl.SSLContext, sstp: bytes = b"HTTP/1.1 200\r\n\r\n") -> Talk:
    """TLS with SSTP, and OpenVPN, on one port, as SoftEther serves them."""

    def talk(plain: socket.socket) -> None:
        first = plain.recv(3, socket.MSG_PEEK)
        if first == b"\x00\x0e\x38":
            session = openvpn.unframed(plain.recv(99))[1:9]
            plain.sendall(openvpn.framed(b"\x40" + b"serverid" + b"\1" + bytes(4) + session + bytes(4)))
            return
        with context.wrap_socket(plain, server_side=True) as secured:
            if secured.recv(4096) and sstp:
                secured.sendall(sstp)

    return talk


@contextlib.contextmanager
def tcp(talk: Talk) -> Iterator[int]:
    """A listener on the loopback that talks to every caller in a thread of its own; its port."""

    def serve(caller: socket.socket) -> None:
        caller.settimeout(5)
        with contextlib.suppress(OSError), caller:
            talk(caller)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server((LOOPBACK, 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def udp(answer: Callable[[int, bytes], bytes | None]) -> Iterator[int]:
    """A UDP port on the loopback; `answer` is told how many packets came before, and the packet."""

    def serve() -> None:
        for count in range(100):
            try:
                packet, sender = listening.recvfrom(4096)
            except OSError:
                return
            reply = answer(count, packet)
            if reply is not None:
                listening.sendto(reply, sender)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((LOOPBACK, 0))
        listening.settimeout(10)
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


def unused(kind: socket.SocketKind) -> int:
    """A port of the loopback where nothing listens."""
    with socket.socket(socket.AF_INET, kind) as bound:
        bound.bind((LOOPBACK, 0))
        port: int = bound.getsockname()[1]
        return port
