"""Everything that the agent keeps on the disk for itself: one writer, with a checksum, a version and no half files."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Callable, Optional, Tuple

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.reading import NotAFile, opened

STATE_VERSION = 1
"""The layout of a state file; an agent that meets another one does not guess what it means."""

LARGEST = 1e13
"""Above every number that is kept: moments are in seconds since 1970."""


class DamagedState(AgentError):
    """A state file is not as the agent wrote it; says which, what is wrong with it and what to do."""

    def __init__(self, name: str, what: str, remedy: str) -> None:
        super().__init__("{} on the VPN host {}: {}".format(name, what, remedy))
        self.what = "has a damaged state file: {} {}".format(name, what)
        self.remedy = remedy


def is_object(value: Any) -> bool:
    """Whether a value is a JSON object, as most state files are."""
    return isinstance(value, dict)


class StateFile:
    """A JSON value of the agent's own at a place of the host, readable by root alone.

    `remedy` says what the administrator does where the file is damaged; `valid` accepts a value of ours.
    Files of earlier agents hold the bare value: they are read, and get their checksum when they are written next.
    """

    def __init__(
        self,
        machine: Machine,
        name: str,
        remedy: str,
        valid: Callable[[Any], bool] = is_object,
        legacy_text: bool = False,
    ) -> None:
        self.machine = machine
        self.name = name
        self.remedy = remedy
        self.valid = valid
        # Earlier agents wrote some values as plain text.
        self.legacy_text = legacy_text

    def read(self) -> Any:
        """The value, None where there is no such file; DamagedState where the file is not as it was written."""
        path = self.machine.path(self.name)
        if not os.path.lexists(str(path)):
            return None
        value = self.value_of(self.bytes_of(path))
        if not self.valid(value):
            raise self.damaged("does not hold what it should")
        return value

    def found(self) -> Tuple[Any, str]:
        """The value or None, and the sentence that says why a file that is there cannot be used, '' if it can."""
        try:
            return self.read(), ""
        except DamagedState as damage:
            return None, str(damage)

    def read_unchecked(self) -> Any:
        """The value without its checksum's test, as someone may have changed it by hand; None where it is not valid."""
        found = self.machine.read_json(self.name)
        value = found.get("value") if is_object(found) and "version" in found else found
        return value if self.valid(value) else None

    def bytes_of(self, path: Path) -> bytes:
        """The file's bytes; anything but a regular file was put there by someone else."""
        try:
            with opened(path, follow=False) as file:
                return file.read()
        except NotAFile as error:
            raise self.damaged(str(error.strerror)) from None
        except OSError as error:
            raise self.damaged("cannot be read ({})".format(error.strerror)) from None

    def value_of(self, data: bytes) -> Any:
        """The value in a file's bytes."""
        if not data.strip(b" \t\r\n\0"):
            raise self.damaged("is empty")
        if self.legacy_text and not data.startswith(b"{"):
            return self.decoded(data)
        try:
            found = json.loads(self.decoded(data))
        except (ValueError, RecursionError):
            raise self.damaged("is cut off or overwritten") from None
        return self.checked(found) if is_object(found) and "version" in found else found

    def decoded(self, data: bytes) -> str:
        """The file's text."""
        try:
            return data.decode("utf-8")
        except ValueError:
            raise self.damaged("is cut off or overwritten") from None

    def checked(self, found: Any) -> Any:
        """The value of a file with a version, whose checksum has to agree."""
        if found["version"] != STATE_VERSION:
            raise self.damaged("was written by another version of the agent")
        if found.get("sha256") != checksum(found.get("value")):
            raise self.damaged("does not agree with its checksum")
        return found["value"]

    def damaged(self, what: str) -> DamagedState:
        """The error for this file."""
        return DamagedState(self.name, what, self.remedy)

    def write(self, value: Any) -> None:
        """Replace the file in one step; OSError where the disk refuses it. A folder in its place is set aside."""
        envelope = {"version": STATE_VERSION, "sha256": checksum(value), "value": value}
        self.machine.write(self.name, json.dumps(envelope, indent=1) + "\n", 0o600)

    def keep(self, value: Any) -> Optional[str]:
        """Write what a service also has in its memory: None, or why the disk does not take it now."""
        try:
            self.write(value)
        except OSError as error:
            return "{} on the VPN host cannot be written ({}); it is kept in memory until it can".format(
                self.name, error.strerror or error
            )
        return None

    def delete(self) -> None:
        """Take the file away."""
        self.machine.delete(self.name)


def is_number(value: Any) -> bool:
    """Whether a value is a number that can be reckoned with; JSON has endless ones too."""
    return isinstance(value, (int, float)) and -LARGEST < value < LARGEST


def are_texts(values: Any) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(values, list) and all(isinstance(one, str) for one in values)


def checksum(value: Any) -> str:
    """The SHA-256 of a value, however it is laid out."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("ascii")).hexdigest()
