"""The Python that runs a stack's program, chosen by Pulumi.yaml's options and the environment."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import environment


class ProgramError(Exception):
    """The program cannot be run; the text says why and what to do."""


@dataclass(frozen=True)
class Interpreter:
    """A Python, with the environment that activates its virtual environment, if it has one."""

    python: Path
    environ: Mapping[str, str]

    def environment(self) -> environment.Environment:
        """Its interpreter and packages, as reported by itself."""
        command = [str(self.python), "-P", environment.__file__]
        done = subprocess.run(command, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise ProgramError(f"{self.python} does not list its packages: {done.stderr.strip()[-500:]}")
        found: environment.Environment = json.loads(done.stdout)
        return found


def interpreter(root: Path, options: Mapping[str, object], environ: Mapping[str, str]) -> Interpreter:
    """The Python of the option `virtualenv` (relative to `root`), else PULUMI_PYTHON_CMD, python3 or python on PATH."""
    refuse_what_is_not_ours(root, options)
    virtualenv = options.get("virtualenv", "")
    if not isinstance(virtualenv, str):
        raise ProgramError("virtualenv option must be a string")
    if virtualenv:
        return activated(root / virtualenv, environ)
    names = [environ["PULUMI_PYTHON_CMD"]] if environ.get("PULUMI_PYTHON_CMD") else ["python3", "python"]
    found = next(filter(None, (shutil.which(name, path=environ.get("PATH")) for name in names)), None)
    if found is None:
        raise ProgramError(f"none of {', '.join(names)} is on PATH; install Python 3.11 or newer")
    return Interpreter(Path(found), dict(environ))


def activated(folder: Path, environ: Mapping[str, str]) -> Interpreter:
    """The Python of a virtual environment, and what its activate script would set."""
    python = folder / "bin" / "python"
    if not python.is_file():
        raise ProgramError(
            f"the option virtualenv in Pulumi.yaml names {folder}, which is not a virtual environment; "
            f"make one with `python3 -m venv {folder}` and install the project's packages into it"
        )
    kept = {name: value for name, value in environ.items() if name != "PYTHONHOME"}
    path = os.pathsep.join(filter(None, [str(python.parent), kept.get("PATH", "")]))
    return Interpreter(python, {**kept, "PATH": path, "VIRTUAL_ENV": str(folder)})


def refuse_what_is_not_ours(root: Path, options: Mapping[str, object]) -> None:
    """Fail for what only the real language host supports: other toolchains, and a type checker."""
    toolchain = options.get("toolchain")
    if toolchain is None:
        locks = (folder / name for name in ("uv.lock", "poetry.lock") for folder in (root, *root.parents))
        toolchain = next((f"of {lock}" for lock in locks if lock.exists()), "pip")
    if toolchain != "pip":
        raise ProgramError(f"this language host is a stand-in that supports only pip and not the toolchain {toolchain}")
    if "typechecker" in options:
        raise ProgramError(
            "this language host is a stand-in without a typechecker; remove that option from Pulumi.yaml"
        )
