"""The only reader of the stack's configuration: the lab and its credentials, or every mistake at once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pulumi
import yaml
from pulumi.runtime import config as runtime
from pydantic import BaseModel, ValidationError

from labvpn.model import accounts, campus_radius, expect, leftovers
from labvpn.model.clear_text import in_clear
from labvpn.model.credentials import Credentials
from labvpn.model.encoding import decoded
from labvpn.model.keys import BLOCKS, how_to_set
from labvpn.model.lab import Lab
from labvpn.model.places import names
from labvpn.model.problems import ConfigurationError, Problem, problems_of
from labvpn.model.unknown_keys import NOT_KEYS, one_level_too_deep, unknown_keys
from labvpn.model.users import User
from labvpn.model.users_file import UsersFile, read_users

Model = TypeVar("Model", bound=BaseModel)

Check = Callable[[Lab, Credentials], Iterable[Problem]]

EMPTY = "has no value; write its settings below it, or remove the line"


class Settings(NamedTuple):
    """A configuration without a mistake."""

    lab: Lab
    credentials: Credentials


@dataclass
class _Reader:
    """Reads keys of one project's configuration and gathers the problems, at most one for each place."""

    project: str
    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def note(self, problems: Iterator[Problem] | list[Problem]) -> None:
        """Keep the problems of places that have none yet."""
        said = {problem.place for problem in self.problems if problem.place}
        self.problems += [problem for problem in problems if problem.place not in said]

    def value(self, key: str) -> Any:
        """A key's value: None where it has none, which is a mistake where the key is there."""
        text = runtime.get_config(f"{self.project}:{key}")
        if text is None or (key in names(Credentials) and key not in BLOCKS and text.strip()):
            return text
        try:
            found = json.loads(text) if text.strip() else None
        except ValueError:
            return text
        if found is None:
            is_text = key in names(Credentials) and key not in BLOCKS
            self.note([Problem(key, f"is empty; {how_to_set(key)}" if is_text else EMPTY)])
        return found

    def values(self, model: type[BaseModel]) -> dict[str, Any]:
        """The values of the keys of a part of the settings."""
        found = {key: self.value(key) for key in names(model) if key not in NOT_KEYS}
        return {key: value for key, value in found.items() if value is not None}

    def bytes_of(self, name: str) -> bytes:
        """What is in a file that the configuration names, from the project's folder."""
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise ValueError(f"names the file {name}, which cannot be read: {error.strerror}; name the file") from None
        except ValueError:
            raise ValueError("has characters that no file's name can have; name the file") from None

    def text_of(self, name: str) -> str:
        """The text of a file that the configuration names."""
        data = self.bytes_of(name)
        try:
            return decoded(data).body
        except ValueError:
            raise ValueError(f"names the file {name}, which is not UTF-8 text; save it as such") from None

    def digest_of(self, name: str) -> str:
        """The SHA-256 of a file that the configuration names."""
        return hashlib.sha256(self.bytes_of(name)).hexdigest()

    def is_secret(self, key: str) -> bool:
        return runtime.is_config_secret(f"{self.project}:{key}")

    def build(self, model: type[Model], values: Any, place: str = "") -> Model | None:
        """The value; where it has mistakes, the rest without them, so that what depends on it is checked too."""
        across: list[str] = []
        context = {"files": self.text_of, "digests": self.digest_of, "across": across}
        for _ in range(leftovers.ROUNDS):
            try:
                built = model.model_validate(values, context=context)
            except ValidationError as error:
                reported = {above for problem in self.problems for above in _above(problem.place)}
                found = [_with_remedy(problem) for problem in problems_of(error, place, model)]
                self.note([problem for problem in found if not problem.place or problem.place not in reported])
                across.clear()
                values = leftovers.without(values, [details["loc"] for details in error.errors()], model)
                continue
            self.problems += [Problem(place, sentence) for sentence in across]
            return built
        return None


