"""`labvpn hostkey`, and how the command ends where nobody wants a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import asyncssh
import pytest
from typer.testing import CliRunner

from labvpn import __main__ as program
from labvpn import cli
from labvpn.connect import ssh

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPbm7fusfjKjQcKNxGMFh9fnx1X1/xxSX8tX+4pTihmf"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where a key was fetched from."""
    places: list[tuple[str, int]] = []

    async def fetch(host: str, port: int) -> str:
        places.append((host, port))
        return KEY

    monkeypatch.setattr(ssh, "fetch_host_key", fetch)
    return places


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("vpn.lab.example", ("vpn.lab.example", 22)),
        ("203.0.113.20:2222", ("203.0.113.20", 2222)),
        ("2001:db8::1", ("2001:db8::1", 22)),
        ("[2001:db8::1]", ("2001:db8::1", 22)),
        ("[2001:db8::1]:2222", ("2001:db8::1", 2222)),
    ],
)
def test_a_host_is_a_name_or_an_address_with_or_without_a_port(
    asked: list[tuple[str, int]], host: str, place: tuple[str, int]
) -> None:
    done = CliRunner().invoke(cli.app, ["hostkey", host, "--show"])
    assert (done.exit_code, done.stdout, asked) == (0, f"{KEY}\n", [place])


@pytest.mark.parametrize("host", ["", "host:", "host:abc", "host:0", "host:99999", "a/b", "[2001:db8::1", "host:22:x"])
def test_what_is_neither_is_wrong_usage(asked: list[tuple[str, int]], host: str) -> None:
    done = CliRunner().invoke(cli.app, ["hostkey", host, "--show"])
    assert (done.exit_code, asked) == (2, [])
    assert "is not a name or address" in done.stderr


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
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/pulumi")
    done = CliRunner().invoke(cli.app, ["hostkey", "vpn"], input="n\n")
    assert f"/etc/ssh/ssh_host_{file}_key.pub" in done.output


def test_nobody_compares_a_fingerprint_that_cannot_be_recorded(
    asked: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(cli.app, ["hostkey", "203.0.113.20", "--yes"])
    assert (done.exit_code, asked) == (1, [])
    assert "pulumi is not on PATH here" in done.stderr


def test_a_name_that_dns_cannot_have_is_a_sentence() -> None:
    done = CliRunner().invoke(cli.app, ["hostkey", "a..b", "--show"])
    assert done.exit_code == 1
    assert "The host a..b does not answer SSH on port 22" in done.stderr


def test_an_interrupt_while_the_command_is_loaded_shows_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "find_checkout", interrupted)
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 130


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_disk_behind_the_output_is_a_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-m", "labvpn", "secret"], stdout=full, stderr=-1, text=True)
    assert done.returncode == 1
    assert done.stderr == "labvpn: what it prints cannot be written: No space left on device\n"
