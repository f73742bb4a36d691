"""What was found of a lab, as the stack's configuration has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from labvpn.model.problems import problems_of


@dataclass
class Found:
    """Sections of the configuration, rows of the users' file, other files, secrets, and what a person should know.

    `remarks` are sentences: what the stack leaves as it is, and what its first `up` would change.
    """

    sections: dict[str, Any] = field(default_factory=dict)
    users: list[dict[str, str]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    remarks: list[str] = field(default_factory=list)

    def trouble(self, model: type[BaseModel], values: Mapping[str, Any]) -> str:
        """Why the configuration cannot express this, empty where it can; no secret is repeated."""
        try:
            model.model_validate(values, context={"files": self.files.get})
        except ValidationError as error:
            return "; ".join(str(problem).lstrip(".") for problem in problems_of(error, "", model))
        return ""

    def keeps(self, what: str, why: str, where: str) -> None:
        """Add the remark that something stays on the server as it is, why, and where the configuration says so."""
        self.remarks.append(f"{what} stays as it is ({where}), since {why}")
