"""The agent as one file."""

from __future__ import annotations

import ast
import collections
import json
import subprocess
import sys

import pytest

from labvpn.agent import bundle

BOOTSTRAP = "import sys;n=int(sys.stdin.readline());exec(sys.stdin.read(n))"


def run(*words: str, request: str = "", source: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the agent from its standard input, as a host does on which nothing is installed."""
    text = bundle.source() if source is None else source
    return subprocess.run(
        [sys.executable, "-c", BOOTSTRAP, *words], input=f"{len(text)}\n{text}{request}", capture_output=True, text=True
    )


def test_the_bundle_is_plain_ascii_so_its_length_is_that_in_bytes() -> None:
    assert bundle.source().isascii()


def test_the_bundle_is_the_same_each_time_and_ends_its_last_line() -> None:
    assert bundle.source() == bundle.source()
    assert bundle.source().startswith("#!/usr/bin/env python3\n")
    assert bundle.source().endswith("\n")


def test_the_bundle_imports_nothing_of_ours() -> None:
    modules = {
        name
        for node in ast.walk(ast.parse(bundle.source()))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert {name.partition(".")[0] for name in modules} <= sys.stdlib_module_names


def test_no_name_is_defined_in_two_modules() -> None:
    names: collections.Counter[str] = collections.Counter()
    for path in bundle.HERE.glob("*.py"):
        if path.stem not in ("__init__", "bundle"):
            names.update(defined(ast.parse(path.read_text())))
    assert [name for name, count in names.items() if count > 1] == []


def defined(tree: ast.Module) -> set[str]:
    """The names that a module defines at its top."""
    names = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
    return names


def test_every_module_imports_its_siblings_by_name_and_unrenamed() -> None:
    for path in bundle.HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("labvpn"):
                assert (node.module or "").startswith(f"{bundle.PACKAGE}."), f"{path.name}: {node.module}"
                assert [alias.asname for alias in node.names] == [None] * len(node.names), path.name
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith("labvpn") for alias in node.names), path.name


def test_the_agent_answers_from_standard_input_with_nothing_installed() -> None:
    done = run("observe", request=json.dumps({"documents": {}, "secrets": {}}))
    assert (done.returncode, done.stdout, done.stderr) == (0, "{}\n", "")


def test_a_request_that_is_none_is_one_sentence_without_its_text() -> None:
    done = run("observe", request='{"secrets": "canary')
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "canary" not in done.stderr


@pytest.mark.parametrize("words", [[], ["dance"], ["converge", "weather"], ["confirm", "hub"]])
def test_a_command_that_is_none_is_one_sentence(words: list[str]) -> None:
    done = run(*words)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
