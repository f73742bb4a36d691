"""Run one command on a machine of the rehearsal as if in the caller's shell."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from rehearsal import kernel, network, nsenter, places
from rehearsal.bind_mounts import BindMounts
from rehearsal.problems import RehearsalError

# Signals passed on to the command; stops, window sizes and the terminal's own signals reach it directly.
PASSED = {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}
# What env, timeout and similar programs return if they themselves fail.
OUR_FAULT = 125
MACHINE = "LABVPN_MACHINE"
"""The variable that tells a command on which machine of the rehearsal it runs."""
_BY_KERNEL = 0x80  # SI_KERNEL: the terminal sends to its whole foreground group, the command included


def run(state: Path, machine: str | None, command: Sequence[str]) -> int:
    """Run a command on a machine, in the caller's folder and environment; returns its exit status.

    With None it runs inside the rehearsal itself. The status is 128 + N after signal N, 126 for what cannot be executed
    and 127 for what is not found, as in a shell.
    """
    folder = Path.cwd()
    if machine is not None:
        os.environ[MACHINE] = machine
    wrapper = nsenter.running(state)
    if machine not in network.HOSTS:
        nsenter.enter(wrapper, machine)
        return _status(folder, command)
    with BindMounts(state / f"mounts-{machine}", folder) as mounts:
        nsenter.enter(wrapper, machine)
        mounts.lay_down()
        return _status(folder, command)


def _status(folder: Path, command: Sequence[str]) -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, {*PASSED, signal.SIGCHLD})
    pid = os.fork()
    if pid == 0:
        _become(folder, command)
    return _wait(pid)


def _become(folder: Path, command: Sequence[str]) -> None:
    status = 126
    try:
        kernel.die_with_parent()
        os.chdir(folder)
        # Python ignores these, and an ignored signal stays ignored after exec.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*PASSED, signal.SIGCHLD})
        os.execvp(command[0], list(command))  # noqa: S606
    except FileNotFoundError as error:
        status = 127
        sys.stderr.write(f"labvpn: {error.filename or command[0]}: no such program or folder on this machine\n")
    except OSError as error:
        sys.stderr.write(f"labvpn: {command[0]}: {error.strerror}\n")
    finally:
        sys.stderr.flush()
        os._exit(status)


def _wait(pid: int) -> int:
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        news = signal.sigwaitinfo({*PASSED, signal.SIGCHLD})
        if news.si_signo != signal.SIGCHLD and news.si_code != _BY_KERNEL:
            os.kill(pid, news.si_signo)


def quick(arguments: Sequence[str]) -> int | None:
    """Do `exec HOST [--] COMMAND...` without the command line's parser, which takes longer to load than this to run.

    Returns the exit status, or None if the arguments are anything else and need the parser.
    """
    if len(arguments) < 3 or arguments[0] != "exec" or arguments[1] not in network.NAMES:
        return None
    command = arguments[3:] if arguments[2] == "--" else arguments[2:]
    if not command or command[0].startswith("-"):
        return None
    return run_reported(arguments[1], command)


def run_reported(machine: str, command: Sequence[str]) -> int:
    """Run a command on a machine of the rehearsal; a failure of the rehearsal itself is reported and gives 125."""
    try:
        return run(places.state(), machine, command)
    except (RehearsalError, ValueError) as error:
        sys.stderr.write(f"rehearsal: {error}\n")
        return OUR_FAULT


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), None, sys.argv[2:]))
