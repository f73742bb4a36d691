"""What was found of a lab, as the stack's configuration has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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
