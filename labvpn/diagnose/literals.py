"""The plain text that a pattern cannot match without: finding it first is a hundred times as fast as the pattern. Pure."""

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
    """The tokens of each alternative, a group being one token that says nothing."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in _TOKEN.findall(pattern):
        depth += token.startswith("(")
        if depth == 0 and token == "|":
            parts.append([])
        elif depth == 0:
            parts[-1].append(token)
        elif token == ")":
            depth -= 1
            parts[-1].append("")
    return parts


def _runs(tokens: list[str]) -> list[str]:
    """The runs of plain characters; one that may be absent ends its run and is not of it."""
    runs = [""]
    for token in _quantified(tokens):
        if len(token) == 1:
            runs[-1] += token
        else:
            runs.append("")
    return runs


def _quantified(tokens: list[str]) -> list[str]:
    """The tokens as plain characters, '' where anything else stands."""
    plain = [_plain(token) for token in tokens]
    optional = {index - 1 for index, token in enumerate(tokens) if token in "?*{" and token}
    inside = False
    kept = []
    for index, (token, char) in enumerate(zip(tokens, plain, strict=True)):
        inside = inside or token == "{"
        kept.append("" if inside or index in optional else char)
        inside = inside and token != "}"
    return kept


def _plain(token: str) -> str:
    if token.startswith("\\"):
        return token[1] if token[1:] in _PUNCTUATION else ""
    return "" if len(token) != 1 or token in ".^$?*+{}()[]|" else token
