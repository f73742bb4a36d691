"""The ways in by SSH: key, password, agent, each also through a jump host; every refusal names the host."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from labvpn.connect import ssh
from labvpn.connect.errors import HopError
from labvpn.model.server import Server

HOST_KEY, JUMP_KEY, USER_KEY = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(3))
PRIVATE = USER_KEY.export_private_key().decode()
PASSWORD = "one-that-is-right"


class Door(asyncssh.SSHServer):
    """Takes the user's key and password, and lets others through."""

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, _username: str, password: str) -> bool:
        return password == PASSWORD

    def connection_requested(self, *_details: Any) -> bool:
        return True


def public(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


async def opened(host_key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
    async def answer(process: asyncssh.SSHServerProcess[bytes]) -> None:
        shell = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", str(process.command), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await shell.communicate(await process.stdin.read())
        process.stdout.write(output)
        process.exit(shell.returncode or 0)

    return await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Door,
        server_host_keys=[host_key],
        authorized_client_keys=asyncssh.import_authorized_keys(public(USER_KEY)),
        process_factory=answer,
        encoding=None,
    )


def asked(
    key: str | None = None, password: str | None = None, *, jump: bool = False, jump_key: asyncssh.SSHKey = JUMP_KEY
) -> str:
    """What the host answered, reached directly or through another one."""

    async def ask() -> str:
        host, other = await opened(HOST_KEY), await opened(JUMP_KEY)
        try:
            way = {"host": "127.0.0.1", "port": other.get_port(), "hostKey": public(jump_key)}
            settings = {"host": "127.0.0.1", "port": host.get_port(), **({"jump": way} if jump else {})}
            server = Server.model_validate({"address": "192.0.2.1", "ssh": settings})
            return await ssh.run(server, key, public(HOST_KEY), "cat", "what it was sent", 10, password)
        finally:
            host.close()
            other.close()

    return in_a_loop(ask)


def in_a_loop(make: Callable[[], Coroutine[Any, Any, str]]) -> str:
    """Run in a loop of its own and leave the thread's as it was."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(make())
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=5))
        loop.close()


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An SSH agent that holds the user's key."""
    if shutil.which("ssh-agent") is None:
        pytest.skip("ssh-agent is not installed")
    said = subprocess.run(["ssh-agent", "-s", "-a", tmp_path / "agent"], capture_output=True, text=True, check=True)
    found = re.search(r"SSH_AGENT_PID=(\d+)", said.stdout)
    assert found
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    monkeypatch.setenv("SSH_AGENT_PID", found[1])
    subprocess.run(["ssh-add", "-q", "-"], input=PRIVATE, text=True, check=True)
    yield
    subprocess.run(["ssh-agent", "-k"], capture_output=True, check=True)


@pytest.mark.parametrize("jump", [False, True], ids=["directly", "through a jump host"])
@pytest.mark.parametrize("opens", [{"key": PRIVATE}, {"password": PASSWORD}], ids=["key", "password"])
def test_a_key_or_a_password_opens_the_host(opens: dict[str, str], jump: bool) -> None:
    assert asked(**opens, jump=jump) == "what it was sent"  # type: ignore[arg-type]


@pytest.mark.parametrize("jump", [False, True], ids=["directly", "through a jump host"])
def test_the_agent_opens_the_host_where_the_stack_has_no_key(agent: None, jump: bool) -> None:
    assert asked(jump=jump) == "what it was sent"


def test_a_wrong_password_is_named_without_being_repeated() -> None:
    with pytest.raises(HopError) as caught:
        asked(password="wrong-canary")
    assert "refused the login of root by password; set sshPassword" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_jump_host_that_is_another_than_expected_is_the_one_that_is_named() -> None:
    with pytest.raises(HopError, match=r"The jump host 127\.0\.0\.1 shows another host key"):
        asked(PRIVATE, jump=True, jump_key=HOST_KEY)


@pytest.mark.parametrize("recorded", ["ssh-rsa", "ecdsa-sha2-nistp256"])
def test_a_host_without_a_key_of_the_recorded_kind_is_reached_and_may_be_another(recorded: str) -> None:
    async def ask() -> str:
        host = await opened(HOST_KEY)
        server = Server.model_validate({"address": "192.0.2.1", "ssh": {"host": "127.0.0.1", "port": host.get_port()}})
        try:
            return await ssh.run(server, PRIVATE, public(asyncssh.generate_private_key(recorded)), "cat", "", 5)
        finally:
            host.close()

    with pytest.raises(HopError) as caught:
        in_a_loop(ask)
    assert f"has no host key of the recorded one's kind ({recorded}); if it was reinstalled, record" in str(
        caught.value
    )


def test_a_recorded_host_key_that_is_none_is_a_sentence() -> None:
    server = Server.model_validate({"address": "192.0.2.1", "ssh": {"host": "127.0.0.1", "port": 1}})

    async def ask() -> str:
        return await ssh.run(server, PRIVATE, "ssh-ed25519 nonsense", "cat", "", 5)

    with pytest.raises(HopError, match=r"record it again: labvpn hostkey 127\.0\.0\.1:1$"):
        in_a_loop(ask)
