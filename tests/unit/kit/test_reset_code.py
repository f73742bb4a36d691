"""`labvpn reset-code`: another secret for the codes of a user whose phone is lost."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from labvpn.kit.reset_code import raised, reset_code
from labvpn.model.users_file import read_users
from tests.unit.kit.test_cli import OUTPUTS
from tests.unit.kit.test_invite import PULUMI
from tests.unit.kit.test_second_factor import KEY

USERS = "name,note\nowner,\nguest1,x\n"
APP = typer.Typer()
APP.command()(reset_code)


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a stack in which the guest needs a code, with an engine that only notes what it is asked."""
    users = {"owner": {"password": "x"}, "guest1": {"password": "x", "secondFactor": True, "code": KEY}}
    (tmp_path / "outputs.json").write_text(json.dumps({**OUTPUTS, "users": users}))
    (tmp_path / "users.csv").write_text(USERS)
    program = tmp_path / "pulumi"
    text = PULUMI.format(python="/usr/bin/env python3")
    program.write_text("\n".join(line for line in text.splitlines() if not line.startswith('outputs["users"]')))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Any:
    return CliRunner().invoke(APP, [*words])


def test_the_number_is_raised_applied_and_a_kit_made_that_is_encrypted(stack: Path) -> None:
    done = run("guest1", "--yes")
    assert done.exit_code == 0, done.output
    assert (stack / "users.csv").read_text() == "name,note,resetCode\nowner,\nguest1,x,1\n"
    assert "up --yes" in (stack / "asked").read_text()
    made = [path.read_text() for path in (stack / "kits").rglob("*") if path.is_file()]
    assert "guest1" in "".join(made) and KEY not in "".join(made) and "passphrase" in done.output


def test_each_call_gives_another_secret(stack: Path) -> None:
    assert [run(name, "--yes").exit_code for name in ("GUEST1", "guest1")] == [0, 0]
    users, _ = read_users((stack / "users.csv").read_bytes(), "users.csv")
    assert [user.reset_code for user in users] == [0, 2]


@pytest.mark.parametrize(("name", "why"), [("owner", "logs in without a code"), ("nobody", "has no user nobody")])
def test_who_needs_no_code_or_is_not_there_is_refused_and_nothing_is_changed(stack: Path, name: str, why: str) -> None:
    done = run(name, "--yes")
    assert done.exit_code == 1 and why in done.output
    assert (stack / "users.csv").read_text() == USERS
    asked = (stack / "asked").read_text() if (stack / "asked").exists() else ""
    assert "up --yes" not in asked


def test_an_up_that_fails_names_the_command_to_repeat(stack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UP_ENDS", "1")
    done = run("guest1", "--yes")
    assert done.exit_code == 1 and "run `labvpn reset-code guest1` again" in done.output


def test_a_cell_that_is_no_number_is_named_with_its_line() -> None:
    with pytest.raises(ValueError, match=r"users\.csv:2: resetCode is 'twice', not a number"):
        raised(b"name,resetCode\nguest1,twice\n", "users.csv", "guest1")


def test_without_a_terminal_to_ask_on_no_code_is_renewed(stack: Path) -> None:
    done = run("guest1")
    assert done.exit_code == 1
    assert "no terminal to ask on" in done.stderr
    assert (stack / "users.csv").read_text() == USERS
