"""One vocabulary: names, sentences and docs keep to the glossary of CONTRIBUTING.md."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = ("labvpn", "components", "rehearsal", "tests", "tools")

_OWN = """
told tells sites sight sights pointing looks look strays stray shelf sealed lanes lane sighting sightings equals
promises promise dress hands everybody judge judged judgement shown holds stands says barred
"""
NAMES = frozenset(_OWN.split())
"""Each has a standard term in the glossary; no name has one of them as a word."""

KEYS: dict[tuple[str, str], str] = {}
"""Names that keep such a word, and why: a change would break what an earlier version wrote."""

COMMON = re.compile(r"look_?up")
"""Standard terms that have such a word in them."""

SENTENCES = {
    r"[Ss]hall": "should",
    r"(?<![Tt]here )is no(?= (?!longer|more|less|one|such|doubt|other|older|better|worse|on the server)\w)": "is not",
    r"[Hh]e|[Hh]is|[Hh]im|[Hh]imself": "they, their, them",
    r"[Ee]verybody": "everyone",
    r"[Aa]s yet": "yet",
    r"[Ss]trays?": "unmanaged",
    r"[Ss]ightings?": "observation",
    r"[Ss]ealed": "encrypted",
    r"[Pp]reshared": "pre-shared",
}
"""What makes a native reader stumble, and what to write instead."""

_KANA = "[ぁ-んァ-ヶー一-龯]"
JAPANESE = {
    r"サーバ(?!ー)": "サーバー",
    rf"{_KANA}\((?!\?)|\((?={_KANA})": "（",
    rf"{_KANA}\)(?!\?)|(?<!\?)\)(?={_KANA})": "）",
}
"""The same for Japanese; a bracket of a regular expression has a question mark beside it."""

_RULES = [
    # A word within an option, a path, a key or an address is not of the sentence.
    *((re.compile(rf"(?<![\w./-])(?:{pattern})(?![\w/=]|[.-]\w)"), better) for pattern, better in SENTENCES.items()),
    *((re.compile(pattern), better) for pattern, better in JAPANESE.items()),
]

QUOTES = (
    "labvpn/diagnose/recognise.py",
    "labvpn/diagnose/sentences.py",
    "labvpn/diagnose/tables",
)
"""Here the strings quote the messages of other programs; the docstrings and comments are ours."""

MAY_FAIL: frozenset[str] = frozenset()
"""Files, named from the root, that may still break these rules. Empty: add a file only for the time of a change."""


def code() -> list[Path]:
    found = [path for part in CODE for path in sorted((ROOT / part).rglob("*.py"))]
    return [path for path in found if path != Path(__file__) and _name(path) not in MAY_FAIL]


def documents() -> list[Path]:
    folders = [(ROOT, "*.md"), (ROOT / "docs", "**/*.md"), (ROOT / ".github", "**/*.md"), (ROOT / "labvpn", "**/*.j2")]
    return [path for folder, form in folders for path in sorted(folder.glob(form)) if _name(path) not in MAY_FAIL]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that a module gives to something, with its line; a test's name is a sentence."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                if not name.startswith("test_"):
                    yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                yield node.lineno, name
            case ast.Import() | ast.ImportFrom():
                yield from ((node.lineno, alias.asname) for alias in node.names if alias.asname)


@cache
def words(name: str) -> set[str]:
    """The words of a name in any style: snake_case, CamelCase or CAPITALS."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return set(re.findall(r"[a-z]+", COMMON.sub("", parted)))


def sentences(source: str, quotes: bool = False) -> Iterator[tuple[int, str]]:
    """The strings and comments of a module that have at least two words; where it `quotes`, its own words only."""
    texts = (ast.Expr, ast.JoinedStr, ast.Constant)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, texts)]
    own = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    left_out = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    left_out |= {id(node) for node in nodes if quotes and id(node) not in own}
    for node in nodes:
        if isinstance(node, ast.JoinedStr) and not quotes:
            yield node.lineno, "".join(_literal(part) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield from () if id(node) in left_out else [(node.lineno, node.value)]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _literal(part: ast.expr) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "{}"


def stumbles(text: str) -> list[str]:
    """What is wrong in a text, without the code in it (between backticks or in a fence) and the targets of links."""
    prose = re.sub(r"```.*?```|``[^`]*``|`[^`]*`", "``", text, flags=re.DOTALL)
    prose = re.sub(r"\s+", " ", re.sub(r"\]\([^()]*\)", "]", prose))
    return [
        f"{match[0]!r} -> {better!r} in {prose[max(0, match.start() - 40) : match.end() + 25]!r}"
        for pattern, better in _RULES
        for match in pattern.finditer(prose)
    ]


def test_no_name_has_a_word_of_its_own_for_a_standard_term() -> None:
    found = [
        f"{_name(path)}:{line}: {name}"
        for path in code()
        for line, name in [(0, path.stem), *names(ast.parse(path.read_text()))]
        if words(name) & NAMES and (_name(path), name) not in KEYS
    ]
    assert not found, "\n".join(found)


def test_no_sentence_of_the_code_makes_a_native_reader_stumble() -> None:
    found = [
        f"{_name(path)}:{line}: {problem}"
        for path in code()
        if not path.is_relative_to(ROOT / "tests")
        for line, text in sentences(path.read_text(), _name(path).startswith(QUOTES))
        for problem in stumbles(text)
    ]
    assert not found, "\n".join(found)


def test_no_document_makes_a_native_reader_stumble() -> None:
    found = [f"{_name(path)}: {problem}" for path in documents() for problem in stumbles(path.read_text())]
    assert not found, "\n".join(found)


def test_every_exception_is_still_needed() -> None:
    assert {name for name in MAY_FAIL if not (ROOT / name).is_file()} == set()
    found = {(file, name) for file, _ in KEYS for _, name in names(ast.parse((ROOT / file).read_text()))}
    assert KEYS.keys() <= found


def test_a_word_is_found_in_every_kind_of_name() -> None:
    source = "def f(told): self.says = 1\nclass WhatIsShown: pass\nimport json as LOOK\ndef test_it_says(): strays = 1"
    found = [name for _, name in names(ast.parse(source)) if words(name) & NAMES]
    assert sorted(found) == ["LOOK", "WhatIsShown", "says", "strays", "told"]
    assert not any(words(name) & NAMES for name in ("snapshot", "handshake", "look_up", "lookup", "nameLookup", "hold"))


def test_keys_quotations_and_code_are_not_read_as_sentences() -> None:
    assert len(stumbles("It is no host; the port shall be closed (he opened it).")) == 3
    assert len(stumbles("（サーバ）それを(ここで)開く")) == 3
    assert not stumbles(
        "There is no user, it is no longer open; `shall`, --sealed, kit/sealed.html, sealed.html, his=1"
    )
    assert not stumbles("サーバー（VPN）を[規模](../scale.md)に")
    assert [text for _, text in sentences('x = {"stray": f"{a} is no {b}"}  # as yet')] == ["{} is no {}", "# as yet"]
    assert [text for _, text in sentences('"""Its own."""\nx = "no preshared key"', quotes=True)] == ["Its own."]
