"""The machine under the agent: its files and its commands, each command with a time limit."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, Iterable, NamedTuple, Optional, Sequence

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.nftables import carry_out
from labvpn.agent.core.paths import HOME, RUN
from labvpn.agent.core.reading import NotAFile, opened_text

COMMAND_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Outcome(NamedTuple):
    """What a command left: exit status, output, error output; 127 where there is no such command."""

    status: int
    output: str = ""
    errors: str = ""


class Machine:
    """Files and commands of one host; tests give another root and a runner of their own."""

    def __init__(self, root: str = "/") -> None:
        self.root = Path(root)

    def path(self, name: str) -> Path:
        """A file of this machine by its absolute name."""
        return self.root / name.lstrip("/")

    def read(self, name: str) -> Optional[str]:
        """A file's text, None where there is no such file; what is not a file has an empty one."""
        try:
            with opened_text(self.path(name)) as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except NotAFile:
            return ""

    def read_json(self, name: str) -> Any:
        """The value of a JSON file, None where there is none that can be read."""
        try:
            return json.loads(self.read(name) or "")
        except (ValueError, RecursionError):
            return None

    def read_object(self, name: str) -> Dict[str, Any]:
        """The object of a JSON file, an empty one where there is none that can be read."""
        found = self.read_json(name)
        return found if isinstance(found, dict) else {}

    def write(self, name: str, text: Iterable[str], mode: int = 0o644) -> None:
        """Replace a file in one step, so that a cut leaves the old one or the new one; folders above it are made.

        A folder in its place is set aside. In the agent's own folders everything is for root alone.
        """
        path = self.path(name)
        if name.startswith((HOME + "/", RUN + "/")):
            mode &= 0o700
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        set_aside(path)
        draft = path.with_name(path.name + ".new")
        self.delete(name + ".new")
        descriptor = os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                os.fchmod(descriptor, mode)
                file.writelines([text] if isinstance(text, str) else text)
                file.flush()
                os.fsync(descriptor)
            os.replace(str(draft), str(path))  # noqa: PTH105
        except OSError:
            # A full disk: what was written of it would only take room.
            self.delete(name + ".new")
            raise
        sync_folder(path.parent)

    def delete(self, name: str) -> None:
        """Remove a file or a whole folder; nothing happens where there is none."""
        path = self.path(name)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(str(path))
        elif path.exists() or path.is_symlink():
            path.unlink()

    def run(self, command: Sequence[str], seconds: float = 60, environment: Optional[Dict[str, str]] = None) -> Outcome:
        """Run a command without input; AgentError if it is not done within `seconds`."""
        process = started(command, environment)
        if process is None:
            return Outcome(127, "", "{}: command not found".format(command[0]))
        return finish(process, command, seconds)

    def begin(self, commands: Iterable[Sequence[str]]) -> None:
        """Have these commands run beside others; here none does, since what comes first may change their answers."""

    def again(self) -> None:
        """Have every command run again whose answer was kept; here none is."""

    def nft(self, commands: str) -> None:
        """Have the kernel carry out all of nft's commands or none; AgentError where it does not."""
        if str(self.root) == "/":
            carry_out(commands)

    def must(self, command: Sequence[str], seconds: float = 60, environment: Optional[Dict[str, str]] = None) -> str:
        """Run a command that has to succeed, and return its output; AgentError gives its last word."""
        outcome = self.run(command, seconds, environment)
        if outcome.status != 0:
            raise AgentError(
                "`{}` failed on the VPN host with exit status {}: {}; fix that and run again".format(
                    " ".join(command[:6]), outcome.status, last_words(outcome)
                )
            )
        return outcome.output


def started(command: Sequence[str], environment: Optional[Dict[str, str]] = None) -> "Optional[subprocess.Popen[str]]":
    """The process of a command without input; None where there is no such command."""
    words = {"PATH": COMMAND_PATH, "LC_ALL": "C.UTF-8", "HOME": "/root"}
    words.update(environment or {})
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=words,
            start_new_session=True,
            universal_newlines=True,
        )
    except FileNotFoundError:
        return None


def set_aside(path: Path) -> None:
    """Move a folder that someone put in a file's place out of the way."""
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name("{}.found-{:.0f}".format(path.name, time.time())))


def sync_folder(folder: Path) -> None:
    """Have a rename in this folder outlast a power cut; a file system that cannot do that is not an error."""
    descriptor = os.open(str(folder), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def finish(process: "subprocess.Popen[str]", command: Sequence[str], seconds: float) -> Outcome:
    """Wait for a command, and end its whole process group where it takes too long."""
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise AgentError(
            "`{}` did not finish on the VPN host within {:.0f} s and was stopped; run again".format(
                " ".join(command[:6]), seconds
            )
        ) from None
    return Outcome(process.returncode, output, errors)


def last_words(outcome: Outcome) -> str:
    """The last line that a failed command wrote, its own complaint before its report."""
    lines = [line.strip() for line in (outcome.output + "\n" + outcome.errors).splitlines() if line.strip()]
    complaints = [line for line in lines if line.startswith(("E:", "Error", "error"))]
    return (complaints or lines or ["no output"])[-1]
