"""`labvpn invite`: a list of guests, from the file to the kits, in one step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from labvpn.connect import stack_outputs
from labvpn.kit.cli import FolderOption, KitMaker, PinOption, SecretsOption, UsersOption, YesOption, reported, trust
from labvpn.kit.guests import Invitation, invitation
from labvpn.kit.storage import KitStorage
from labvpn.model.outputs import OutputsError
from labvpn.model.problems import ConfigurationError
from labvpn.model.replacing import replace_file
from labvpn.model.users_file import UsersFile

MISSING = "pulumi is not on PATH here; run this where the stack is"


def invite(
    file: Annotated[Path, typer.Argument(help="CSV with the guests: name, expires, and any other column of users.")],
    users: UsersOption = None,
    yes: YesOption = False,
    folder: FolderOption = Path("kits"),
    secrets: SecretsOption = False,
    pin_current: PinOption = False,
) -> None:
    """Add guests to the users' file, run `pulumi up`, and make the guests' kits. Safe to run again.

    Exit status: 0 if every guest has a kit, 1 if something was refused; then the sentences say what to do.
    """
    with reported():
        users = users or users_file(Path.cwd())
        invited = _read(file, users)
        require_consent(yes)
        replace_users(users, invited.data)
        added = len(invited.guests) - invited.known
        typer.echo(f"{users}: {added} guest{'' if added == 1 else 's'} added, {invited.known} there already")
        apply(yes, f"labvpn invite {file}")
        stack = stack_outputs.outputs(None)
        made = KitMaker(stack, KitStorage(folder), trust(stack, pin_current), secrets).some(list(invited.guests))
    raise typer.Exit(0 if made else 1)


def users_file(folder: Path) -> Path:
    """The users' file of the stack that is selected in a project's folder. Raises OutputsError."""
    if not (folder / "Pulumi.yaml").exists():
        return Path(UsersFile().file)
    settings = json.loads(_pulumi("config", "--json"))
    named = [value for key, value in settings.items() if key.endswith(":users") and isinstance(value, dict)]
    section = [value.get("objectValue") or json.loads(value.get("value") or "{}") for value in named]
    return Path(str(section[0]["file"]) if section and "file" in section[0] else UsersFile().file)


def _pulumi(*words: str) -> str:
    try:
        done = subprocess.run(["pulumi", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise OutputsError(MISSING) from None
    if done.returncode:
        last = (done.stderr.strip() or "it printed nothing").splitlines()[-1]
        raise OutputsError(f"`pulumi {' '.join(words)}` failed: {last}; select the stack, or name the file by --users")
    return done.stdout


def _read(file: Path, users: Path) -> Invitation:
    try:
        guests, present = file.read_bytes(), users.read_bytes()
    except OSError as error:
        raise OutputsError(f"{error.filename} cannot be read: {error.strerror}; name the file") from None
    try:
        return invitation(guests, file.name, present, users.name, datetime.now(UTC))
    except ConfigurationError as error:
        raise OutputsError(str(error)) from None


def require_consent(yes: bool) -> None:
    """Raises OutputsError where `pulumi up` could ask nobody: no file is changed for that."""
    if not (yes or sys.stdin.isatty() or os.environ.get("PULUMI_SKIP_CONFIRMATIONS") in ("1", "true")):
        raise OutputsError("There is no terminal to ask on before pulumi applies it; read `pulumi preview`, give --yes")


def replace_users(file: Path, data: bytes) -> None:
    """Write the users' file in one step. Raises OutputsError, and leaves the old one."""
    try:
        replace_file(file, data)
    except OSError as error:
        raise OutputsError(
            f"{file} cannot be replaced: {error.strerror}; nothing was changed, mend that first"
        ) from None


def apply(yes: bool, command: str) -> None:
    """Run `pulumi up`; OutputsError names the command of ours that is run again where it fails."""
    try:
        done = subprocess.run(["pulumi", "up", *(["--yes"] if yes else [])], check=False)
    except FileNotFoundError:
        raise OutputsError(MISSING) from None
    if done.returncode:
        raise OutputsError(f"`pulumi up` failed; fix that and run `{command}` again")
