"""The plain commands of a rehearsal's shell, wherever they are typed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rehearsal import run, stack

NAMES = ("http", "json", "ssl", "typing", "rich", "typer", "labvpn", "rehearsal")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The folder of the programs, and beside it one that has files called as Python's modules are."""
    stack._write_wrappers(tmp_path)
    (tmp_path / "mine").mkdir()
    for name in NAMES:
        (tmp_path / "mine" / f"{name}.py").write_text("raise SystemExit('MINE RAN')\n")
    return tmp_path / "bin"


def typed(programs: Path, *words: str) -> str:
    how = {"cwd": programs.parent / "mine", "env": {**os.environ, run.MACHINE: "admin"}, "text": True}
    done = subprocess.run([programs / words[0], *words[1:]], capture_output=True, **how)  # type: ignore[call-overload]
    return str(done.stdout + done.stderr)


def test_no_command_runs_a_file_of_the_folder_that_it_is_typed_in(programs: Path) -> None:
    for words in (("labvpn", "kit", "--help"), ("labvpn", "rehearsal", "status"), ("pulumi", "version")):
        assert "MINE RAN" not in typed(programs, *words), words


def test_usage_names_the_command_as_it_is_typed(programs: Path) -> None:
    assert "Usage: labvpn check" in typed(programs, "labvpn", "check", "--help")


def test_the_shell_has_the_key_of_the_administrators_logins(tmp_path: Path) -> None:
    assert f"export LABVPN_SSH_KEY={tmp_path / 'ssh/admin'}" in stack.shell_lines(tmp_path).splitlines()