def load_given(values: Mapping[str, str], secret: Iterable[str], folder: Path) -> Settings:
    """The settings of a stack that does not run, from its whole configuration; the keys in `secret` are secrets.

    Raises ConfigurationError with every mistake at once.
    """
    spaces = {key.rpartition(":")[0] for key in values if key.endswith((":server", ":servers"))}
    if len(spaces) != 1:
        raise ConfigurationError([Problem("server", "is in no project of this configuration; name the lab's stack")])
    runtime.set_all_config(dict(values), list(secret))
    try:
        return load(folder, project=spaces.pop())
    except pulumi.RunError as error:
        raise ConfigurationError([Problem("", str(error))]) from None


def load(folder: Path | None = None, also: Check | None = None, project: str | None = None) -> Settings:
    """The settings of the running stack; `folder` is where the users' file is looked for (default: the project's).

    `also` finds what only another part can see of settings that are whole, `project` is for a stack that does not run.
    Raises `pulumi.RunError` with every mistake at once.
    """
    reader = _Reader(project or pulumi.get_project(), folder or Path.cwd())
    for nested in one_level_too_deep(reader.project, _everything()):
        raise pulumi.RunError(str(ConfigurationError([nested])))
    meant, wrong_keys = unknown_keys(reader.project, _everything())
    reader.note(wrong_keys)
    before = len(reader.problems)
    source, users = _users(reader)
    of_users = len(reader.problems)
    lab = reader.build(Lab, reader.values(Lab))
    credentials = reader.build(Credentials, reader.values(Credentials))
    are_whole = len(reader.problems) == of_users
    if lab and credentials:
        settled = accounts.settled(users, credentials)
        lab = lab.model_copy(update={"users": settled, "may_remove": source.may_remove})
        wrong = [*meant, *(each.place for each in reader.problems[of_users:])]
        wrong += ["users"] if of_users > before else []
        found = [*accounts.problems(lab), *expect.problems(lab), *credentials.problems(lab)]
        found += [*campus_radius.problems(lab, credentials.radius_secrets), *credentials.badly_chosen(lab.vpn.kept)]
        wrong += [each.place for each in found if each.place == "vpn.hub"]
        reader.note(leftovers.sure(found, wrong))
        if also and are_whole:
            reader.note(list(also(lab, credentials)))
    file = reader.folder / f"Pulumi.{pulumi.get_stack()}.yaml"
    reader.note(in_clear(reader.value, reader.is_secret, _written_in(file, reader.project)))
    if reader.problems or lab is None or credentials is None:
        raise pulumi.RunError(str(ConfigurationError(reader.problems)))
    credentials.begin_derivation(lab.users)
    for warning in accounts.warnings(lab, credentials):
        pulumi.warn(warning)
    for note in accounts.notes(lab, credentials):
        pulumi.info(note)
    return Settings(lab, credentials)


def _written_in(file: Path, project: str) -> dict[str, Any]:
    """The keys of a project as a stack's file has them; none where it is not there or cannot be read."""
    try:
        whole = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    config = whole.get("config") if isinstance(whole, dict) else None
    found = config.items() if isinstance(config, dict) else ()
    return {str(key).removeprefix(f"{project}:"): value for key, value in found if str(key).startswith(f"{project}:")}


def _users(reader: _Reader) -> tuple[UsersFile, tuple[User, ...]]:
    given = reader.value("users")
    source = reader.build(UsersFile, {} if given is None else given, "users") or UsersFile()
    try:
        data = reader.bytes_of(source.file)
    except ValueError as error:
        reader.note([Problem("users.file", str(error))])
        return source, ()
    users, problems = read_users(data, source.file, reader.text_of)
    reader.note(problems)
    return source, users


def _everything() -> Mapping[str, Any]:
    """The whole configuration, as the engine handed it over."""
    return {**(runtime.get_config_env() or {}), **runtime.CONFIG.get()}


def _above(place: str) -> list[str]:
    """A place and those that it is a part of: `server.ssh.port`, `server.ssh`, `server`."""
    return [place, *(place[: found.start()] for found in re.finditer(r"[.\[]", place) if found.start())]


def _with_remedy(problem: Problem) -> Problem:
    place = problem.place.removeprefix(".")
    if problem.message == "is missing; add it" and place in names(Credentials):
        return Problem(place, f"is missing; {how_to_set(place)}")
    return Problem(place, problem.message)
