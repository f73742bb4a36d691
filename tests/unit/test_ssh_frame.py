"""An answer is found whatever a login prints, and what stood in its way is said in the host's own words."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from labvpn.connect import frame, inspect, ssh
from labvpn.connect.errors import HopError
from labvpn.connect.frame import Frame, Said
from labvpn.model.server import Server
from tests.unit.test_ssh import HOST_KEY, PRIVATE, USER_KEY, in_a_loop, public


@dataclass
class Login:
    """How an account runs a command: what its start file does before, and after; or another command in its place."""

    before: str = ""
    after: str = ""
    instead: str = ""
    shell: str = "/bin/sh"

    async def run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        script = f'{self.before}\n/bin/sh -c "$SSH_ORIGINAL_COMMAND"\ns=$?\n{self.after}\nexit $s'
        pipe = asyncio.subprocess.PIPE
        started = await asyncio.create_subprocess_exec(
            self.shell,
            "-c",
            self.instead or script,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env={"PATH": "/usr/bin:/bin", "SSH_ORIGINAL_COMMAND": str(process.command)},
        )
        assert started.stdin and started.stdout and started.stderr
        streams = ((process.stdin, started.stdin), (started.stdout, process.stdout), (started.stderr, process.stderr))
        given, *printed = [asyncio.create_task(pump(source, sink)) for source, sink in streams]
        try:
            status = await started.wait()
            await asyncio.wait(printed, timeout=0.5)
            process.exit(max(status, 0))
        finally:
            for task in (given, *printed):
                task.cancel()
            # What a start file left behind may hold the pipes beyond the end of the loop.
            vars(started)["_transport"].close()


async def pump(source: Any, sink: Any) -> None:
    with suppress(OSError, asyncssh.Error):
        while part := await source.read(1 << 16):
            sink.write(part)
            await sink.drain()
        if isinstance(sink, asyncio.StreamWriter):
            sink.close()


def asked(login: Login, command: str = "cat", stdin: str = "sent", seconds: int = 60, user: str = "root") -> str:
    async def ask() -> str:
        host = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[HOST_KEY],
            authorized_client_keys=asyncssh.import_authorized_keys(public(USER_KEY)),
            process_factory=login.run,
            encoding=None,
        )
        try:
            settings = {"host": "127.0.0.1", "port": host.get_port(), "user": user}
            server = Server.model_validate({"address": "192.0.2.1", "ssh": settings})
            return await ssh.run(server, PRIVATE, public(HOST_KEY), command, stdin, seconds)
        finally:
            host.close()

    return in_a_loop(ask)


def refused(login: Login, **how: object) -> str:
    with pytest.raises(HopError) as caught:
        asked(login, **how)  # type: ignore[arg-type]
    return str(caught.value)


GREETINGS = {
    "a line": "echo Welcome",
    "without a line end": "printf 'Welcome! '",
    "on the error output": "echo Welcome >&2",
    "an object that looks like the answer": """echo '{"host": {"observed": "a lie"}}'""",
    "bytes that are no text": r"printf '\377\376\000\200'",
    "colours and a title": r"printf '\033]0;title\007\033[31mred\033[0m\n'",
    "megabytes": "head -c 3000000 /dev/zero | tr '\\0' 'x'",
    "brackets": "echo '[[['; echo ']]]0'",
    "the command itself": 'echo "running $SSH_ORIGINAL_COMMAND"; echo "$SSH_ORIGINAL_COMMAND" >&2',
    "a question for Enter": "echo 'Press Enter'; read -r answer",
    "another folder": "cd /tmp; umask 077; set -- a b; IFS=:; m=wrong; l=wrong; s=7",
}


@pytest.mark.parametrize("greeting", GREETINGS.values(), ids=GREETINGS)
def test_a_greeting_before_the_answer_is_no_part_of_it(greeting: str) -> None:
    assert asked(Login(before=greeting)) == "sent"


@pytest.mark.parametrize("goodbye", GREETINGS.values(), ids=GREETINGS)
def test_a_goodbye_after_the_answer_is_no_part_of_it(goodbye: str) -> None:
    assert asked(Login(after=goodbye)) == "sent"


def test_a_wrapper_that_hides_the_exit_status_does_not_make_a_failure_a_success() -> None:
    login = Login(after="exit 0")
    assert "refused: it broke; correct that on the host" in refused(login, command='sh -c "echo it broke >&2; exit 3"')


def test_a_start_file_that_leaves_a_program_behind_is_not_waited_for() -> None:
    began = time.monotonic()
    assert asked(Login(before="sleep 60 &")) == "sent"
    assert time.monotonic() - began < 30


def test_an_answer_of_megabytes_that_is_no_text_is_whole() -> None:
    assert asked(Login(), stdin="x" * 3_000_000) == "x" * 3_000_000
    assert asked(Login(), command="head -c 2 /dev/zero") == "\0\0"


@pytest.mark.parametrize(
    ("login", "words"),
    [
        (Login(instead="echo This account is currently not available.; exit 1"), "gives root no shell (it said: This"),
        (Login(instead="echo This service allows sftp connections only.; exit 1"), "lets root move files alone"),
        (
            Login(
                instead="echo 'WARNING: Your password has expired.' >&2; "
                "echo 'Password change required but no TTY available.' >&2; exit 1"
            ),
            "wants root to change an expired password first (it said: WARNING: Your password has expired.)",
        ),
        (Login(instead="echo Closed until Monday >&2; exit 254"), "lets nobody log in for now (it said: Closed until"),
        (Login(instead="echo backup done"), "did something else than what it was asked (it said: backup done); look"),
        (Login(instead='echo "may not: $SSH_ORIGINAL_COMMAND"'), "did something else than what it was asked"),
        (Login(instead="cat"), "did something else than what it was asked"),
        (Login(instead="exit 3"), "ended the session without a word (exit status 3); look there for command="),
        (
            Login(before="cat >/dev/null"),
            "lets the start files of root's shell read what the command is sent; have them",
        ),
        (Login(instead="kill -9 $$"), "ended the session without a word"),
        (Login(before="echo Sorry, members only; exit 0"), "(it said: Sorry, members only)"),
        (Login(instead="echo '世界へ'; exit 1"), "(it said: 世界へ)"),
        (Login(instead="printf '\\377\\n\\033[2Jgone'; exit 1"), "(it said: gone)"),
        (
            Login(instead="echo bash: fork: retry: Resource temporarily unavailable >&2; exit 1"),
            "cannot start a program",
        ),
        (
            Login(instead='echo \'Please login as the user "rocky" rather than the user "root".\'; exit 142'),
            'names another user (it said: Please login as the user "rocky" rather than the user "root".); set that',
        ),
        (
            Login(instead="echo 'The account is locked due to 3 failed logins.'; exit 1"),
            "the account of root is locked",
        ),
    ],
)
def test_what_stood_in_the_way_is_said_in_the_words_of_the_host(login: Login, words: str) -> None:
    sentence = refused(login)
    assert sentence.startswith("The VPN host 127.0.0.1 ")
    assert words in sentence
    assert "\n" not in sentence and "\x1b" not in sentence and len(sentence) < 700


def test_a_login_that_waits_for_ever_is_given_up_in_time_with_what_it_said() -> None:
    began = time.monotonic()
    sentence = refused(Login(before="echo 'Choose a project:'; sleep 60"), seconds=4)
    assert time.monotonic() - began < 30
    assert "did not come to the command within 4 s, it had said: Choose a project:" in sentence


def test_a_command_that_does_not_end_is_another_thing_than_a_login_that_does_not() -> None:
    assert "did not answer within 4 s; look at its load" in refused(Login(), command="sleep 60", seconds=4)


def test_a_login_that_prints_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "MOST_BYTES", 1 << 20)
    sentence = refused(Login(instead="yes spam"))
    assert "printed more than 1 MB instead of an answer (it begins: spam spam" in sentence
    assert len(sentence) < 700


def test_a_session_that_is_cut_within_the_answer_is_no_answer() -> None:
    login = Login(instead='/bin/sh -c "$SSH_ORIGINAL_COMMAND" | head -c 60; exit 0')
    assert "ended the session before the answer was whole" in refused(login, stdin="x" * 500)


def test_the_marks_stand_neither_in_the_line_nor_in_the_input() -> None:
    one = Frame()
    sent = one.line("cat").encode() + one.input("data")
    assert one.begin() not in sent
    assert not one.end().search(sent)
    assert Frame().nonce != one.nonce
    assert not Said(one, bytearray(sent)).begun


@pytest.mark.parametrize("command", ["echo 'x'", "echo \\x", "echo a!b", "a\nb"])
def test_a_command_that_some_shell_would_read_otherwise_is_never_sent(command: str) -> None:
    with pytest.raises(ValueError, match="single quote"):
        Frame().line(command)


def test_no_code_of_the_home_or_the_environment_runs_in_the_agents_python(tmp_path: Path) -> None:
    for name in ("json", "socket", "sitecustomize", "usercustomize", "os"):
        (tmp_path / f"{name}.py").write_text("import sys; sys.stdout.write('HIJACKED')\nraise SystemExit(9)\n")
    home = shlex.quote(str(tmp_path))
    greeting = f"cd {home}; export HOME={home} PYTHONPATH={home} PYTHONSTARTUP={home}/json.py PYTHONHOME=/nowhere"
    agent = "import json, socket, os, sys; print(json.dumps([os.getcwd(), sorted(os.environ), sys.flags.isolated]))"
    line = inspect.BOOTSTRAP.replace("python3", sys.executable, 1)
    answer = asked(Login(before=greeting), command=f"{line} observe", stdin=f"{len(agent)}\n{agent}")
    folder, environment, isolated = json.loads(answer)
    assert (folder, isolated) == ("/", 1)
    assert set(environment) <= {"PATH", "HOME", "LC_ALL", "LC_CTYPE"}


def test_a_program_that_the_host_lacks_is_named() -> None:
    sentence = refused(Login(), command="nosuchprogram -c")
    assert "lacks a program: env:" in sentence and "nosuchprogram" in sentence
