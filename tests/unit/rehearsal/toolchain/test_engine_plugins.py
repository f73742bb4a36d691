"""Which plugin is used: a real one on PATH, beside the engine or in Pulumi's folder; a download; a stand-in."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from rehearsal.toolchain import cache, engine, plugins

LANGUAGE, DYNAMIC, COMMAND, FORTIOS, BRIDGE = plugins.PLUGINS
INSTALL = """#!/bin/sh
[ "$1" = version ] && exec echo v3.300.0
echo "$@" >> "$(dirname "$0")/asked"
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an engine on PATH that installs nothing, however often it is asked."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    executable(tmp_path / "bin" / "pulumi", INSTALL + "echo no route; exit 1\n")
    return tmp_path


def executable(path: Path, text: str = "a real one") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def prepared() -> engine.Toolchain:
    return engine.prepare(Path(sys.executable), lambda _: None)


def in_folder(home: Path, name: str) -> Path:
    return executable(home / "pulumi" / "plugins" / name / "pulumi-resource-command")


def test_without_any_real_plugin_all_are_stood_in_for() -> None:
    toolchain = prepared()
    assert set(toolchain.stand_ins) == {plugin.executable for plugin in plugins.PLUGINS}
    assert {file.name for file in toolchain.path[-1].iterdir() if file.is_file()} == {
        LANGUAGE.executable,
        DYNAMIC.executable,
        "pulumi",
    }
    assert {str(file.relative_to(toolchain.plugins)) for file in toolchain.plugins.glob("*/*")} == {
        f"{plugin.folder}/{plugin.executable}" for plugin in (COMMAND, FORTIOS, BRIDGE)
    }
    assert all("only for the rehearsal" in sentence for sentence in toolchain.sentences[1:])


@pytest.mark.parametrize("plugin", plugins.PLUGINS)
def test_a_real_plugin_on_path_wins_and_its_stand_in_goes(home: Path, plugin: plugins.Plugin) -> None:
    first = prepared()
    stale = first.path[-1] / plugin.executable if plugin.bundled else first.plugins / plugin.folder
    assert stale.exists()
    executable(home / "bin" / plugin.executable)
    assert plugin.executable not in prepared().stand_ins
    assert not stale.exists()


def test_a_stand_in_on_path_is_not_taken_for_a_real_plugin(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepared()
    monkeypatch.setenv("PATH", ":".join(map(str, [*first.path, home / "bin", "/usr/bin", "/bin"])))
    assert prepared().stand_ins == first.stand_ins


def test_what_the_engine_keeps_beside_its_plugins_is_no_plugin() -> None:
    first = prepared()
    (first.plugins / f"{FORTIOS.folder}.lastused").touch()
    assert prepared().stand_ins == first.stand_ins


def test_a_real_plugin_beside_the_engine_wins(home: Path) -> None:
    (home / "links").mkdir()
    (home / "links" / "pulumi").symlink_to(home / "bin" / "pulumi")
    real = executable(home / "bin" / "pulumi-language-python")
    assert plugins.installed(LANGUAGE, home / "links" / "pulumi", str(home / "links")) == real


def test_a_real_plugin_in_pulumis_folder_wins(home: Path) -> None:
    real = in_folder(home, f"resource-command-v{version('pulumi-command')}")
    assert plugins.installed(COMMAND, home / "bin" / "pulumi", "") == real
    toolchain = prepared()
    assert "pulumi-resource-command" not in toolchain.stand_ins
    assert (toolchain.plugins / COMMAND.folder / COMMAND.executable).samefile(real)


def test_a_stand_in_in_pulumis_folder_is_not_taken_for_a_real_plugin(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = prepared()
    (home / "own").mkdir()
    (home / "own/plugins").symlink_to(first.plugins)
    monkeypatch.setenv("PULUMI_HOME", str(home / "own"))
    assert prepared().stand_ins == first.stand_ins


def test_a_plugin_of_another_version_or_cut_off_in_its_download_does_not_count(home: Path) -> None:
    in_folder(home, "resource-command-v0.9.0")
    real = in_folder(home, f"resource-command-v{version('pulumi-command')}")
    real.parent.with_name(f"{real.parent.name}.partial").touch()
    assert plugins.installed(COMMAND, home / "bin" / "pulumi", "") is None


def test_a_plugin_is_downloaded_in_the_version_and_from_the_server_of_its_package(home: Path) -> None:
    prepared()
    asked = (home / "bin" / "asked").read_text().splitlines()
    assert asked[0] == f"plugin install resource command {version('pulumi-command')}"
    assert asked[1].startswith(f"plugin install resource fortios {version('pulumiverse-fortios')} --server github://")
    assert asked[2:] == [f"plugin install resource terraform-provider {BRIDGE.pinned}"]


def test_a_plugin_that_could_be_downloaded_needs_no_stand_in(home: Path) -> None:
    folder = home / "pulumi" / "plugins" / f"resource-command-v{version('pulumi-command')}"
    install = f'[ "$4" = command ] || exit 1\nmkdir -p {folder} && touch {folder}/pulumi-resource-command\n'
    executable(home / "bin" / "pulumi", INSTALL + install)
    assert "pulumi-resource-command" not in prepared().stand_ins


def test_a_plugins_download_that_failed_is_not_tried_again(home: Path) -> None:
    prepared()
    sentence = prepared().sentences[3]
    assert len((home / "bin" / "asked").read_text().splitlines()) == 3
    memory = cache.memory(f"pulumi-resource-command-{version('pulumi-command')}")
    assert f"no route (to try again: rm {memory})" in sentence


def test_the_stand_ins_come_last_on_path_and_the_projects_python_first(home: Path) -> None:
    path = engine.front("/usr/bin", home / "bin" / "pulumi", Path("/venv/bin/python"), [home / "ours"])
    assert path == (Path("/venv/bin"), home / "bin", home / "ours")


def test_an_engine_that_path_finds_already_is_not_put_before_it(home: Path) -> None:
    path = engine.front(f"/usr/bin:{home / 'bin'}", home / "bin" / "pulumi", Path("/venv/bin/python"), [])
    assert path == (Path("/venv/bin"),)


def test_with_all_plugins_real_nothing_of_ours_is_on_path(home: Path) -> None:
    for plugin in plugins.PLUGINS:
        executable(home / "bin" / plugin.executable)
    toolchain = prepared()
    assert toolchain.stand_ins == () and toolchain.path == (Path(sys.executable).parent,)
    assert toolchain.pulumi == home / "bin" / "pulumi"


def test_the_engine_gets_a_name_beside_the_stand_in_language_host(home: Path) -> None:
    toolchain = prepared()
    assert toolchain.pulumi == toolchain.path[-1] / "pulumi"
    assert toolchain.pulumi.samefile(home / "bin" / "pulumi")
    executable(home / "bin" / "pulumi.new", INSTALL + "exit 1\n").rename(home / "bin" / "pulumi")
    assert prepared().pulumi.samefile(home / "bin" / "pulumi")


def test_a_stand_in_hands_its_arguments_to_its_module(home: Path) -> None:
    python = executable(home / "a folder" / "python", '#!/bin/sh\necho "$@"\n')
    folder = plugins.write_plugins(python, [plugins.Choice(COMMAND, None, "")], "")
    said = subprocess.run([folder / COMMAND.folder / COMMAND.executable, "127.0.0.1:1"], capture_output=True, text=True)
    assert said.stdout == "-P -m rehearsal.toolchain.command 127.0.0.1:1\n"
