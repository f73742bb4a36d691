"""The stack's configuration as the rehearsal runs it: the project's own file, with the rehearsal's secrets in it.

`Pulumi.lab.yaml` in the project stays as it is. The copy beside the state is written again whenever the project's file
changes; the secrets in it are encrypted by the engine itself, with the rehearsal's passphrase.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from labvpn.rehearsal import values
from labvpn.rehearsal.places import PROJECT
from labvpn.rehearsal.problems import RehearsalError

STACK = "lab"
FILE = f"Pulumi.{STACK}.yaml"
PUBLIC = {"hostKey", "fortigateCa"}
PREFIX = "labvpn"


def folder(state: Path) -> Path:
    """A project folder of the rehearsal's own, in which the engine may write."""
    return state / "project"


def ensure(state: Path, pulumi: Path, environment: dict[str, str]) -> Path:
    """The configuration file to run with, up to date with the project's; RehearsalError if the engine refuses."""
    place, source = folder(state), PROJECT / FILE
    sealed = place / FILE
    if not sealed.exists() or sealed.stat().st_mtime_ns <= source.stat().st_mtime_ns:
        place.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(PROJECT / "Pulumi.yaml", place / "Pulumi.yaml")
        _write(state, _merged(source, sealed), pulumi, environment)
    return sealed


def _merged(source: Path, sealed: Path) -> dict[str, Any]:
    """The project's file, with what an earlier copy has sealed as long as it is sealed by the same salt."""
    wanted = yaml.safe_load(source.read_text()) or {}
    before = yaml.safe_load(sealed.read_text()) if sealed.exists() else {}
    salt = wanted.get("encryptionsalt") or before.get("encryptionsalt")
    kept = before.get("config", {}) if before.get("encryptionsalt") == salt else {}
    ours = {key: value for key, value in kept.items() if key.removeprefix(f"{PREFIX}:") in _names()}
    merged = {"config": {**ours, **wanted.get("config", {})}}
    return {"encryptionsalt": salt, **merged} if salt else merged


def _names() -> set[str]:
    names = {"sshKey", "fortigateToken", "dnsKey", "administratorPassword", "presharedKey", "userSecret"}
    return names | PUBLIC


def _write(state: Path, merged: dict[str, Any], pulumi: Path, environment: dict[str, str]) -> None:
    place = folder(state)
    draft = place / "draft"
    draft.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(place / "Pulumi.yaml", draft / "Pulumi.yaml")
    values.write(draft / FILE, yaml.safe_dump(merged))
    _engine(pulumi, ["stack", "select", "--create", STACK], draft, environment)
    for key, value in values.read(state).items():
        if f"{PREFIX}:{key}" not in merged["config"] and key in _names():
            secret = [] if key in PUBLIC else ["--secret"]
            _engine(pulumi, ["config", "set", *secret, key], draft, environment, value)
    (draft / FILE).rename(place / FILE)
    shutil.rmtree(draft)


def _engine(pulumi: Path, words: list[str], place: Path, environment: dict[str, str], stdin: str = "") -> None:
    done = subprocess.run(
        [pulumi, "--non-interactive", *words], cwd=place, env=environment, input=stdin, text=True, capture_output=True
    )
    if done.returncode:
        raise RehearsalError(f"pulumi {words[0]} {words[1]} failed: {done.stderr.strip() or done.stdout.strip()}")
