"""Text that strangers chose (names, hosts' words, lines of logs), made harmless for each place that shows it.

One door for each output: `plain` for a terminal, a page, a label of a metric and the engine's messages, `json_text` for
a program. Whoever shows a text of a machine or a person sends it through one of them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

# Controls (escape sequences too), formats (they reorder or hide what stands beside them), lone surrogates, what is
# unassigned or private, and the separators that some programs take for a line's end.
_STEERING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_ENGINE = re.compile(r"<\{(?=%)")


def is_harmless(char: str) -> bool:
    """Whether a character shows as itself and does nothing else; of the blanks only those within a line."""
    return (char.isascii() and char.isprintable()) or unicodedata.category(char) not in _STEERING


def plain(text: object, keep: str = "") -> str:
    """A text that stays on its line and steers nothing: what could is shown as `?`, except the characters in `keep`."""
    return "".join(char if char in keep or is_harmless(char) else "?" for char in str(text))


def plain_lines(text: object) -> str:
    """The same for a text whose own line feeds stay."""
    return plain(text, keep="\n")


def for_engine(text: object) -> str:
    """A message for Pulumi's engine, which takes `<{%` for the begin of a colour."""
    return _ENGINE.sub("<{ ", plain_lines(text))


def json_text(data: Any, indent: int | None = 2) -> str:
    """JSON with its text readable; whatever would steer a terminal is escaped, as a program reads it back."""
    said = json.dumps(data, indent=indent, ensure_ascii=False)
    return "".join(char if char == "\n" or is_harmless(char) else json.dumps(char)[1:-1] for char in said)
