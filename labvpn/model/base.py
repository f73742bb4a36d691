"""What all values of the model share: frozen, strict about names, camelCase in the configuration."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Value(BaseModel):
    """A frozen value that refuses unknown fields; its fields are written in camelCase in the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


def duplicates(items: list[str]) -> list[str]:
    """The entries that stand more than once, each named once, in their order."""
    return sorted({item for item in items if items.count(item) > 1}, key=items.index)
