"""Mistakes of a configuration, each with its place and its remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


@dataclass(frozen=True)
class Problem:
    """One mistake: where it stands (`server.ssh.port`, `users.csv:4`) and what is wrong with its remedy."""

    place: str
    message: str

    def __str__(self) -> str:
        """The line a person reads."""
        return f"{self.place}: {self.message}"


class ConfigurationError(Exception):
    """Every mistake of a configuration at once, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = f"{len(self.problems)} mistake{'s' if len(self.problems) > 1 else ''}"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"The configuration has {count}; nothing was touched.\n{lines}")


def problems_of(error: ValidationError, place: str, model: type[BaseModel]) -> list[Problem]:
    """Pydantic's findings as problems, with `place` before each field's name; no value of a secret is repeated."""
    return [Problem(_place(place, details), _message(details, model)) for details in error.errors()]


def _place(prefix: str, details: ErrorDetails) -> str:
    text = prefix
    for part in details["loc"]:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text


def _message(details: ErrorDetails, model: type[BaseModel]) -> str:
    kind, given = details["type"], details["input"]
    if kind == "extra_forbidden":
        return unknown(str(details["loc"][-1]), _names(model, details["loc"][:-1]))
    if kind == "missing":
        return "is missing; add it"
    text = details["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind == "value_error":
        return text
    text = text[0].lower() + text[1:]
    return text if _is_secret(model, details["loc"]) else f"{text}, not {_shown(given)}"


def _is_secret(model: type[BaseModel], path: tuple[int | str, ...]) -> bool:
    field = next((f for n, f in model.model_fields.items() if path and path[0] in (n, f.alias)), None)
    return field is None or "Secret" in str(field.annotation)


def unknown(name: str, known: list[str], what: str = "setting") -> str:
    """What to say of a name that is none of those known."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    remedy = f"did you mean '{near[0]}'?" if near else f"remove it; known here: {', '.join(known) or 'none'}"
    return f"there is no such {what}; {remedy}"


def _names(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The settings' names at a path below `model`, as the configuration writes them."""
    current: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        field = next((f for n, f in current.model_fields.items() if part in (n, f.alias)), None)
        current = _inner_model(field.annotation) if field is not None else None
        if current is None:
            return []
    return [field.alias or name for name, field in current.model_fields.items()]


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for arg in getattr(annotation, "__args__", ()) if (m := _inner_model(arg))), None)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
