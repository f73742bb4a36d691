"""What all values of the model share: frozen, strict about names, camelCase in the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, model_validator


def to_camel(name: str) -> str:
    """The configuration's spelling of a field: `l2tp_ipsec` is `l2tpIpsec` (pydantic's own gives `l2TpIpsec`)."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Value(BaseModel):
    """A frozen value that refuses unknown fields; its fields are written in camelCase in the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, given: Any) -> Any:
        """Numbers and truth values only where they are meant: an address of 1, or yes as a count, is a mistake."""
        if not isinstance(given, dict):
            return given
        return {key: _as_meant(value, _types_at(cls, str(key))) for key, value in given.items()}


MOST_CHARACTERS = 60
ADDRESSES = frozenset({IPv4Address, IPv4Interface, IPv4Network, IPv6Address})


@lru_cache(4096)
def _types_at(model: type[BaseModel], key: str) -> frozenset[Any]:
    """The plain types and the choices of a setting; none where there is no such setting."""
    found = (field.annotation for name, field in model.model_fields.items() if key in (name, field.alias))
    return frozenset(kind for annotation in found for kind in _types_of(annotation))


def _types_of(annotation: Any) -> Iterator[Any]:
    parts = get_args(annotation)
    if get_origin(annotation) is Annotated:
        parts = parts[:1]
    if not parts:
        yield annotation
    for part in parts:
        yield from _types_of(part)


def _as_meant(given: Any, kinds: frozenset[Any]) -> Any:
    """The value, as a text where the checker would take a number or a truth value for something else."""
    if isinstance(given, dict):
        return {key: _as_meant(each, kinds) for key, each in given.items()}
    if isinstance(given, list | tuple):
        return [_as_meant(each, kinds) for each in given]
    if isinstance(given, bool):
        return str(given).lower() if not kinds & {bool, str} and (int in kinds or kinds & ADDRESSES) else given
    if isinstance(given, int | float):
        return str(given) if kinds & ADDRESSES or str(given) in kinds else given
    # Choices that are numbers may be in quotation marks.
    choices = {str(kind): kind for kind in kinds if isinstance(kind, int)}
    return choices.get(given, given) if isinstance(given, str) else given


def shortened(text: str) -> str:
    """A value as a sentence has it: the beginning of a long one."""
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."


class Mistakes(ValueError):
    """Several mistakes of one value at once, each a sentence with its remedy."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = list(sentences)
        super().__init__("; ".join(self.sentences))

    @classmethod
    def check(cls, sentences: Iterable[str]) -> None:
        """Raise the mistakes, if there are any."""
        found = cls(sentences)
        if found.sentences:
            raise found


def duplicates(items: list[str]) -> list[str]:
    """The entries that appear more than once, each named once, in their order."""
    return sorted({item for item in items if items.count(item) > 1}, key=items.index)
