"""What every entry of the box's tables has: FortiOS's field names, an answer by REST, references by name."""

from __future__ import annotations

import json
import uuid
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_serializer

EntryName = Annotated[str, Field(min_length=1, max_length=79)]


def _field_name(name: str) -> str:
    return name.replace("_", "-")


class Entry(BaseModel):
    """A frozen entry of a table; `as_rest` is what REST answers."""

    model_config = ConfigDict(frozen=True, alias_generator=_field_name, coerce_numbers_to_str=True)

    def as_rest(self) -> dict[str, Any]:
        """The fields by FortiOS's names."""
        return self.model_dump(by_alias=True, mode="json")

    @cached_property
    def text(self) -> str:
        """What REST answers as JSON, made once: a change is saved with all that did not change."""
        return json.dumps(self.as_rest())


class Member(Entry):
    """A reference to another object, by its name."""

    name: EntryName

    @model_serializer
    def _repeated(self) -> dict[str, str]:
        return {"name": self.name, "q_origin_key": self.name}


class FullEntry(Entry):
    """An entry of a table that has further fields (`fields.py`), which are kept as they come."""

    model_config = ConfigDict(extra="allow")


class Identified(FullEntry):
    """An entry with a UUID from its creation."""

    uuid: str = Field(default_factory=lambda: str(uuid.uuid4()))
