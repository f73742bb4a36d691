"""A lab of the reader's own: the project's folder, a stack and a home, and a shell on its administrator's machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from rehearsal import network, stack, values
from rehearsal.dial import Dialled, Login, dialled
from rehearsal.places import PROJECT
from rehearsal.soak.manual_changes import ManualChanges
from tests.rehearsal.stack import Stack, Tables

LEFT_OUT = shutil.ignore_patterns(".*cache", ".git", ".hypothesis", "__pycache__", "kits", "tests", ".venv")
CONFIGURATION, USERS = "Pulumi.mylab.yaml", "users.csv"


class OwnLab(Stack):
    """A reader's lab; `typed` are the answers to prompts of commands, by the command's last word."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name)
        self.home, self.folder = folder / "home", folder / "labvpn"
        self.ran: list[str] = []
        self.authority = ""
        self.typed = {"HOST": "y"}
        self.before: Tables = {}

    def begin(self) -> None:
        """The machines, secrets and files that a reader has before starting."""
        self.stop()
        self.start()
        self.engine = stack.ready(self.state, print)
        shutil.copytree(PROJECT, self.folder, ignore=LEFT_OUT)
        (self.folder / ".venv").symlink_to(PROJECT / ".venv")
        (self.home / ".ssh").mkdir(parents=True, mode=0o700)
        shutil.copyfile(self.state / "ssh/admin", self.home / ".ssh/id_ed25519")
        self.engine.fill_home(self.home / ".pulumi")
        self.typed |= values.read(self.state)
        (self.folder / "ca.pem").write_text(self.typed["fortigateCa"])
        self.before = self.tables()

    @property
    def environment(self) -> dict[str, str]:
        """A shell's, that is asked for no passphrase and no consent, and shows no preview before each `up`."""
        own = {name: text for name, text in super().environment.items() if not name.startswith("PULUMI_")}
        answers = {
            "PULUMI_CONFIG_PASSPHRASE": "of the reader's own",
            "PULUMI_SKIP_CONFIRMATIONS": "true",
            "PULUMI_OPTION_SKIP_PREVIEW": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }
        return {**own, **answers}

    def shell(self, command: str, machine: str = "admin", refused: bool = False) -> str:
        """Type a command as it is written, in the project's folder; what it says."""
        self.ran.append(command)
        line = command.replace("HOST", network.SERVER).replace("NAME", "guest3").replace("/srv", str(self.home))
        line = line.replace("mylab.example", "lab.example")
        path = ":".join([*map(str, self.engine.path[1:]), os.environ["PATH"]])
        script = f"export {' '.join(self._home())} PATH={path}; source .venv/bin/activate; {line}"
        done = self.run(machine, "bash", "-c", script, cwd=self.folder, input=self.typed.get(command.split()[-1], ""))
        said = str(done.stdout + done.stderr)
        assert bool(done.returncode) == refused, f"{command}: {said}"
        if command.startswith("labvpn secret | "):
            key = command.split()[-1]
            self.typed[key] = self.shell(f"pulumi config get {key}").strip()
        return said

    def _home(self) -> list[str]:
        """The reader's home, and the engine's in it: it asks the system for that of the user, not the environment."""
        return [f"HOME={self.home}", f"PULUMI_HOME={self.home}/.pulumi"]

    def popen(self, command: str) -> subprocess.Popen[bytes]:
        """The same command, while it runs."""
        path = ":".join([*map(str, self.engine.path), os.environ["PATH"]])
        words = self.line("exec", "admin", "--", "env", *self._home(), f"PATH={path}", *command.split())
        return subprocess.Popen(words, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL)

    @property
    def configuration(self) -> dict[str, Any]:
        values: dict[str, Any] = yaml.safe_load((self.folder / CONFIGURATION).read_text())
        return values

    def configure(self, key: str, *path: str | int, to: Any) -> None:
        """Change a setting in the stack's file."""
        whole = self.configuration
        place = whole["config"][f"labvpn:{key}"]
        for step in path[:-1]:
            place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
        place[path[-1]] = to
        (self.folder / CONFIGURATION).write_text(yaml.safe_dump(whole))

    def users(self, old: str, new: str) -> None:
        """Change the users' file."""
        file = self.folder / USERS
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def password(self, user: str) -> str:
        answer: dict[str, Any] = yaml.safe_load(self.shell("pulumi stack output users --show-secrets"))
        return str(answer[user]["password"])

    def code_key(self, user: str) -> str:
        """What a user's authenticator app computes codes from."""
        answer: dict[str, Any] = yaml.safe_load(self.shell("pulumi stack output users --show-secrets"))
        return str(answer[user]["code"])

    @contextmanager
    def dialling(self, user: str, password: str | None = None, machine: str = "internet") -> Iterator[Dialled]:
        """A user's client, by the name that people dial."""
        known = password or self.password(user)
        name = "vpn.lab.example"
        login = Login(name, f"{user}@LAB", known, router="192.168.30.1", authority=self.trusted())
        with dialled(machine, login) as client:
            yield client

    def trusted(self) -> str:
        """The authority of the stack, and that of an own certificate where there is one."""
        if not self.authority:
            self.authority = self.shell("pulumi stack output certificate")
        return self.authority + "".join(file.read_text() for file in self.home.glob("own-ca.pem.crt"))

    def lets_in(self, user: str, password: str | None = None) -> bool:
        with self.dialling(user, password) as client:
            return client.address is not None

    @property
    def by_hand(self) -> ManualChanges:
        """An administrator's changes, with the current password."""
        manual = self.manual
        manual.lab.secrets.update({key: self.typed[key] for key in ("administratorPassword", "presharedKey")})
        return manual
