"""Bring up all of the rehearsal's machines and servers, from inside it; safe to run again.

`python -m rehearsal.setup STATE [HOST]` ends when everything answers, and prints what it had to start.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

from rehearsal import host, network, services
from rehearsal.problems import RehearsalError

PATIENCE = 30.0
"""Seconds that one server may take to answer."""


def main(state: Path, name: str = "server") -> None:
    """Bring up whatever is missing, this VPN host included; raises RehearsalError for a server that does not answer."""
    if not network.NAMESPACES.joinpath(network.MACHINES[-1].name).exists():
        network.build()
    started = services.ensure(state)
    if not host.up():
        host.boot(state)
        started.append("server")
    for service in services.services():
        _await(service)
    wait_for_ssh(network.HOSTS[name])
    (state / "up").touch()
    print("\n".join(started))


def _await(service: services.Service) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers(service.machine, service.answers):
        if not service.alive or time.monotonic() > deadline:
            raise RehearsalError(f"{service.name} does not answer on {service.machine}: {_last_line(service.log)}")
        time.sleep(0.02)


def _last_line(log: Path) -> str:
    return (log.read_text().splitlines() or ["no output"])[-1]


def answers(machine: str, address: tuple[str, int], greeting: bytes = b"") -> bool:
    """Whether a server can be reached from a machine, and sends this greeting if one is given."""
    try:
        with network.inside(machine), socket.create_connection(address, 1) as connection:
            return connection.recv(len(greeting)) == greeting if greeting else True
    except OSError:
        return False


def wait_for_ssh(address: str = network.SERVER) -> None:
    """Wait until a VPN host's sshd answers the administrator's machine."""
    deadline = time.monotonic() + PATIENCE
    while not answers("admin", (address, 22), b"SSH-2.0"):
        if time.monotonic() > deadline:
            raise RehearsalError(f"the VPN host's sshd did not answer within {PATIENCE:.0f} s")
        time.sleep(0.02)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), *sys.argv[2:])
    except RehearsalError as error:
        sys.exit(str(error))
