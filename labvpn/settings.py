"""The only reader of the stack's configuration: the lab and its credentials, or every mistake at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pulumi
from pulumi.runtime import config as runtime
from pydantic import BaseModel, ValidationError

from labvpn.model import accounts
from labvpn.model.credentials import PUBLIC, Credentials, how_to_set
from labvpn.model.lab import Lab
from labvpn.model.problems import ConfigurationError, Problem, problems_of
from labvpn.model.users import User, UsersFile, read_users

Model = TypeVar("Model", bound=BaseModel)


class Settings(NamedTuple):
    """A configuration without a mistake."""

    lab: Lab
    credentials: Credentials


@dataclass
class _Reader:
    """Reads keys of one project's configuration and gathers the problems."""

    project: str
    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def value(self, key: str, structured: bool) -> Any:
        text = runtime.get_config(f"{self.project}:{key}")
        if text is None or not structured:
            return text
        try:
            return json.loads(text)
        except ValueError:
            self.problems.append(Problem(key, "must be a block of settings, one a line, not a single text"))
            return None

    def text_of(self, name: str) -> str:
        """The text of a file that the configuration names, from the project's folder."""
        try:
            return (self.folder / name).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise ValueError(f"names the file {name}, which cannot be read: {reason}; name the file") from None

    def digest_of(self, name: str) -> str:
        """The SHA-256 of a file that the configuration names, from the project's folder."""
        try:
            return hashlib.sha256((self.folder / name).read_bytes()).hexdigest()
        except OSError as error:
            raise ValueError(f"names the file {name}, which cannot be read: {error.strerror}; name the file") from None

    def is_secret(self, key: str) -> bool:
        return runtime.is_config_secret(f"{self.project}:{key}")

    def build(self, model: type[Model], values: dict[str, Any]) -> Model | None:
        try:
            return model.model_validate(values, context={"files": self.text_of, "digests": self.digest_of})
        except ValidationError as error:
            self.problems += [_with_remedy(problem) for problem in problems_of(error, "", model)]
            return None


def load(folder: Path | None = None) -> Settings:
    """The settings of the running stack; `folder` is where the users' file is looked for (default: the project's).

    Raises `pulumi.RunError` with every mistake at once.
    """
    reader = _Reader(pulumi.get_project(), folder or Path.cwd())
    users = _users(reader)
    sections = {key: reader.value(key, structured=True) for key in _keys(Lab) if key != "users"}
    lab = reader.build(Lab, {key: value for key, value in sections.items() if value is not None})
    credentials = reader.build(Credentials, dict(_credentials(reader)))
    if lab and credentials:
        lab = lab.model_copy(update={"users": accounts.settled(users, credentials)})
        reader.problems += [*accounts.problems(lab), *credentials.problems(lab)]
    if credentials:
        vpn = sections["vpn"] if isinstance(sections["vpn"], dict) else {}
        reader.problems += credentials.badly_chosen(vpn.get("kept") or ())
    reader.problems += _in_clear(reader)
    if reader.problems or lab is None or credentials is None:
        raise pulumi.RunError(str(ConfigurationError(reader.problems)))
    for warning in accounts.warnings(lab, credentials):
        pulumi.warn(warning)
    return Settings(lab, credentials)


def _credentials(reader: _Reader) -> Iterator[tuple[str, Any]]:
    for key in _keys(Credentials):
        value = reader.value(key, structured=key in ("passwords", "radiusSecrets", "hostKeys"))
        if value is not None:
            yield key, value


def _in_clear(reader: _Reader) -> Iterator[Problem]:
    for key in _keys(Credentials):
        if key not in PUBLIC and reader.value(key, structured=False) is not None and not reader.is_secret(key):
            yield Problem(key, f"stands in clear in the configuration; {how_to_set(key)}, and change it everywhere")


def _users(reader: _Reader) -> tuple[User, ...]:
    source = reader.build(UsersFile, reader.value("users", structured=True) or {})
    if source is None:
        return ()
    path = reader.folder / source.file
    try:
        # Not as text: the line ends within a note are the note's own.
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reader.problems.append(Problem("users.file", f"{source.file} cannot be read: {error.strerror}; name the file"))
        return ()
    users, problems = read_users(text, source.file, reader.text_of)
    reader.problems += problems
    return users


def _keys(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _with_remedy(problem: Problem) -> Problem:
    place = problem.place.removeprefix(".")
    if problem.message == "is missing; add it" and place in _keys(Credentials):
        return Problem(place, f"is missing; {how_to_set(place)}")
    return Problem(place, problem.message)
