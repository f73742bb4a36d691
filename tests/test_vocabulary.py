"""One vocabulary: names and docs keep to the glossary of CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = ("labvpn", "components", "rehearsal", "tests", "tools")

NAMES = frozenset(
    """
    told tells sites sight sights pointing looks look strays stray shelf sealed lanes lane sighting sightings equals
    promises promise dress hands everybody judge judged shown holds stands says
    """.split()
)
"""Words that only this project used for what has a standard term; as a word of a name they are gone."""

SENTENCES = {
    r"\bshall\b": "should",
    r"\bis no (?!longer|more|one|such|doubt|other)\b": "is not",
    r"\b(he|his|him|himself)\b": "they",
    r"\beverybody\b": "everyone",
    r"\bas yet\b": "yet",
    r"\bstrays?\b": "unmanaged",
    r"\bsightings?\b": "observation",
    r"\bsealed\b": "encrypted",
    r"\bpreshared\b": "pre-shared",
    r"サーバ(?!ー)": "サーバー",
}
"""Of the docs and of strings in the code: what a native reader would stumble over, and what stands there instead."""

ALLOWED = {"CHANGELOG.md"}


def files(*suffixes: str) -> list[Path]:
    found = [path for part in CODE for path in (ROOT / part).rglob("*") if path.suffix in suffixes]
    return [path for path in found if "__pycache__" not in path.parts and path != Path(__file__)]


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not node.name.startswith("test_"):  # its name is a sentence
                yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def words(name: str) -> set[str]:
    return set(re.findall(r"[a-z]+", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()))


@pytest.mark.parametrize("path", files(".py"), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_name_has_a_word_of_the_old_lexicon(path: Path) -> None:
    found = [f"{line}: {name}" for line, name in names(ast.parse(path.read_text())) if words(name) & NAMES]
    assert found == []


def documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")]


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_has_a_word_that_a_native_reader_would_stumble_over(path: Path) -> None:
    if path.name in ALLOWED:
        return
    assert stumbles(path.read_text()) == []


@pytest.mark.parametrize("path", files(".py"), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_message_has_a_word_that_a_native_reader_would_stumble_over(path: Path) -> None:
    if path.is_relative_to(ROOT / "tests"):
        return
    strings = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
    assert [found for text in strings if isinstance(text, str) for found in stumbles(text)] == []


def stumbles(text: str) -> list[str]:
    return [
        f"{match[0]!r} -> {better!r} in ...{text[max(0, match.start() - 40) : match.end() + 20]!r}"
        for pattern, better in SENTENCES.items()
        for match in re.finditer(pattern, text, re.IGNORECASE)
    ]


def test_a_word_of_the_old_lexicon_would_be_found() -> None:
    assert words("dns_sights") & NAMES
    assert words("WhatIsToldNow") & NAMES
    assert not words("snapshot") & NAMES
    assert stumbles("the port shall be closed")
    assert not stumbles("the port is no longer open")
