"""Another machine that is reached by a command: its name and the command's words, and what it printed as JSON."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from typing import Any


def named_command(text: str) -> tuple[str, tuple[str, ...]]:
    """The name and the words of NAME=COMMAND PREFIX. ValueError, with what to write instead."""
    name, _, command = text.partition("=")
    try:
        prefix = tuple(shlex.split(command))
    except ValueError as error:
        raise ValueError(f"--vantage {name}: {error} in {command!r}") from None
    if not name.replace("-", "").isalnum() or not prefix:
        raise ValueError(f"--vantage: {text!r} is not NAME=COMMAND, such as campus=ssh me@campus.example labvpn")
    return name, prefix


def printed_objects(text: str) -> Iterator[Any]:
    """Each JSON object that begins with a line of the text, the last first: a login may print before and after it."""
    read_from = json.JSONDecoder().raw_decode
    for start in reversed([found.start() for found in re.finditer(r"^\{", text, re.MULTILINE)]):
        with suppress(ValueError, RecursionError):
            yield read_from(text, start)[0]
