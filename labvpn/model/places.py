"""Where a finding is: the path as the configuration has it, and the type that belongs there."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

Loc = tuple[int | str, ...]


def place_of(loc: Loc, model: type[BaseModel]) -> tuple[Loc, Any]:
    """The path of a finding as the configuration has it, and the type that belongs there (None: no such setting)."""
    place, current = list[int | str](), model
    for part in loc:
        inner = _below(current, part)
        if inner is not None:
            owner = model_of(current)
            place.append(_written(owner, part) if owner else part)
            current = inner
        elif model_of(current) and part not in ("[key]",):
            place.append(part)
            return tuple(place), None
    return tuple(place), current


def names(model: type[BaseModel]) -> list[str]:
    """The settings of a model as the configuration writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def is_secret(place: Loc, model: type[BaseModel]) -> bool:
    """Whether a value may be a secret, or is where nothing is known of it."""
    if not place:
        return False
    field = next((f for n, f in model.model_fields.items() if place[0] in (n, f.alias)), None)
    return field is None or "Secret" in str(field.annotation)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The settings in a value of this type."""
    return next((k for k in kinds_of(annotation) if isinstance(k, type) and issubclass(k, BaseModel)), None)


def kinds_of(annotation: Any) -> list[Any]:
    """The types that a value may be of, without what is said about them."""
    if get_origin(annotation) is Annotated:
        return kinds_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for each in get_args(annotation) for kind in kinds_of(each)]
    return [annotation]


def _written(model: type[BaseModel], part: int | str) -> int | str:
    """A setting's name as the configuration writes it; a default is told by another."""
    return next((field.alias or name for name, field in model.model_fields.items() if part == name), part)


def _below(current: Any, part: int | str) -> Any:
    """The type of a part of a value of this type; None where it has none of that name."""
    for kind in kinds_of(current):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = next((f for n, f in kind.model_fields.items() if part in (n, f.alias)), None)
            if field is not None:
                return field.annotation
        elif get_origin(kind) is dict and part != "[key]":
            return get_args(kind)[1]
        elif get_origin(kind) in (tuple, list) and isinstance(part, int):
            return get_args(kind)[0]
    return None
