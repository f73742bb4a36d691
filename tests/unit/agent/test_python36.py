"""The oldest host has Python 3.6: neither its grammar nor its library knows what came later."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from labvpn.agent import bundle

MODULES = sorted(path for path in bundle.HERE.glob("*.py") if path.name != "bundle.py")

# Names of the library that Python 3.6 lacks, as attributes, imports or keywords.
LATER_NAMES = set(
    re.findall(
        r"[\w.]+",
        """
        fromisoformat nullcontext aclosing chdir time_ns perf_counter_ns monotonic_ns removeprefix removesuffix isascii
        cached_property cache Final Literal TypedDict Annotated ParamSpec Self dataclass dataclasses contextvars tomllib
        zoneinfo graphlib importlib.metadata importlib.resources dist prod isqrt lcm is_relative_to with_stem readlink
        hardlink_to TLSVersion minimum_version batched pairwise asyncio breakpoint
        """,
    )
)
# `os.readlink` is old, the method of a path is not.
OLD_FUNCTIONS = {"os.readlink"}
LATER_KEYWORDS = {"capture_output", "text", "missing_ok", "dirs_exist_ok", "strict", "slots", "kw_only"}
# Calls whose keywords are meant; `text` and the like are fine names elsewhere.
LIBRARY_CALLS = {"Popen", "run", "check_output", "unlink", "copytree", "zip"}
BUILTIN_GENERICS = {"list", "dict", "set", "frozenset", "tuple", "type"}


def later(tree: ast.AST) -> list[str]:
    """What a module uses that came after Python 3.6."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in LATER_NAMES and ast.unparse(node) not in OLD_FUNCTIONS:
            found.append(node.attr)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            module = getattr(node, "module", None) or ""
            names = [alias.name for alias in node.names]
            found += [name for name in [module, *names] if name in LATER_NAMES]
            found += ["from __future__"] if module == "__future__" else []
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            keywords = {keyword.arg for keyword in node.keywords}
            found += [f"{called}({word}=)" for word in LATER_KEYWORDS & keywords if called in LIBRARY_CALLS]
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in BUILTIN_GENERICS:
            found.append(f"{node.value.id}[...]")
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and isinstance(node.right, ast.Constant):
            found += ["X | None"] if node.right.value is None else []
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.stem))
def test_a_module_is_python_3_6(path: Path) -> None:
    assert later(ast.parse(path.read_text(), feature_version=(3, 6))) == []


@pytest.mark.parametrize(
    "text",
    [
        "import subprocess\nsubprocess.run([], capture_output=True)",
        "subprocess.Popen([], text=True)",
        "from __future__ import annotations",
        "from dataclasses import dataclass",
        "datetime.fromisoformat('x')",
        "def f(x: list[int]) -> None: ...",
        "def f(x: int | None) -> None: ...",
        "path.unlink(missing_ok=True)",
        "path.readlink()",
    ],
)
def test_what_came_later_is_found(text: str) -> None:
    assert later(ast.parse(text)) != []


@pytest.mark.parametrize("text", ["if (x := 1): pass", "def f(x, /): ...", "print(f'{x=}')"])
def test_later_grammar_is_found(text: str) -> None:
    with pytest.raises(SyntaxError):
        ast.parse(text, feature_version=(3, 6))
        pytest.skip("this Python's parser does not tell this one apart")  # an f-string's equals sign
