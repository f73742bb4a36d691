"""Python modules as one program: a small loader with their texts, for a machine that has nothing of ours."""

from pathlib import Path
from typing import Dict

PACKAGE = "labvpn.agent"
HERE = Path(__file__).parent
BUILDER = "bundle"
"""This module: the only one of the package that stays here."""

PROGRAM = """\
#!/usr/bin/env python3
import importlib.abc
import importlib.machinery
import sys

MODULES = {{
{modules}
}}


class Bundle(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    def find_spec(self, name, path=None, target=None):
        if name not in MODULES:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin="bundle", is_package=self.is_package(name))

    def is_package(self, name):
        return any(other.startswith(name + ".") for other in MODULES)

    def get_source(self, name):
        return MODULES[name]

    def get_code(self, name):
        return self.source_to_code(MODULES[name], name)


sys.meta_path.insert(0, Bundle())
from {start} import main

if __name__ == "__main__":
    sys.exit(main())
"""


def source() -> str:
    """The agent as the text of a program that runs as a file or by `exec`."""
    return program(package_texts(), PACKAGE + ".main")


def program(texts: Dict[str, str], start: str) -> str:
    """The program of some modules, by their dotted names, that calls `main` of the module `start`.

    It is ASCII, so its length is that in bytes too. Python 3.6 runs it. Packages without a text are empty.
    """
    parents = {name.rsplit(".", depth)[0] for name in texts for depth in range(1, name.count(".") + 1)}
    texts = {**dict.fromkeys(parents, ""), **texts}
    modules = "\n".join("    {}: {},".format(ascii(name), ascii(texts[name])) for name in sorted(texts))
    return PROGRAM.format(modules=modules, start=start)


def package_texts() -> Dict[str, str]:
    """The modules of the agent, by their dotted names."""
    paths = [path for path in HERE.rglob("*.py") if path.stem not in ("__init__", BUILDER)]
    return {dotted(path): path.read_text(encoding="utf-8") for path in paths}


def dotted(path: Path) -> str:
    """The name by which a module of the agent is imported."""
    return ".".join([PACKAGE, *path.relative_to(HERE).with_suffix("").parts])
