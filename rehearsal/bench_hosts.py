"""The stack on a bare Debian 13 with an archive; another archive in its place, and one that does not work.

The machines must be up with LABVPN_REHEARSAL_HOST=debian-13, and without a stack.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from rehearsal import lab, machine, places, server_archive, stack, stack_config
from rehearsal.dial import dialled

SYSTEM = "debian-13"
CLIENTS = ("phone", "campus", "admin")
STATUS = ["/usr/local/lib/labvpn/agent", "status"]
BROKEN = "#!/bin/sh\nsleep 1; exit 1\n"
BACK_SECONDS = 120


def figures() -> Iterator[tuple[str, str, str]]:
    """Rows of what was measured, how long it took, its aim."""
    state = places.state()
    file = stack.configured(state, lambda _sentence: None)
    machine.output("server", ["sh", "-c", server_archive.FOLDERS])
    with TemporaryDirectory(prefix="labvpn-bench-") as name:
        bench = _Bench(state, file, Path(name))
        yield "`pulumi up` from a bare Debian 13, by an archive", f"{bench.up({}):.1f} s", "60 s"
        nothing = bench.up({})
        yield "`pulumi up` without a change there", f"{nothing:.1f} s", ""
        yield from _upgraded(bench, nothing)
        failed = bench.up({"vpnserver": BROKEN}, fails=True)
        yield "an archive that does not work, until the old one runs again", _by(failed, nothing), "30 s more"
        bench.up({"ReadMe.txt": "newer"})
        bench.pulumi("destroy", "--yes", "--skip-preview")


def _upgraded(bench: _Bench, nothing: float) -> Iterator[tuple[str, str, str]]:
    """Another archive while clients are connected, each of which dials again when it notices."""
    with ExitStack() as stack_:
        login = lab.outputs().login("owner")
        for client in CLIENTS:
            if stack_.enter_context(dialled(client, login)).address is None:
                raise RuntimeError(f"{client} could not dial")
        before = _sessions()
        seconds = bench.up({"ReadMe.txt": "newer"})
        began, survived = time.monotonic(), len(_sessions() & before)
        while len(_sessions()) < len(before) and time.monotonic() - began < BACK_SECONDS:
            time.sleep(0.5)
        back = time.monotonic() - began
    yield "another archive (an upgrade), proven", _by(seconds, nothing), "30 s more"
    lost = (
        f"{len(before) - survived} of {len(before)}; {len(_sessions())} were back {back:.0f} s after the end of the run"
    )
    yield "sessions that the upgrade ended", lost, ""


def _by(seconds: float, nothing: float) -> str:
    return f"{seconds:.1f} s, {seconds / nothing:.1f} times the run without a change"


def _sessions() -> set[str]:
    return {one["name"] + str(one["since"]) for one in json.loads(machine.output("server", STATUS))["sessions"]}


class _Bench:
    """The stack with an archive, changed from run to run."""

    def __init__(self, state: Path, file: Path, folder: Path) -> None:
        self.state, self.file, self.folder = state, file, folder

    def up(self, more: Mapping[str, str], fails: bool = False) -> float:
        """Seconds of an `up` with the archive that has these further files."""
        archive = self.folder / f"vpnserver-{hashlib.sha256(json.dumps(more).encode()).hexdigest()[:8]}.tar.gz"
        if not archive.exists():
            server_archive.pack(archive, SYSTEM, more)
        values = yaml.safe_load(self.file.read_text())
        tarball = {"file": str(archive), "sha256": hashlib.sha256(archive.read_bytes()).hexdigest()}
        values["config"]["labvpn:server"].update(install="tarball", tarball=tarball)
        self.configured.write_text(yaml.safe_dump(values))
        began = time.monotonic()
        self.pulumi("up", "--yes", "--skip-preview", fails=fails)
        return time.monotonic() - began

    @property
    def configured(self) -> Path:
        return self.folder / stack_config.FILE

    def pulumi(self, *words: str, fails: bool = False) -> None:
        """Run the engine on the administrator's machine; RuntimeError where it does not end as expected."""
        given = ["--non-interactive", *words, "--config-file", str(self.configured)]
        command, environment = stack.command(self.state, given, places.PROJECT)
        line = machine.line("admin", command)
        done = subprocess.run(line, cwd=places.PROJECT, env=environment, capture_output=True, text=True)
        if bool(done.returncode) != fails:
            raise RuntimeError(f"pulumi {words[0]}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


if __name__ == "__main__":
    for row in figures():
        print(*row, sep="\t", flush=True)
