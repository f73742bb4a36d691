"""How a command runs: what is shown, what is said of a failure, what the server must accept."""

from typing import Any

import asyncssh
import pytest
from asyncssh.channel import SSHServerChannel
from asyncssh.packet import SSHPacket

from rehearsal.toolchain.command.__main__ import CommandPlugin
from rehearsal.toolchain.command.kinds import Command
from rehearsal.toolchain.values import secret
from tests.unit.rehearsal.toolchain.serving import Engine, Refused, urn
from tests.unit.rehearsal.toolchain.sshd import Host, connection

TOKEN = "command:remote:Command"


def run(host: Host, method: str = "Create", **news: Any) -> Engine:
    """Run one operation; the engine's ear is returned, or raised with the refusal."""
    engine = Engine(lambda log: CommandPlugin({TOKEN: Command(host.connect)}, log))
    inputs = engine.ask("Check", urn=urn(TOKEN), news={"connection": connection()} | news)["inputs"]
    if method == "Create":
        engine.ask("Create", urn=urn(TOKEN), properties=inputs)
    else:
        engine.ask("Update", urn=urn(TOKEN), olds=inputs | {"stdout": "before", "stderr": "ill"}, news=inputs)
    return engine


def both(process: asyncssh.SSHServerProcess[bytes], _text: str) -> None:
    process.stdout.write(b"out1\nout")
    process.stdout.write(b"2")
    process.exit(0)


def complaining(process: asyncssh.SSHServerProcess[bytes], _text: str) -> None:
    process.stderr.write(b"err1\nerr2\n")
    process.exit(0)


@pytest.fixture
def stock_sshd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server accept only LC_ variables, as Debian's sshd does."""

    def accept(channel: Any, packet: SSHPacket) -> bool:
        name, value = packet.get_string(), packet.get_string()
        if name.startswith(b"LC_"):
            channel._env[name] = value
        return name.startswith(b"LC_")

    monkeypatch.setattr(SSHServerChannel, "_process_env_request", accept)


@pytest.mark.parametrize(
    ("logging", "stdout", "stderr"),
    [
        (None, True, True),
        ("stdoutAndStderr", True, True),
        ("stdout", True, False),
        ("stderr", False, True),
        ("none", False, False),
    ],
)
def test_the_logging_option_decides_which_lines_are_shown(logging: str | None, stdout: bool, stderr: bool) -> None:
    logged = run(Host(both), create="c", logging=logging).said
    assert logged == ([("INFO", "out1", True), ("INFO", "out2", True)] if stdout else [])
    logged = run(Host(complaining), create="c", logging=logging).said
    assert logged == ([("INFO", "err1", True), ("INFO", "err2", True)] if stderr else [])


def test_a_failure_repeats_the_whole_command_and_all_it_printed() -> None:
    def program(process: asyncssh.SSHServerProcess[bytes], _text: str) -> None:
        process.stdout.write(b"half\n")
        process.exit(3)

    with pytest.raises(Refused) as refused:
        run(Host(program), create='do "it"')
    assert str(refused.value) == 'Process exited with status 3: running "do \\"it\\"":\nhalf\n'


def test_a_killed_command_is_told_with_its_signal() -> None:
    with pytest.raises(Refused, match=r"^Process exited with status 137 from signal KILL: running"):
        run(Host(lambda process, _text: process.exit_with_signal("KILL")), create="c")


def test_a_connection_that_breaks_is_told_as_by_the_real_plugin() -> None:
    host = Host(lambda process, _text: process.channel.get_connection().abort())
    with pytest.raises(
        Refused, match=r"^(EOF|wait: remote command exited without exit status or exit signal): running"
    ):
        run(host, create="c")


def test_stdin_is_in_no_error_and_no_line_shown() -> None:
    host = Host(lambda process, _text: process.exit(1))
    with pytest.raises(Refused) as refused:
        run(host, create="c", stdin=secret("pa55word"))
    assert host.stdin == ["pa55word"]
    assert "pa55word" not in str(refused.value)


def test_a_large_stdin_arrives_whole() -> None:
    run(host := Host(), create="c", stdin="x" * 5_000_000)
    assert len(host.stdin[0]) == 5_000_000


@pytest.mark.usefixtures("stock_sshd")
def test_a_variable_that_the_server_refuses_stops_before_the_command_runs() -> None:
    host = Host()
    with pytest.raises(Refused, match=r'^could not set environment variable "NAME": ssh: setenv failed$'):
        run(host, create="c", environment={"NAME": "1"})
    assert host.commands == []


@pytest.mark.usefixtures("stock_sshd")
def test_a_variable_that_the_server_accepts_reaches_the_command() -> None:
    run(host := Host(), create="c", environment={"LC_NAME": "1"})
    assert host.environment == {"LC_NAME": "1"}


@pytest.mark.usefixtures("stock_sshd")
def test_a_refused_previous_output_is_a_warning_and_the_command_runs() -> None:
    said = run(host := Host(), "Update", create="c", logging="none").said
    assert [severity for severity, _, _ in said] == ["WARNING", "WARNING"]
    assert host.commands == ["c"]


def test_the_previous_output_reaches_the_next_run_where_the_server_lets_it() -> None:
    run(host := Host(), "Update", create="c")
    assert host.environment == {"PULUMI_COMMAND_STDOUT": "before", "PULUMI_COMMAND_STDERR": "ill"}
    run(host := Host(), "Update", create="c", addPreviousOutputInEnv=False)
    assert host.environment == {}
