"""OpenVPN's client as people set it up by themselves: it restarts and dials again as often as it likes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal import network
from tests.rehearsal.agent_host import SECRETS, AgentHost
from tests.rehearsal.kit_lab import Dial, running

IN = "Initialization Sequence Completed"
REFUSED = "AUTH_FAILED"


@contextmanager
def dialling(
    host: AgentHost,
    folder: Path,
    *more: str,
    user: str = "guest1",
    password: str = "",
    machine: str = "admin",
    bound: bool = False,
    way: tuple[str, str] = ("1194", "udp"),
) -> Iterator[Dial]:
    """A client that dials from a machine, by the user's own password if no other is given.

    `bound` leaves it to `more` from which address and port.
    """
    folder.mkdir(exist_ok=True)
    (folder / "login").touch(0o600)
    (folder / "login").write_text(f"{user}\n{password or SECRETS['users'][f'LAB/{user}']}\n")
    code = f"import ssl; print(ssl.get_server_certificate(('{network.SERVER}', 443)))"
    (folder / "ca.pem").write_text(host.output("server", "python3", "-c", code) + "\n")
    ends = [] if bound else ["--nobind"]
    options = ["--client", "--dev", "tun", *ends, "--remote", str(network.SERVER), *way, "--verb", "3"]
    options += ["--ca", str(folder / "ca.pem"), "--auth-user-pass", str(folder / "login"), "--auth", "SHA1"]
    line = host.line("exec", machine, "--", "openvpn", *options, "--data-ciphers", "AES-256-GCM", "--cipher")
    with running(host, [*line, "AES-256-GCM", *more]) as client:
        yield client
