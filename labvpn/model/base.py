"""What all values of the model share: frozen, strict about names, camelCase in the configuration."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


def to_camel(name: str) -> str:
    """The configuration's spelling of a field: `l2tp_ipsec` is `l2tpIpsec` (pydantic's own gives `l2TpIpsec`)."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Value(BaseModel):
    """A frozen value that refuses unknown fields; its fields are written in camelCase in the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


def duplicates(items: list[str]) -> list[str]:
    """The entries that stand more than once, each named once, in their order."""
    return sorted({item for item in items if items.count(item) > 1}, key=items.index)
