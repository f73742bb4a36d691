"""The guide says the same in both languages, and names commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labvpn.cli import COMMANDS, PARTS, app

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
TEXTS = {name: (GUIDE / f"{name}.md").read_text() for name in ("en", "ja")}
PULUMI = {"preview", "up", "destroy", "cancel", "config", "stack", "refresh", "login"}


def commands(text: str) -> list[str]:
    """What a reader types: spans of code that begin with one of our commands; the log's language may differ."""
    found = re.findall(r"`((?:labvpn|pulumi|make) [^`]*)`", text)
    return sorted({one.replace(" --lang ja", "") for one in found})


def shape(text: str) -> list[int]:
    """How many headings, rows of tables, steps and messages it has."""
    return [len(re.findall(mark, text, re.MULTILINE)) for mark in (r"^#", r"^\|", r"^\d\.")]


def test_both_languages_have_the_same_parts_and_commands() -> None:
    assert shape(TEXTS["en"]) == shape(TEXTS["ja"])
    assert commands(TEXTS["en"]) == commands(TEXTS["ja"])


@pytest.mark.parametrize("language", TEXTS)
def test_every_command_of_the_guide_exists(language: str) -> None:
    words = [one.split() for one in commands(TEXTS[language])]
    own = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    assert {one[1] for one in words if one[0] == "labvpn"} <= own | {*PARTS, *COMMANDS}
    assert {one[1] for one in words if one[0] == "pulumi"} <= PULUMI
    assert len(words) > 15
