"""The agent as one file."""

from __future__ import annotations

import ast
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


def test_every_module_that_the_bundle_imports_is_in_it_or_in_the_library() -> None:
    texts = bundle.package_texts()
    packages = {name.rpartition(".")[0] for name in texts}
    for name, text in texts.items():
        for node in ast.walk(ast.parse(text)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for module in modules:
                ours = module in texts or module in packages
                assert ours or module.partition(".")[0] in sys.stdlib_module_names, f"{name}: {module}"


def test_two_modules_may_have_a_name_of_the_same_kind() -> None:
    text = bundle.program(
        {"p.one": "_X = 1", "p.two": "from p.one import _X as y\n_X = y + 1\ndef main(): print(_X)"}, "p.two"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.stdout == "2\n"


def test_an_error_in_a_module_names_its_line() -> None:
    text = bundle.program({"p.one": "def main():\n    raise ValueError('here')"}, "p.one")
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert 'File "p.one", line 2, in main' in done.stderr


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
