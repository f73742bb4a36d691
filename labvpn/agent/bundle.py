"""The agent as one file: its modules joined, in the order in which they need each other."""

import ast
from pathlib import Path
from typing import Dict, List, Set

PACKAGE = "labvpn.agent"
START = "#!/usr/bin/env python3\n"
HERE = Path(__file__).parent


def source() -> str:
    """The text of a program that runs as a file or by `exec`; ASCII, so its length is that in bytes too."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in HERE.glob("*.py")}
    del texts["__init__"], texts["bundle"]
    return START + "\n\n".join(without_siblings(texts[name]) for name in in_order(texts))


def siblings(text: str) -> List[ast.ImportFrom]:
    """The imports from the package itself."""
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    return [node for node in nodes if (node.module or "").startswith(PACKAGE)]


def in_order(texts: Dict[str, str]) -> List[str]:
    """The modules, each after those that it imports from."""
    needs = {name: {(node.module or "").rpartition(".")[2] for node in siblings(text)} for name, text in texts.items()}
    order: List[str] = []
    while len(order) < len(needs):
        ready = sorted(name for name, wanted in needs.items() if name not in order and wanted <= set(order))
        if not ready:
            raise ValueError("modules of the agent import each other in a circle: {}".format(set(needs) - set(order)))
        order += ready
    return order


def without_siblings(text: str) -> str:
    """A module's text without its imports from the package, which are names of the same file then."""
    gone: Set[int] = set()
    for node in siblings(text):
        gone.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return "".join(line for number, line in enumerate(text.splitlines(True), 1) if number not in gone)
