"""Plain `pulumi` on the rehearsal: run on the administrator's machine, with the rehearsal's own state and secrets."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal import stack_config, values
from rehearsal.places import MODULE, PROJECT
from rehearsal.problems import RehearsalError

TAKES_CONFIGURATION = {
    "preview",
    "pre",
    "up",
    "update",
    "refresh",
    "destroy",
    "down",
    "dn",
    "import",
    "watch",
    "config",
}
"""The engine's commands that read a stack's configuration file and let it be named."""


WRAPPERS = {
    "pulumi": """\
# Pulumi as it runs on the administrator's machine of the labvpn rehearsal.
exec {module} labvpn rehearsal pulumi -- "$@"
""",
    "labvpn": """\
# labvpn as it runs on the administrator's machine of the rehearsal; on another machine of it, where it is called.
[ -n "${{LABVPN_MACHINE:-}}" ] || [ "${{1:-rehearsal}}" = rehearsal ] || set -- rehearsal labvpn -- "$@"
exec {module} labvpn "$@"
""",
}
"""Programs at the front of PATH in a rehearsal's shell, so that plain commands use its lab."""


@dataclass(frozen=True)
class Engine:
    """The engine that was chosen, the folders that PATH begins with for it, and the folder of its plugins."""

    pulumi: Path
    path: tuple[Path, ...]
    plugins: Path

    def environment(self, state: Path) -> dict[str, str]:
        """The caller's environment with our PATH, and the rehearsal's own state, passphrase and PULUMI_HOME."""
        path = os.pathsep.join([*map(str, self.path), os.environ.get("PATH", os.defpath)])
        self.fill_home(state / "pulumi")
        return {**os.environ, **variables(state), "PATH": path, "PULUMI_HOME": str(state / "pulumi")}

    def fill_home(self, home: Path) -> None:
        """Have a PULUMI_HOME in which the engine finds its plugins."""
        home.mkdir(mode=0o700, exist_ok=True)
        link = home / "plugins"
        if not link.is_symlink() or link.readlink() != self.plugins:
            link.unlink(missing_ok=True)
            link.symlink_to(self.plugins)


def variables(state: Path) -> dict[str, str]:
    """The variables of the engine and labvpn; passphrase and key stay in files that only their owner reads."""
    return {
        "LABVPN_SSH_KEY": str(state / "ssh/admin"),
        # Attributes beside the state are not written atomically: a killed engine would leave an empty file, with which
        # the state can no longer be read.
        "PULUMI_BACKEND_URL": f"file://{state / 'backend'}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(state / "passphrase"),
        "PULUMI_STACK": stack_config.STACK,
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }


def ready(state: Path, say: Callable[[str], None]) -> Engine:
    """Get an engine with its plugins and record it for `pulumi`; quick when all is there."""
    from rehearsal.toolchain import engine

    toolchain = engine.prepare(Path(sys.executable), say)
    for sentence in toolchain.sentences:
        say(sentence)
    noted = {"pulumi": str(toolchain.pulumi), "path": list(map(str, toolchain.path)), "plugins": str(toolchain.plugins)}
    (state / "backend").mkdir(mode=0o700, exist_ok=True)
    values.write(state / "engine.json", json.dumps(noted))
    _write_wrappers(state)
    return Engine(toolchain.pulumi, toolchain.path, toolchain.plugins)


def configured(state: Path, say: Callable[[str], None]) -> Path:
    """The stack's configuration file, up to date, once the engine is there with its plugins."""
    engine = ready(state, say)
    return stack_config.ensure(state, engine.pulumi, engine.environment(state))


def noted(state: Path) -> Engine:
    """The engine that `ready` chose; raises RehearsalError before that."""
    try:
        found = json.loads((state / "engine.json").read_text())
    except FileNotFoundError:
        raise RehearsalError("the rehearsal has no engine yet: run `make lab`") from None
    return Engine(Path(found["pulumi"]), tuple(map(Path, found["path"])), Path(found["plugins"]))


def shell_lines(state: Path) -> str:
    """Lines for a shell to evaluate, after which `pulumi` and `labvpn` are the rehearsal's."""
    path = f"{state / 'bin'}:{Path(sys.executable).parent}:$PATH"
    lines = [f'export PATH="{path}"', *(f"export {key}={shlex.quote(text)}" for key, text in variables(state).items())]
    return "\n".join(lines)


def command(state: Path, words: Sequence[str], folder: Path) -> tuple[list[str], dict[str, str]]:
    """The engine's command line and environment for `pulumi WORDS`, run in `folder` by a user of the rehearsal."""
    engine = noted(state)
    environment = engine.environment(state)
    line = [str(engine.pulumi), *words]
    place = next((at for at, word in enumerate(words) if word in TAKES_CONFIGURATION), None)
    if place is not None and _is_ours(words, folder):
        file = stack_config.ensure(state, engine.pulumi, environment)
        line[place + 2 : place + 2] = ["--config-file", str(file)]
    return line, environment


def _is_ours(words: Sequence[str], folder: Path) -> bool:
    """Whether the command is for the project's own stack and names no configuration file."""
    own = {"-C", "--cwd", "-s", "--stack", "--config-file"}
    named = any(word.split("=")[0] in own for word in words)
    return not named and folder == PROJECT


def _write_wrappers(state: Path) -> None:
    folder = state / "bin"
    folder.mkdir(mode=0o700, exist_ok=True)
    module = shlex.join(MODULE)
    for name, text in WRAPPERS.items():
        script = folder / f"{name}.new"
        script.write_text(f"#!/bin/sh\n{text.format(module=module)}")
        script.chmod(0o755)
        script.rename(folder / name)
