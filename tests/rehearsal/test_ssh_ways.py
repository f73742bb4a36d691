"""The other ways onto the VPN host than a key of the stack's: by password, by the SSH agent, through a jump host."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rehearsal import network
from rehearsal.places import PROJECT
from tests.rehearsal import jump_program
from tests.rehearsal.stack import Stack

SERVER = {"address": network.SERVER}
TAKES_PASSWORDS = (
    "printf 'PermitRootLogin yes\\nPasswordAuthentication yes\\n' >/etc/ssh/sshd_config.d/00-ways.conf; "
    "systemctl reload ssh; chpasswd"
)
CLOSED = (
    "table inet ways { chain in { type filter hook input priority -300; "
    f"ip saddr {network.ADMIN} tcp dport 22 drop; }}; }}"
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    lab = Stack("ways")
    lab.stop()
    assert lab.command("lab", cwd=PROJECT, timeout=900).returncode == 0
    yield lab
    lab.stop()


@contextmanager
def agent(lab: Stack, folder: Path) -> Iterator[Stack]:
    """The lab as somebody drives it whose SSH agent holds the key."""
    place = str(folder / "agent")
    running = subprocess.Popen(["ssh-agent", "-D", "-a", place], stdout=subprocess.PIPE, text=True)
    assert running.stdout and running.stdout.readline()
    try:
        by_agent = Stack(lab.name, {"SSH_AUTH_SOCK": place})
        subprocess.run(["ssh-add", "-q", lab.state / "ssh/admin"], env=by_agent.environment, check=True)
        yield by_agent
    finally:
        running.terminate()
        running.wait(10)


@contextmanager
def jump_host(lab: Stack, folder: Path) -> Iterator[dict[str, str]]:
    """The workstation as a jump host, the only way onto the VPN host."""
    key = folder / "host"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    words = [sys.executable, jump_program.__file__, str(key), str(lab.state / "ssh/admin.pub")]
    line = lab.line("exec", "workstation", "--", *words)
    door = subprocess.Popen(line, env=lab.environment, stdout=subprocess.PIPE, text=True)
    assert door.stdout and door.stdout.readline() == "ready\n"
    lab.output("server", "nft", CLOSED)
    try:
        yield {"host": network.WORKSTATION, "hostKey": key.with_suffix(".pub").read_text().strip()}
    finally:
        lab.output("server", "nft", "delete", "table", "inet", "ways")
        door.terminate()
        door.wait(10)


def brought_up(lab: Stack, file: Path) -> None:
    """A run by this configuration works, and so does a look that finds nothing to change."""
    lab.up("--config-file", str(file))
    assert lab.is_settled("--config-file", str(file))


def test_by_a_password_that_stands_nowhere_in_clear(lab: Stack, tmp_path: Path) -> None:
    password = secrets.token_urlsafe(16)
    lab.output("server", "sh", "-c", TAKES_PASSWORDS, input=f"root:{password}\n")
    file = lab.variant(tmp_path, server={**SERVER, "ssh": {"login": "password"}}, sshKey=None)
    lab.with_secret(file, "sshPassword", password)
    brought_up(lab, file)
    state = "".join(path.read_text() for path in (lab.state / "backend").rglob("*.json"))
    assert password not in state


def test_a_wrong_password_is_named_with_its_remedy(lab: Stack, tmp_path: Path) -> None:
    file = lab.variant(tmp_path, server={**SERVER, "ssh": {"login": "password"}}, sshKey=None)
    lab.with_secret(file, "sshPassword", "not the password")
    seen = lab.pulumi("preview", "--config-file", str(file)).stdout
    assert (
        f"The VPN host {network.SERVER} refused the login of root by password; set sshPassword to that user's" in seen
    )


def test_by_the_agent_of_whoever_runs_it(lab: Stack, tmp_path: Path) -> None:
    file = lab.variant(tmp_path, server={**SERVER, "ssh": {"login": "agent"}}, sshKey=None)
    with agent(lab, tmp_path) as by_agent:
        brought_up(by_agent, file)
    assert "refused the login of root by key" in lab.pulumi("preview", "--config-file", str(file)).stdout


def test_through_a_jump_host_where_there_is_no_other_way(lab: Stack, tmp_path: Path) -> None:
    # The example closes the workstation to the campus, where the administrator's machine is.
    open_to_campus = {key: value for key, value in lab.example["fortigate"].items() if key != "behindVpn"}
    lab.up("--config-file", str(lab.variant(tmp_path, fortigate=open_to_campus)))
    with jump_host(lab, tmp_path) as jump:
        assert "cannot be reached by SSH" in lab.pulumi("preview").stdout
        server = {**SERVER, "ssh": {"jump": jump}}
        brought_up(lab, lab.variant(tmp_path, server=server, fortigate=open_to_campus))


def test_the_key_is_a_way_as_before_and_the_proof_passes(lab: Stack) -> None:
    lab.up()
    assert lab.is_settled()
    assert all(lab.proofs().values())
