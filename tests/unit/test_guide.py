"""The guide says the same in both languages, and a test runs every command of it and of the README."""

from __future__ import annotations

import re

from tests.guide import (
    ADMINISTERED,
    ADOPTING,
    ENGLISH,
    JAPANESE,
    NOT_RUN,
    README,
    REHEARSED,
    TEXTS,
    block,
    commands,
    rows,
    steps,
)


def shape(text: str) -> list[int]:
    """How many headings, rows of tables, steps and messages it has."""
    return [len(re.findall(mark, text, re.MULTILINE)) for mark in (r"^#", r"^\|", r"^\d\.")]


def test_both_languages_have_the_same_parts_and_commands() -> None:
    english, japanese = TEXTS[ENGLISH], TEXTS[JAPANESE]
    assert shape(english) == shape(japanese)
    # The log may be explained in either language.
    assert sorted(commands(english)) == sorted(one.replace(" --lang ja", "") for one in commands(japanese))
    assert list(steps(english).values()) == list(steps(japanese).values())
    assert list(rows(english, "Every day").values()) == list(rows(japanese, "日々の作業").values())


def test_every_command_of_the_guide_and_the_readme_is_run_by_a_test() -> None:
    typed = {command for text in TEXTS.values() for command in commands(text)}
    assert typed == REHEARSED | ADMINISTERED | ADOPTING | NOT_RUN.keys()
    assert len(typed) >= 40
    assert not (REHEARSED | ADMINISTERED | ADOPTING) & NOT_RUN.keys()


def test_a_command_is_found_in_a_sentence_in_a_row_and_in_a_block_and_nothing_else_is() -> None:
    text = (
        "Say `labvpn new NAME`, not `dns.mode: manual`.\n| `it is locked` | `pulumi fly` |\n    sudo dnf up    # why\n"
    )
    assert commands(text) == ["labvpn new NAME", "pulumi fly", "sudo dnf up"]
    assert block(text, "Say") == ["sudo dnf up"]


def test_what_is_run_in_the_order_of_the_text_is_found_in_it() -> None:
    assert len(steps(TEXTS[ENGLISH])) == 6
    assert len(rows(TEXTS[ENGLISH], "Every day")) >= 14
    assert len(block(TEXTS[README], "Keys and secrets")) == 9
