"""Rules of form, which are patterns of characters, in words."""

from __future__ import annotations

import re

FORMS = {
    r"^([A-Za-z0-9._@-]{1,64}|\*)$": "1 to 64 letters, digits and . _ @ - (or * for everyone whom RADIUS knows)",
    r'^[^"\\\r\n]*$': 'it in one line, without " and \\',
    r"^[0-9a-fA-F]{64}$": "the 64 hexadecimal digits that sha256sum prints",
    r"^[^\s:/\x00-\x1f\x7f-][^\s:/\x00-\x1f\x7f]{0,255}$": "a user's name as the host has it, "
    "without blanks, / and :, and with no - in front",
    r"^[A-Za-z0-9.-]+(:\d+)?$": "a name or address, with :PORT behind it if it is not 443",
    r"^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$": "1 to 20 small letters, digits and -, with no - at an end",
}
"""What the rules of form mean that are more than a set of characters."""


def described(pattern: str) -> str:
    """A rule of form in words."""
    if pattern in FORMS:
        return FORMS[pattern]
    if found := re.fullmatch(r"\^\[([^\]]+)\](?:\{(\d+)(?:,(\d+))?\}|\+)\$", pattern):
        count = f"{found[2]} to {found[3]} " if found[3] else ""
        return f"{count}{_characters(found[1])} in it, and no others"
    if r"(\." in pattern or r"\.)" in pattern:
        return "a name of letters, digits and -, with points between, such as vpn.lab.example"
    return "it as docs/ has it for this setting"


def _characters(members: str) -> str:
    said = {"A-Za-z": "letters", "A-Z": "capital letters", "a-z": "small letters", "0-9": "digits"}
    words, rest = list[str](), members
    for span, word in said.items():
        if span in rest:
            words.append(word)
            rest = rest.replace(span, "")
    return ", ".join([*words, *(["blanks"] if " " in rest else []), *re.sub(r"[\\ ]", "", rest)])
