"""The stack that a lab is written to: its settings and secrets by the engine, its file in the project's folder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from labvpn.adopt.found import Found
from labvpn.adopt.users import table
from labvpn.model.replacing import replace_file


class ProjectError(Exception):
    """Why the stack cannot be read or written, and what to do."""


class Project:
    """The stack that is selected in a folder. Raises ProjectError where there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stack = _pulumi(folder, "stack", "--show-name").strip()
        settings: dict[str, dict[str, Any]] = json.loads(_pulumi(folder, "config", "--json", "--show-secrets"))
        self.values = {key: value.get("objectValue", value.get("value")) for key, value in settings.items()}
        self.texts = {key: str(value.get("value", "")) for key, value in settings.items()}
        self.secrets = {key for key, value in settings.items() if value.get("secret")}
        self.name = str(yaml.safe_load((folder / "Pulumi.yaml").read_text("utf-8"))["name"])

    @property
    def file(self) -> Path:
        """The stack's settings."""
        return self.folder / f"Pulumi.{self.stack}.yaml"

    @property
    def users_file(self) -> str:
        """The name of the users' file; each stack has its own."""
        return f"users.{self.stack}.csv"

    def value(self, key: str) -> str | None:
        """A setting or secret, None where it is not set."""
        found = self.values.get(f"{self.name}:{key}")
        return None if found is None else str(found)

    def sections(self, found: Found) -> dict[str, Any]:
        """What goes into the stack's file, by whole keys."""
        sections = {**found.sections, "users": {"file": self.users_file}}
        return {f"{self.name}:{key}": section for key, section in sections.items()}

    def refuse_to_replace(self, found: Found) -> None:
        """Raise ProjectError if the stack already has a section or file of those found."""
        there = sorted(self.sections(found).keys() & self.values.keys())
        names = [*there, *(name for name in (self.users_file, *found.files) if os.path.lexists(self.folder / name))]
        if names:
            raise ProjectError(f"{', '.join(names)} would be replaced: remove it, or use --force")

    def write(self, found: Found) -> None:
        """Write what was found: files, the stack's settings at once, then the secrets, by standard input."""
        self.write_files(found, self.folder)
        whole = yaml.safe_load(self.file.read_text("utf-8")) if self.file.exists() else None
        whole = whole or {}
        whole["config"] = {**(whole.get("config") or {}), **self.sections(found)}
        replace_file(self.file, text_of(whole).encode())
        for key, secret in found.secrets.items():
            way = ["--path"] if "." in key or "[" in key else []
            _pulumi(self.folder, "config", "set", "--secret", *way, f"{self.name}:{key}", given=secret)

    def write_files(self, found: Found, folder: Path) -> None:
        """Write the users' file, and those that the configuration names, into a folder."""
        for name, text in {**found.files, self.users_file: table(found.users)}.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            replace_file(path, text.encode())


def text_of(value: Any) -> str:
    """YAML as a person writes it, in the order of its keys."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)


def _pulumi(folder: Path, *words: str, given: str | None = None) -> str:
    try:
        done = subprocess.run(["pulumi", *words], cwd=folder, input=given, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ProjectError("pulumi is not on PATH; open the project's environment first") from None
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise ProjectError(f"`pulumi {' '.join(words[:2])}` failed: {last}; run this in the project's folder")
    return done.stdout
