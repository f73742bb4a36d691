"""The plugins of the stack: a real one if it exists or can be downloaded, otherwise our stand-in."""

import os
import shlex
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from labvpn.model.fortios_provider import BRIDGE

from . import environment
from .cache import Report, attempt, cache

DOWNLOAD_LIMIT = 180.0


@dataclass(frozen=True)
class Plugin:
    """An executable that the engine starts; `module` is its stand-in.

    `distribution` is the Python package with the version and server of the real one, or `pinned` is the version of one
    without a package; the language host and the one for dynamic resources come only with the engine.
    """

    kind: str
    name: str
    module: str
    distribution: str | None = None
    pinned: str = ""

    @property
    def bundled(self) -> bool:
        """Whether it comes only with the engine."""
        return not (self.distribution or self.pinned)

    @property
    def executable(self) -> str:
        """The name by which the engine looks for it."""
        return f"pulumi-{self.kind}-{self.name}"

    @property
    def folder(self) -> str:
        """Its folder among Pulumi's plugins: the engine takes the version that the package names, and no other."""
        return f"{self.kind}-{self.name}-v{_wanted(self)['version']}"


PLUGINS = (
    Plugin("language", "python", "-P -m rehearsal.toolchain.language"),
    # It imports the stack's own provider classes from the working directory, so no -P here.
    Plugin("resource", "pulumi-python", "-u -m rehearsal.toolchain.dynamic"),
    Plugin("resource", "command", "-P -m rehearsal.toolchain.command", "pulumi-command"),
    Plugin("resource", "fortios", "-P -m rehearsal.toolchain.fortios", "pulumiverse-fortios"),
    Plugin("resource", "terraform-provider", "-P -m rehearsal.toolchain.bridge", pinned=BRIDGE),
)


def needed() -> list[Plugin]:
    """The plugins that a stack can need here: not that of a package that is not installed."""
    return [plugin for plugin in PLUGINS if plugin.distribution is None or _is_installed(plugin.distribution)]


def _is_installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


@dataclass(frozen=True)
class Choice:
    """The real plugin, or None for our stand-in; `sentence` says which, and why."""

    plugin: Plugin
    real: Path | None
    sentence: str


def choose(plugin: Plugin, engine: Path, path: str, report: Report) -> Choice:
    """A real plugin is preferred; if there is none it is downloaded, and if that fails our stand-in is used."""
    reason = None
    real = installed(plugin, engine, path)
    if real is None:
        reason = download(plugin, engine, report)
        real = installed(plugin, engine, path)
    source = real or f"our stand-in, only for the rehearsal; no download: {reason}"
    return Choice(plugin, real, f"{plugin.executable}: {source}")


def stand_ins(python: Path) -> Path:
    """The folder of the stand-ins that run on this Python: only those that are needed."""
    return cache() / "stand-ins" / sha256(str(python).encode()).hexdigest()[:12]


def ours(path: Path) -> bool:
    """Whether an executable is this project's own: in its cache, or a script that names it (such as the rehearsal's
    `pulumi`, which enters the administrator's machine first)."""
    if path.is_relative_to(cache()):
        return True
    with path.open("rb") as file:
        head = file.read(4096)
    return head.startswith(b"#!") and b"labvpn" in head


def real_on(path: str, name: str) -> list[Path]:
    """The executables of this name on a PATH that are not ours, in order."""
    found = (shutil.which(name, path=folder) for folder in path.split(os.pathsep) if folder)
    return [Path(each) for each in found if each is not None and not ours(Path(each))]


def installed(plugin: Plugin, engine: Path, path: str) -> Path | None:
    """The path of a real one: on PATH, beside the engine, or in Pulumi's plugin folder in the right version."""
    beside = engine.resolve().with_name(plugin.executable)
    found = [*real_on(path, plugin.executable), *([beside] if beside.is_file() else []), *_in_folder(plugin)]
    return found[0] if found else None


def _in_folder(plugin: Plugin) -> list[Path]:
    if plugin.bundled:
        return []
    # The engine takes none with the mark of an interrupted download.
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    folder = home / "plugins" / plugin.folder
    cut = folder.with_name(f"{folder.name}.partial")
    real = folder / plugin.executable
    return [real] if real.is_file() and not cut.exists() and not ours(real) else []


def _wanted(plugin: Plugin) -> environment.Plugin:
    """The plugin that the installed Python package names, or the one that is pinned."""
    if plugin.pinned:
        return {"name": plugin.name, "version": plugin.pinned, "server": ""}
    package = plugin.distribution or ""
    wanted = environment.plugin(package, distribution(package))
    if wanted is None:
        raise LookupError(f"the Python package {package} names no plugin; run `make setup` again")
    return wanted


def download(plugin: Plugin, engine: Path, report: Report) -> str | None:
    """Let the engine install a plugin into Pulumi's plugin folder; returns the reason if it fails."""
    if plugin.bundled:
        return "it comes only with the official download of the engine"
    wanted = _wanted(plugin)
    server = ["--server", wanted["server"]] if wanted["server"] else []
    command = [str(engine), "plugin", "install", plugin.kind, plugin.name, wanted["version"], *server]
    return attempt(f"{plugin.executable}-{wanted['version']}", command, DOWNLOAD_LIMIT, report)


def write_stand_ins(python: Path, needed: Iterable[Plugin]) -> Path:
    """Make the folder hold the stand-ins of what comes with the engine, and remove those that are no longer needed."""
    folder = stand_ins(python)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {plugin.executable: script(python, plugin) for plugin in needed if plugin.bundled}
    for stale in [file for file in folder.iterdir() if file.is_file() and file.name not in {"pulumi", *wanted}]:
        stale.unlink()
    for name, text in wanted.items():
        _write(folder / name, text)
    return folder


def write_plugins(python: Path, choices: Iterable[Choice], path: str) -> Path:
    """Make a folder of plugins as the engine has one: our stand-ins, and links to real plugins that are not on PATH.

    There the engine finds them without its warning about plugins on PATH.
    """
    folder = stand_ins(python) / "plugins"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = {choice.plugin.folder: choice for choice in choices if not choice.plugin.bundled}
    # The engine keeps files of its own beside the folders: when each plugin was used, and locks.
    for stale in [each for each in folder.iterdir() if each.is_dir() and each.name not in chosen]:
        shutil.rmtree(stale)
    for name, (plugin, real) in {name: (each.plugin, each.real) for name, each in chosen.items()}.items():
        place = folder / name / plugin.executable
        place.parent.mkdir(exist_ok=True)
        if real is None:
            _write(place, script(python, plugin))
        elif real in real_on(path, plugin.executable):
            shutil.rmtree(place.parent)
        else:
            place.unlink(missing_ok=True)
            place.symlink_to(real.resolve())
    return folder


def _write(place: Path, text: str) -> None:
    made = place.with_name(f"{place.name}.new")
    made.write_text(text)
    made.chmod(0o755)
    made.rename(place)


def script(python: Path, plugin: Plugin) -> str:
    """The stand-in's executable: a shell script that becomes the Python process, which the engine then controls."""
    return (
        "#!/bin/sh\n"
        "# A stand-in of labvpn, only for the rehearsal.\n"
        f'exec {shlex.quote(str(python))} {plugin.module} "$@"\n'
    )
