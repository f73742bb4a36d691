"""A real OpenVPN client on a machine of the rehearsal."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rehearsal import machine

SECONDS = 120
"""How long a dial may take: the server answers a wrong password after a second, and a missing SecureNAT after five."""


@dataclass(frozen=True)
class Login:
    """Which server to dial, and as which user."""

    server: str
    user: str
    password: str
    port: int = 1194
    transport: str = "udp"
    router: str | None = None
    identity: Path | None = None
    """A PEM file with a certificate and its key, used instead of the password."""
    authority: str | None = None
    """PEM of the authority that the client trusts; without it, the certificate that the server presents."""

    def __repr__(self) -> str:
        """Without the password."""
        return f"{self.user}@{self.server}:{self.port}/{self.transport}"


@dataclass(frozen=True)
class Dialled:
    """How a dial ended: `address` is the client's address inside the VPN, None if it was refused."""

    address: str | None
    log: str

    @property
    def refused(self) -> bool:
        """Whether the server refused the name or password."""
        return "AUTH_FAILED" in self.log


@contextmanager
def dialled(host: str, login: Login) -> Iterator[Dialled]:
    """Dial from a machine and stay connected until the block ends."""
    with TemporaryDirectory(prefix="labvpn-dial-") as name:
        profile = profile_of(Path(name), host, login)
        client = subprocess.Popen(
            machine.line(host, ["openvpn", "--config", profile]),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield outcome(client)
        finally:
            client.send_signal(signal.SIGTERM)
            try:
                client.wait(10)
            except subprocess.TimeoutExpired:
                client.kill()


def outcome(client: subprocess.Popen[str]) -> Dialled:
    """Wait until a client that was just started, with its output piped, is connected or refused."""
    lines: list[str] = []
    deadline = time.monotonic() + SECONDS
    address = None
    assert client.stdout is not None  # noqa: S101  (it was asked for)
    for line in client.stdout:
        lines.append(line)
        if found := re.search(r"ifconfig (\d+\.\d+\.\d+\.\d+)", line):
            address = found[1]
        if "Initialization Sequence Completed" in line:
            return Dialled(address, "".join(lines))
        if "AUTH_FAILED" in line or time.monotonic() > deadline:
            break
    return Dialled(None, "".join(lines))


def profile_of(folder: Path, host: str, login: Login) -> Path:
    """Write the client's settings; without an authority it trusts the certificate that the server presents now."""
    secret = folder / "secret"
    secret.touch(0o600)
    secret.write_text(f"{login.user}\n{login.password}\n")
    way = f"auth-user-pass {secret}\nauth-retry none\n"
    if login.identity:
        way = f"cert {login.identity}\nkey {login.identity}\n"
    (folder / "ca.pem").write_text(login.authority or _certificate(host, login.server))
    # The routes of a split tunnel are pushed without their gateway.
    gateway = f"route-gateway {login.router}\n" if login.router else ""
    profile = folder / "client.ovpn"
    profile.write_text(
        f"client\ndev tun\nproto {login.transport}\nremote {login.server} {login.port}\nnobind\n{gateway}"
        f"ca {folder / 'ca.pem'}\n{way}"
        "cipher AES-256-GCM\ndata-ciphers AES-256-GCM\nauth SHA1\nresolv-retry 5\nconnect-retry-max 3\n"
        "hand-window 40\nserver-poll-timeout 10\nverb 3\n"
    )
    return profile


def _certificate(host: str, server: str) -> str:
    code = f"import ssl; print(ssl.get_server_certificate(('{server}', 443), timeout=10))"
    return machine.output(host, ["python3", "-c", code]) + "\n"
