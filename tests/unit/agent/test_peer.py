"""Whom the agent sends a password to: the server of this host alone, whoever listens on its ports."""

from __future__ import annotations

import base64
import os
import ssl
from pathlib import Path
from typing import Any, cast

import pytest

from labvpn.agent.core.state import State
from labvpn.agent.softether.installations import PACKAGED
from labvpn.agent.softether.peer import Impostor, Peer
from labvpn.agent.softether.rpc import ProvenConnection
from labvpn.agent.softether.server import ServerConcern
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
# As Linux writes them: 127.0.0.1 is 0100007F, 5555 is 15B3, the client's port 40000 is 9C40.
SERVER, CLIENT = "0100007F:15B3", "0100007F:9C40"
MAPPED = "0000000000000000FFFF0000"


def row(local: str, remote: str, state: str, user: int, inode: int) -> str:
    return f"   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 {user:5} 0 {inode} 1 00000000 20\n"


class Tls:
    """A connection from port 40000 to 5555 whose other end shows a certificate."""

    def __init__(self, presented: bytes = b"another") -> None:
        self.presented = presented

    def getpeername(self) -> tuple[str, int]:
        return ("127.0.0.1", 5555)

    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", 40000)

    def getpeercert(self, binary: bool) -> bytes:
        assert binary
        return self.presented


def host(tmp_path: Path, *rows: str, six: str = "") -> FakeMachine:
    machine = FakeMachine(tmp_path)
    machine.write("/proc/net/tcp", HEAD + "".join(rows))
    machine.write("/proc/net/tcp6", HEAD + six)
    return machine


def proves(machine: FakeMachine, connection: Tls | None = None) -> bool:
    try:
        Peer(machine, PACKAGED.config).prove(cast(ssl.SSLSocket, connection or Tls()))
    except Impostor:
        return False
    return True


def test_a_server_of_roots_is_the_server(tmp_path: Path) -> None:
    assert proves(host(tmp_path, row(CLIENT, SERVER, "01", 0, 7), row(SERVER, CLIENT, "01", 0, 8)))


def test_a_local_user_who_took_the_port_is_sent_nothing(tmp_path: Path) -> None:
    machine = host(tmp_path, row(CLIENT, SERVER, "01", 0, 7), row(SERVER, CLIENT, "01", 1001, 8))
    with pytest.raises(Impostor, match=r"TCP port 5555 .* held by a program \(user 1001\).* no password was sent"):
        Peer(machine, PACKAGED.config).prove(cast(ssl.SSLSocket, Tls()))


@pytest.mark.parametrize("user", [0, 1001])
def test_a_socket_of_ipv6_that_takes_ipv4_is_known_too(tmp_path: Path, user: int) -> None:
    six = row(f"{MAPPED}{SERVER}", f"{MAPPED}{CLIENT}", "01", user, 8)
    assert proves(host(tmp_path, row(CLIENT, SERVER, "01", 0, 7), six=six)) is (user == 0)


@pytest.mark.parametrize(
    "other",
    [
        # It closed its end at once, so the kernel names root, who holds nothing.
        row(SERVER, CLIENT, "08", 0, 0),
        row(SERVER, CLIENT, "06", 0, 0),
        row(SERVER, CLIENT, "01", 0, 0),
        # Root's listener on the port says nothing of this connection, nor do connections of another port or address.
        row("00000000:15B3", "00000000:0000", "0A", 0, 8),
        row(SERVER, "0100007F:9C41", "01", 0, 8),
        row("0200007F:15B3", CLIENT, "01", 0, 8),
        "",
    ],
)
def test_what_the_kernel_does_not_say_of_this_very_connection_proves_nothing(tmp_path: Path, other: str) -> None:
    assert not proves(host(tmp_path, row(CLIENT, SERVER, "01", 0, 7), other))


def test_a_server_that_runs_as_a_user_of_its_own_is_known_by_its_file(tmp_path: Path) -> None:
    user = os.getuid() or 977
    machine = host(tmp_path, row(SERVER, CLIENT, "01", user, 8))
    assert not proves(machine)
    machine.write(PACKAGED.config, "declare root\n{\n}\n", 0o600)
    if not os.getuid():
        os.chown(machine.path(PACKAGED.config), user, user)
    assert proves(machine)


def test_the_certificate_of_the_servers_own_file_proves_it_and_no_other_does(tmp_path: Path) -> None:
    machine = host(tmp_path)
    text = base64.b64encode(b"its own").decode()
    block = f"declare ServerConfiguration\n{{\nbyte ServerCert {text}\n}}\n"
    machine.write(PACKAGED.config, f"declare root\n{{\n{block}}}\n", 0o600)
    assert proves(machine, Tls(b"its own"))
    assert not proves(machine, Tls(b"another"))
    assert not proves(machine, Tls(b""))


@pytest.mark.parametrize("text", ["", "declare root\n{\ndeclare ServerConf", "\x00\xff", "byte ServerCert $$$\n"])
def test_a_damaged_file_proves_nobody(tmp_path: Path, text: str) -> None:
    machine = host(tmp_path, row(SERVER, CLIENT, "01", 1001, 8))
    machine.write(PACKAGED.config, text)
    assert not proves(machine, Tls(b""))


def test_nothing_is_sent_before_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []

    class Wire:
        def sendall(self, data: bytes) -> None:
            sent.append(data)

        def close(self) -> None:
            sent.append(b"closed")

    def handshake(connection: Any) -> None:
        connection.sock = Wire()

    def refuse(connection: ssl.SSLSocket) -> None:
        raise Impostor("not SoftEther")

    monkeypatch.setattr("http.client.HTTPSConnection.connect", handshake)
    connection = ProvenConnection(5555, 1, refuse)
    with pytest.raises(Impostor):
        connection.request("POST", "/api/", b"", {"X-VPNADMIN-PASSWORD": b"canary"})
    assert sent == [b"closed"]
    assert connection.sock is None


def test_a_listener_that_another_user_holds_is_told_by_its_program(tmp_path: Path) -> None:
    softether = FakeSoftEther(
        host(tmp_path, row("00000000:01BB", "00000000:0000", "0A", 0, 5), row(SERVER, "00000000:0000", "0A", 1001, 9))
    )
    listeners = "".join(
        f"declare Listener{n}\n{{\nbool Enabled true\nuint Port {port}\n}}\n" for n, port in enumerate((443, 5555))
    )
    softether.machine.write(
        PACKAGED.config, f"declare root\n{{\ndeclare ListenerList\n{{\n{listeners}}}\ndeclare VirtualHUB\n{{\n}}\n}}\n"
    )
    fd = softether.machine.path("/proc/77/fd")
    fd.mkdir(parents=True)
    (fd / "3").symlink_to("socket:[9]")
    softether.machine.write("/proc/77/comm", "py\x1b[2J\u2028on\n")
    softether.machine.write("/proc/77/cgroup", "0::/system.slice/jupyterhub.service\n")
    said = ServerConcern(State(softether.machine, "server"), softether).warnings([])
    assert said == [
        "TCP port 5555 of the VPN host is held by py?[2J?on, jupyterhub.service (user 1001), not by SoftEther: "
        "stop that program"
    ]
