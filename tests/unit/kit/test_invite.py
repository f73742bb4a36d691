"""`labvpn invite`: a list of guests becomes users and kits in one step."""

from __future__ import annotations

import errno
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from labvpn.kit.guests import invitation
from labvpn.kit.invite import invite
from labvpn.model.problems import ConfigurationError
from labvpn.model.users_file import read_users
from tests.unit.kit.test_cli import OUTPUTS, kits

NOW = datetime(2027, 1, 1, tzinfo=UTC)
USERS = "name,realName,MultiLogins\nowner,The owner,0\n"

APP = typer.Typer()
APP.command()(invite)

# In place of the engine: `up` ends as the test says, and the outputs have every user of the file.
PULUMI = """#!{python}
import csv, json, os, sys
with open("asked", "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "up":
    sys.exit(int(os.environ.get("UP_ENDS", "0")))
outputs = json.load(open("outputs.json"))
outputs["users"] = {{row["name"]: {{"password": "x"}} for row in csv.DictReader(open("users.csv"))}}
print(json.dumps(outputs))
"""


def added(guests: str, users: str = USERS) -> str:
    return invitation(guests, "guests.csv", users, "users.csv", NOW).text


def refusal(guests: str, users: str = USERS) -> str:
    with pytest.raises(ConfigurationError) as error:
        added(guests, users)
    return str(error.value)


def test_guests_stand_behind_the_users_with_the_columns_that_they_bring() -> None:
    text = added('name,expires,note\nanna,2027-03-31,"talk, Monday"\n')
    assert text == USERS.replace("MultiLogins\n", "MultiLogins,expires,note\n") + 'anna,,,2027-03-31,"talk, Monday"\n'
    users, problems = read_users(text, "users.csv")
    assert problems == []
    assert [(user.name, user.expires) for user in users] == [
        ("owner", None),
        ("anna", datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC)),
    ]


def test_a_file_without_a_last_line_end_gets_one_before_the_guests() -> None:
    assert "The owner,0\nanna" in added("name,expires\nanna,2027-03-31\n", USERS.rstrip("\n"))


def test_the_same_list_again_changes_nothing() -> None:
    once = added("name,expires\nanna,2027-03-31\n")
    assert added("name,expires\nanna,2027-03-31\n", once) == once


def test_every_mistake_of_the_list_comes_at_once() -> None:
    error = refusal("name,expires\nowner,2027-03-31\nfree,\nlate,2026-12-31\nodd,someday\n")
    assert "owner: is in users.csv with other values" in error
    assert "free: has no end; give the column expires a date" in error
    assert "late: ended on 2026-12-31" in error
    assert "'someday' is not a date" in error
    assert "4 mistakes" in error


def test_a_time_without_its_zone_is_refused() -> None:
    assert "names no time zone" in refusal("name,expires\nanna,2027-03-31T18:00:00\n")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import sys

    program = tmp_path / "bin/pulumi"
    program.parent.mkdir()
    program.write_text(PULUMI.format(python=sys.executable))
    program.chmod(0o755)
    (tmp_path / "users.csv").write_text(USERS)
    (tmp_path / "guests.csv").write_text("name,expires\nanna,2099-03-31\nben,2099-03-31\n")
    (tmp_path / "outputs.json").write_text(json.dumps(OUTPUTS))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_SKIP_CONFIRMATIONS", "true")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def run(*words: str) -> Any:
    return CliRunner().invoke(APP, ["guests.csv", *words])


def test_one_step_adds_applies_and_makes_the_kits(project: Path) -> None:
    done = run("--yes", "--secrets")
    assert done.exit_code == 0, done.output
    assert (project / "asked").read_text().splitlines() == ["up --yes", "stack output --json --show-secrets"]
    assert kits(project / "kits") == ["anna.html", "ben.html"]
    assert "2 guests added, 0 there already" in done.stdout
    assert done.stdout.count("passphrase ") == 2


def test_after_an_up_that_failed_the_same_command_goes_on(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UP_ENDS", "255")
    failed = run()
    assert failed.exit_code == 1
    assert "run `labvpn invite guests.csv` again" in failed.stderr
    assert not (project / "kits").exists()
    monkeypatch.delenv("UP_ENDS")
    again = run()
    assert again.exit_code == 0, again.output
    assert "0 guests added, 2 there already" in again.stdout
    assert kits(project / "kits") == ["anna", "ben"]


def test_a_list_with_a_mistake_touches_nothing(project: Path) -> None:
    (project / "guests.csv").write_text("name\nanna\n")
    assert run().exit_code == 1
    assert (project / "users.csv").read_text() == USERS
    assert not (project / "asked").exists()


def test_the_users_file_keeps_its_mode(project: Path) -> None:
    (project / "users.csv").chmod(0o640)
    run()
    assert stat.S_IMODE((project / "users.csv").stat().st_mode) == 0o640


def test_the_guests_go_into_the_file_that_the_stack_names(project: Path) -> None:
    (project / "Pulumi.yaml").write_text("name: labvpn\n")
    settings = {"labvpn:users": {"objectValue": {"file": "users.mylab.csv"}, "secret": False}, **OUTPUTS}
    (project / "outputs.json").write_text(json.dumps(settings))
    (project / "users.mylab.csv").write_bytes(b'name,note\nowner,"one\r\ntwo"\n')
    assert run().exit_code == 1  # the engine that stands in reads users.csv for the outputs
    assert (project / "users.csv").read_text() == USERS
    text = (project / "users.mylab.csv").read_bytes()
    assert text == b'name,note,expires\nowner,"one\r\ntwo"\nanna,,2099-03-31\nben,,2099-03-31\n'
    assert "config --json" in (project / "asked").read_text()


def test_a_file_that_is_named_by_hand_is_taken(project: Path) -> None:
    (project / "Pulumi.yaml").write_text("name: labvpn\n")
    assert run("--users", "users.csv").exit_code == 0
    assert "config" not in (project / "asked").read_text()


def test_the_line_for_everyone_is_not_a_guest() -> None:
    error = refusal("name,auth,expires\n*,radius,2027-03-31\n")
    assert "*: is not a guest but everyone whom RADIUS knows; write that line in users.csv" in error


def test_without_a_terminal_to_ask_on_nothing_is_changed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_SKIP_CONFIRMATIONS")
    done = run()
    assert done.exit_code == 1
    assert "no terminal to ask on" in done.stderr and "give --yes" in done.stderr
    assert (project / "users.csv").read_text() == USERS
    assert not (project / "asked").exists()
    assert run("--yes").exit_code == 0


def test_a_users_file_that_cannot_be_replaced_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_words: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", ".users.csv.draft")

    monkeypatch.setattr("labvpn.kit.invite.replace_file", refuse)
    done = run("--yes")
    assert done.exit_code == 1
    assert "users.csv cannot be replaced: Read-only file system; nothing was changed" in done.stderr
    assert not (project / "asked").exists()
