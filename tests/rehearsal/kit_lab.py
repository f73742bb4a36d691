"""A lab with kits, as its tests use it: the outputs, the kits, a client that dials by one, the owner's view."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from tests.rehearsal.conftest import Rehearsal
from tests.rehearsal.stack import Stack

PROGRAM = (sys.executable, "-m", "labvpn")
SECONDS = 45

# What SoftEther's own manager does with a session that the administrator ends.
CUT = """
import http.client, json, ssl
password = open("/var/lib/labvpn/administrator").read()
server = http.client.HTTPSConnection("127.0.0.1", 443, context=ssl._create_unverified_context())
def call(method, **parameters):
    body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": {"HubName_str": "LAB", **parameters}})
    server.request("POST", "/api/", body, {"X-VPNADMIN-PASSWORD": password})
    return json.loads(server.getresponse().read())["result"]
for session in call("EnumSession")["SessionList"]:
    if not session["SecureNATMode_bool"]:
        print(call("DeleteSession", Name_str=session["Name_str"])["Name_str"])
"""


@dataclass(frozen=True)
class KitLab:
    """An applied lab, its outputs, and the kits made from them."""

    lab: Stack
    outputs: Path
    kits: Path

    @classmethod
    def of(cls, lab: Stack, folder: Path) -> KitLab:
        """The outputs and all kits of a lab that is applied, in a folder."""
        made = cls(lab, folder / "outputs.json", folder / "kits")
        made.outputs.touch(0o600)
        made.outputs.write_text(lab.pulumi("stack", "output", "--json", "--show-secrets").stdout)
        made.make(made.kits, "--all")
        return made

    @property
    def output_values(self) -> dict[str, Any]:
        """The outputs, with every secret."""
        answer: dict[str, Any] = json.loads(self.outputs.read_text())
        return answer

    def password(self, user: str) -> str:
        return str(self.output_values["users"][user]["password"])

    def make(self, folder: Path, *words: str, outputs: Path | None = None) -> None:
        line = (*PROGRAM, "kit", *words, "--outputs", str(outputs or self.outputs), "--folder", str(folder))
        self.lab.output("internet", *line, "--trust-shown")

    def status(self) -> dict[str, Any]:
        key = self.lab.state / "ssh/admin"
        printed = self.lab.output(
            "admin", *PROGRAM, "status", "--outputs", str(self.outputs), "--key", str(key), "--json"
        )
        answer: dict[str, Any] = json.loads(printed)
        return answer

    def exec(self, machine: str) -> str:
        """The words that lead to a machine."""
        return shlex.join(self.lab.line("exec", machine, "--"))

    def doctor(self, *words: str) -> dict[str, Any]:
        """What the doctor prints as JSON, run where every machine is at hand."""
        done = subprocess.run(
            (*PROGRAM, "doctor", *words), env=self.lab.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def cut(self) -> list[str]:
        """End every user's session; the names of those that were."""
        return self.lab.output("server", "python3", "-", input=CUT).split()


@dataclass
class Dial:
    """A running OpenVPN client, the file of what it says, and how much of that was read so far."""

    client: subprocess.Popen[str]
    said: Path
    log: str = ""

    def reads(self, wanted: str, seconds: float = SECONDS) -> bool:
        """Whether the client comes to say something before it ends."""
        until = time.monotonic() + seconds
        while True:
            last = self.client.poll() is not None or time.monotonic() > until
            fresh = self.said.read_text()[len(self.log) :]
            if wanted in fresh:
                self.log += fresh[: fresh.index(wanted) + len(wanted)]
                return True
            if last:
                self.log += fresh
                return False
            time.sleep(0.1)


@contextmanager
def dial(lab: KitLab, machine: str, profile: Path, folder: Path, user: str, password: str) -> Iterator[Dial]:
    """A client that dials by a kit's profile with a name and a password, until the block ends."""
    secret = folder / "login"
    secret.touch(0o600)
    secret.write_text(f"{user}\n{password}\n")
    line = lab.lab.line("exec", machine, "--", "openvpn", "--config", str(profile), "--auth-user-pass", str(secret))
    with running(lab.lab, line) as client:
        yield client


@contextmanager
def running(lab: Rehearsal, line: list[str]) -> Iterator[Dial]:
    """An OpenVPN client by its command line, until the block ends."""
    with NamedTemporaryFile("w", suffix=".log") as said:
        client = subprocess.Popen(line, stdout=said, stderr=subprocess.STDOUT, text=True, env=lab.environment)
        try:
            yield Dial(client, Path(said.name))
        finally:
            client.terminate()
            client.wait(15)
