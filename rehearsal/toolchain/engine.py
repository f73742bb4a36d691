"""The Pulumi engine and its plugins: found, downloaded, built, or replaced by stand-ins."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from . import golang, plugins
from .cache import Report, alone, attempt, cache
from .golang import EngineMissingError

__all__ = ["EngineMissingError", "Toolchain", "prepare"]

# The oldest version whose refresh uses the inputs that a dynamic resource reads.
OLDEST = (3, 216, 0)
DOWNLOAD_LIMIT = 180.0
DOWNLOAD = "import sys; from pulumi.automation import PulumiCommand; PulumiCommand.install(root=sys.argv[1])"


@dataclass(frozen=True)
class Toolchain:
    """What runs the stack: the engine, the directories to put at the front of PATH, and a folder of plugins.

    `plugins` becomes the folder `plugins` of the engine's PULUMI_HOME. `stand_ins` are the executables that are ours
    instead of Pulumi's; `sentences` say what was chosen, and why.
    """

    pulumi: Path
    path: tuple[Path, ...]
    plugins: Path
    stand_ins: tuple[str, ...]
    sentences: tuple[str, ...]


def prepare(python: Path, report: Report) -> Toolchain:
    """Find or get the engine and plugins for a stack that runs on `python`, which has this package installed.

    Quick when all is there. Reads PATH and PULUMI_HOME, so these must be those of the stack. Raises EngineMissingError
    if no engine is available.
    """
    path = os.environ.get("PATH", os.defpath)
    with alone(report):
        pulumi, sentence = _engine(path, report)
        chosen = [plugins.choose(plugin, pulumi, path, report) for plugin in plugins.needed()]
        needed = [choice.plugin for choice in chosen if choice.real is None]
        folder = plugins.write_stand_ins(python, needed)
        in_home = plugins.write_plugins(python, chosen, path)
        bundled = any(plugin.bundled for plugin in needed)
        if bundled:
            pulumi = beside_stand_ins(pulumi, folder)
    return Toolchain(
        pulumi=pulumi,
        path=front(path, pulumi, python, [folder] if bundled else []),
        plugins=in_home,
        stand_ins=tuple(plugin.executable for plugin in needed),
        sentences=(sentence, *(choice.sentence for choice in chosen)),
    )


def beside_stand_ins(pulumi: Path, folder: Path) -> Path:
    """A second name for the engine's file, in the folder of the stand-ins.

    The engine warns several times a run about each language host that it finds on PATH and not in its own folder. If no
    link can be made (another file system), the engine stays where it is, with the warnings.
    """
    link = folder / "pulumi"
    if link.exists() and link.samefile(pulumi):
        return link
    link.unlink(missing_ok=True)
    try:
        link.hardlink_to(pulumi.resolve())
    except OSError:
        return pulumi
    return link


def front(path: str, pulumi: Path, python: Path, last: list[Path]) -> tuple[Path, ...]:
    """The directories to put before PATH: the project's Python, the engine if PATH lacks it, then `last`."""
    known = {Path(folder) for folder in path.split(os.pathsep)}
    engine = [pulumi.parent] if pulumi.parent not in [*known, *last] else []
    return (python.parent, *engine, *last)


def _engine(path: str, report: Report) -> tuple[Path, str]:
    """The engine and its origin: PATH, the official download, or a build; the last two happen once."""
    for found in _new_enough(path, report):
        return found, f"engine: {found}, found on PATH"
    official, reason = _official(report)
    if official is not None:
        return official, f"engine: {official}, the official download"
    built = golang.built()
    if not built.is_file():
        report(f"engine: no official download: {reason}")
        golang.build(report)
    return built, f"engine: {built}, built from its Go module; no official download: {reason}"


def _new_enough(path: str, report: Report) -> Iterator[Path]:
    for candidate in plugins.real_on(path, "pulumi"):
        found = version_of(candidate)
        if found is not None and OLDEST <= found < (4, 0, 0):
            yield candidate
        else:
            text = ".".join(map(str, found)) if found else "of unknown version"
            report(f"engine: {candidate} is {text} and 3.216 or newer is needed, so it is not used")


def version_of(pulumi: Path) -> tuple[int, ...] | None:
    """The version printed by `pulumi version` as three numbers, or None if there is none."""
    try:
        output = subprocess.run(
            [pulumi, "version"],
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    numbers = re.match(r"v?(\d+)\.(\d+)\.(\d+)", output)
    return tuple(map(int, numbers.groups())) if numbers else None


def _official(report: Report) -> tuple[Path | None, str]:
    """The official download of the SDK's own version, in the cache, or the reason why it is missing."""
    target = cache() / "engine" / f"official-v{version('pulumi')}"
    if not target.is_dir():
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        command = [sys.executable, "-c", DOWNLOAD, str(partial)]
        reason = attempt(f"engine-{target.name}", command, DOWNLOAD_LIMIT, report)
        if reason is not None:
            return None, reason
        partial.rename(target)
    return target / "bin" / "pulumi", ""
