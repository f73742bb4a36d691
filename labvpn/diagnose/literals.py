"""The plain text that a pattern cannot match without, which is found a hundred times as fast as the pattern. Pure."""

import re

SHORTEST = 3
"""A shorter piece is in nearly every line and saves nothing."""

_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|\(\?[:=!<]?[=!]?|.", re.DOTALL)
_PUNCTUATION = frozenset("\\.|?*+()[]{}^$\"'-/ ")


def needed(pattern: str) -> tuple[str, ...]:
    """Pieces of which one is in every text that the pattern matches; none if no such piece can be told."""
    found = [max(_runs(part), key=len, default="") for part in _alternatives(pattern)]
    return tuple(found) if all(len(piece) >= SHORTEST for piece in found) else ()


def _alternatives(pattern: str) -> list[list[str]]:
    """The parts of each alternative, a group being one part that says nothing."""
    parts: list[list[str]] = [[]]
    depth = 0
    for part in _TOKEN.findall(pattern):
        depth += part.startswith("(")
        if depth == 0 and part == "|":
            parts.append([])
        elif depth == 0:
            parts[-1].append(part)
        elif part == ")":
            depth -= 1
            parts[-1].append("")
    return parts


def _runs(parts: list[str]) -> list[str]:
    """The runs of plain characters; one that may be absent ends its run and is not of it."""
    runs = [""]
    for part in _quantified(parts):
        if len(part) == 1:
            runs[-1] += part
        else:
            runs.append("")
    return runs


def _quantified(parts: list[str]) -> list[str]:
    """The parts as plain characters, '' where anything else stands."""
    plain = [_plain(part) for part in parts]
    optional = {index - 1 for index, part in enumerate(parts) if part in "?*{" and part}
    inside = False
    kept = []
    for index, (part, char) in enumerate(zip(parts, plain, strict=True)):
        inside = inside or part == "{"
        kept.append("" if inside or index in optional else char)
        inside = inside and part != "}"
    return kept


def _plain(part: str) -> str:
    if part.startswith("\\"):
        return part[1] if part[1:] in _PUNCTUATION else ""
    return "" if len(part) != 1 or part in ".^$?*+{}()[]|" else part
