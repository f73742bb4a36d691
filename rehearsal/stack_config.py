"""The stack's configuration in the rehearsal: the project's own file with the rehearsal's secrets added.

`Pulumi.lab.yaml` in the project stays as it is. The copy beside the state is written again whenever the project's file
changes; the secrets in it are encrypted by the engine itself, with the rehearsal's passphrase.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from rehearsal import values
from rehearsal.places import PROJECT
from rehearsal.problems import RehearsalError

STACK = "lab"
FILE = f"Pulumi.{STACK}.yaml"
PUBLIC = {"hostKey", "fortigateCa"}
PREFIX = "labvpn"
SIGNED = ("lab.example", "203.0.113.20", "203.0.113.22")
"""The names and addresses for which alone the rehearsal's authority may sign: the zone, and both VPN hosts."""
BASE = "base.yaml"
"""A copy of the project's file as the configuration was last made from it."""


def folder(state: Path) -> Path:
    """A project folder of the rehearsal's own, in which the engine may write."""
    return state / "project"


def ensure(state: Path, pulumi: Path, environment: dict[str, str]) -> Path:
    """The configuration file to run with, up to date with the project's; RehearsalError if the engine refuses."""
    place, source = folder(state), PROJECT / FILE
    encrypted = place / FILE
    if not encrypted.exists() or encrypted.stat().st_mtime_ns <= source.stat().st_mtime_ns:
        place.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(PROJECT / "Pulumi.yaml", place / "Pulumi.yaml")
        _write(state, _merged(source, encrypted, place / BASE), pulumi, environment)
        shutil.copyfile(source, place / BASE)
    return encrypted


def _merged(source: Path, encrypted: Path, base: Path) -> dict[str, Any]:
    """The project's file, with what an earlier copy has in addition to the file it was made from.

    Those are the rehearsal's secrets and what `pulumi config set` wrote in it, as long as the same salt encrypts them.
    """
    wanted = yaml.safe_load(source.read_text()) or {}
    before = yaml.safe_load(encrypted.read_text()) if encrypted.exists() else {}
    origin = yaml.safe_load(base.read_text()) if base.exists() else {}
    salt = wanted.get("encryptionsalt") or before.get("encryptionsalt")
    kept = before.get("config", {}) if before.get("encryptionsalt") == salt else {}
    of_origin = origin.get("config", {})
    ours = {
        key: value for key, value in kept.items() if _is_own(key) or (base.exists() and of_origin.get(key) != value)
    }
    merged = {"config": {**wanted.get("config", {}), **ours}}
    return {"encryptionsalt": salt, **merged} if salt else merged


def _is_own(key: str) -> bool:
    return key.removeprefix(f"{PREFIX}:") in _names()


def _names() -> set[str]:
    names = {"sshKey", "fortigateToken", "dnsKey", "administratorPassword", "presharedKey", "userSecret", "authority"}
    return names | PUBLIC


def _write(state: Path, merged: dict[str, Any], pulumi: Path, environment: dict[str, str]) -> None:
    place = folder(state)
    draft = place / "draft"
    draft.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(place / "Pulumi.yaml", draft / "Pulumi.yaml")
    values.write(draft / FILE, yaml.safe_dump(merged))
    _engine(pulumi, ["stack", "select", "--create", STACK], draft, environment)
    for key, value in {**values.read(state), "authority": _authority(state)}.items():
        if f"{PREFIX}:{key}" not in merged["config"] and key in _names():
            secret = [] if key in PUBLIC else ["--secret"]
            _engine(pulumi, ["config", "set", *secret, key], draft, environment, value)
    (draft / FILE).rename(place / FILE)
    shutil.rmtree(draft)


def _authority(state: Path) -> str:
    """The rehearsal's own authority, made once with the command that users run for theirs."""
    file = state / "lab-authority.pem"
    if not file.exists():
        line = [sys.executable, "-m", "labvpn", "authority", *SIGNED]
        done = subprocess.run(line, cwd=PROJECT, text=True, capture_output=True)
        if done.returncode:
            raise RehearsalError(f"labvpn authority failed: {done.stderr.strip()}")
        values.write(file, done.stdout)
    return file.read_text()


def _engine(pulumi: Path, words: list[str], place: Path, environment: dict[str, str], stdin: str = "") -> None:
    done = subprocess.run(
        [pulumi, "--non-interactive", *words], cwd=place, env=environment, input=stdin, text=True, capture_output=True
    )
    if done.returncode:
        raise RehearsalError(f"pulumi {words[0]} {words[1]} failed: {done.stderr.strip() or done.stdout.strip()}")
