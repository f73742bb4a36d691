"""`labvpn rehearsal exec`: a command on a machine as if it stood in the caller's shell."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rehearsal import network
from tests.rehearsal.conftest import Rehearsal

EVERYWHERE = ("phone", "server")


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_the_exit_status_is_the_commands(machines: Rehearsal, machine: str) -> None:
    assert machines.run(machine, "sh", "-c", "exit 7").returncode == 7


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_a_command_ended_by_a_signal_is_told_as_in_a_shell(machines: Rehearsal, machine: str) -> None:
    assert machines.run(machine, "sh", "-c", "kill -9 $$").returncode == 128 + 9


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_what_is_not_there_is_status_127(machines: Rehearsal, machine: str) -> None:
    done = machines.run(machine, "no-such-program")
    assert done.returncode == 127
    assert "no-such-program" in done.stderr


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_input_output_and_errors_pass(machines: Rehearsal, machine: str) -> None:
    done = machines.run(machine, "sh", "-c", "cat; echo oops >&2", input="in\n")
    assert (done.stdout, done.stderr) == ("in\n", "oops\n")


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_the_callers_folder_and_files_are_there(machines: Rehearsal, machine: str, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine\n")
    done = machines.run(machine, "sh", "-c", "pwd; cat note; echo made > made", cwd=tmp_path)
    assert done.stdout == f"{tmp_path}\nmine\n"
    assert (tmp_path / "made").read_text() == "made\n"


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_the_callers_environment_passes(machines: Rehearsal, machine: str) -> None:
    assert machines.output(machine, "env").count("LABVPN_REHEARSAL=tests") == 1


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_arguments_arrive_as_they_are(machines: Rehearsal, machine: str) -> None:
    words = ["--help", "-x", "a b", "", "$HOME", "--"]
    assert machines.output(machine, "printf", "<%s>", *words) == "".join(f"<{word}>" for word in words)


def test_the_vpn_host_keeps_nothing_of_the_callers_folders(machines: Rehearsal, tmp_path: Path) -> None:
    before = machines.output("server", "sh", "-c", "ls -a / /tmp /root /home", cwd="/")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: machines.output("server", "sleep", "0.2", cwd=tmp_path), range(4)))
    assert machines.output("server", "sh", "-c", "ls -a / /tmp /root /home", cwd="/") == before
    assert str(tmp_path).split("/")[2] not in _own_view_of_the_host(machines)


def _own_view_of_the_host(machines: Rehearsal) -> str:
    key = machines.state / "ssh/admin"
    options = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")
    return machines.output("admin", "ssh", *options, "-i", str(key), "root@203.0.113.20", "ls -a / /tmp")


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_signals_reach_the_command(machines: Rehearsal, machine: str) -> None:
    script = "trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    process = _begin(machines, machine, script)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=10)[0] == "told\n"
    assert process.returncode == 3


def _begin(machines: Rehearsal, machine: str, script: str) -> subprocess.Popen[str]:
    line = machines.line("exec", machine, "--", "sh", "-c", script)
    process = subprocess.Popen(line, env=machines.environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_a_command_ends_when_its_caller_is_killed(machines: Rehearsal, machine: str) -> None:
    process = _begin(machines, machine, "echo ready; exec sleep 4711")
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while (found := machines.run(machine, "pgrep", "-f", "^sleep 4711").returncode) == 0:
        assert time.monotonic() < deadline
    assert found == 1


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_a_terminal_is_passed_and_its_interrupt_comes_once(machines: Rehearsal, machine: str) -> None:
    script = "test -t 0 && test -t 1 || exit 9; trap 'echo once; n=1' INT; echo ready; sleep 1; sleep 0.2; echo end"
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # what runs in the background of a script ignores it
        line = machines.line("exec", machine, "--", "sh", "-c", script)
        os.execve(line[0], line, machines.environment)  # noqa: S606
    _read_until(terminal, b"ready")
    os.write(terminal, b"\x03")
    text = _read_until(terminal, b"end")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert text.count(b"once") == 1


def _read_until(terminal: int, mark: bytes) -> bytes:
    text = b""
    while mark not in text:
        assert select.select([terminal], [], [], 10)[0], text
        text += os.read(terminal, 1024)
    return text


@pytest.mark.parametrize("machine", EVERYWHERE)
def test_a_reader_that_leaves_ends_the_command(machines: Rehearsal, machine: str) -> None:
    done = machines.run(machine, "sh", "-c", "yes | head -1; sleep 0.1; grep SigIgn /proc/self/status")
    line, ignored = done.stdout.split("\nSigIgn:\t")
    assert line == "y"
    assert not int(ignored, 16) >> (signal.SIGPIPE - 1) & 1


def test_an_unknown_machine_is_refused_with_the_known_ones(machines: Rehearsal) -> None:
    done = machines.run("moon", "true")
    assert done.returncode == 2
    assert "phone" in done.stderr


def test_without_a_rehearsal_the_remedy_is_named() -> None:
    done = Rehearsal("never-started").run("phone", "true")
    assert done.returncode == 125
    assert "run `make lab`" in done.stderr


def test_each_machine_knows_its_name(machines: Rehearsal) -> None:
    names = [name for name in machines.status()["machines"] if name != network.SPARE.name]
    assert [machines.output(name, "hostname") for name in names] == names


def test_the_second_vpn_host_waits_to_be_booted(machines: Rehearsal) -> None:
    done = machines.run(network.SPARE.name, "hostname")
    assert "labvpn rehearsal reboot server-2" in done.stderr


def test_changes_to_the_system_of_a_light_machine_stay_off_the_callers_own(machines: Rehearsal) -> None:
    machines.output("phone", "sh", "-c", "touch /etc/of-the-phone /usr/of-the-phone /var/of-the-phone")
    assert not [path for path in ("/etc", "/usr", "/var") if Path(path, "of-the-phone").exists()]
