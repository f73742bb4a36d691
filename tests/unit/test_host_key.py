"""`labvpn hostkey`: whatever form a host is written in, the key is that of the very server."""

from __future__ import annotations

import asyncssh
import pytest
from typer.testing import CliRunner

from labvpn import cli
from labvpn.connect import ssh
from labvpn.model.hosts import parted, with_port

PLACES = [
    ("vpn.lab.example", ("vpn.lab.example", 22)),
    ("203.0.113.20:2222", ("203.0.113.20", 2222)),
    ("2001:db8::20", ("2001:db8::20", 22)),
    ("[2001:db8::20]", ("2001:db8::20", 22)),
    ("[2001:db8::20]:2222", ("2001:db8::20", 2222)),
]


@pytest.mark.parametrize(("text", "asked"), PLACES)
def test_a_host_is_asked_at_the_port_that_is_written(
    text: str, asked: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = []

    async def fetch(host: str, port: int) -> str:
        hosts.append((host, port))
        return "ssh-ed25519 AAAA"

    monkeypatch.setattr(ssh, "fetch_host_key", fetch)
    done = CliRunner().invoke(cli.app, ["hostkey", text, "--show"])
    assert (done.exit_code, done.stdout, hosts) == (0, "ssh-ed25519 AAAA\n", [asked])
    assert parted(with_port(*asked)) == asked


@pytest.mark.parametrize("text", ["vpn:ssh", "vpn:", "vpn:0", "vpn:70000", "[2001:db8::20]:x", "vpn:" + "9" * 5000])
def test_a_port_that_is_none_is_a_sentence(text: str) -> None:
    done = CliRunner().invoke(cli.app, ["hostkey", text, "--show"])
    assert done.exit_code == 1
    assert "is not a port; write HOST:PORT" in done.output


@pytest.mark.parametrize(
    ("kind", "file"), [("ssh-rsa", "rsa"), ("ecdsa-sha2-nistp256", "ecdsa"), ("ssh-ed25519", "ed25519")]
)
def test_the_file_to_compare_with_is_that_of_the_keys_kind(
    kind: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = asyncssh.generate_private_key(kind).export_public_key().decode().strip()

    async def fetch(host: str, port: int) -> str:
        return key

    monkeypatch.setattr(ssh, "fetch_host_key", fetch)
    done = CliRunner().invoke(cli.app, ["hostkey", "vpn"], input="n\n")
    assert f"/etc/ssh/ssh_host_{file}_key.pub" in done.output
