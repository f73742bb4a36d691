"""What the rehearsal asks of the caller's system, and how it says what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rehearsal import base_system, images, life, nsenter, places, system, values
from rehearsal.problems import NotRunningError, RehearsalError
from rehearsal.process import Process

DEBIAN = {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}
Patch = pytest.MonkeyPatch


@pytest.fixture
def debian(monkeypatch: Patch) -> Patch:
    """A machine that lacks nothing."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: DEBIAN)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(system, "TUN", Path("/dev/null"))
    monkeypatch.setattr(system, "_no_namespaces", lambda: None)
    return monkeypatch


def test_a_machine_that_lacks_nothing_is_told_nothing(debian: Patch) -> None:
    assert system.unavailable() is None


def test_another_operating_system_is_told_to_take_debian(debian: Patch) -> None:
    debian.setattr(sys, "platform", "darwin")
    debian.setattr(platform, "system", lambda: "Darwin")
    assert system.unavailable() == "the rehearsal needs Linux and this is Darwin: run it on a Debian 12 machine"


def test_another_distribution_is_told_to_take_debian(debian: Patch) -> None:
    debian.setattr(platform, "freedesktop_os_release", lambda: {"ID": "fedora", "PRETTY_NAME": "Fedora 40"})
    assert "this is Fedora 40" in str(system.unavailable())


def test_a_user_is_told_to_be_root(debian: Patch) -> None:
    debian.setattr(os, "geteuid", lambda: 1000)
    assert "run it as root" in str(system.unavailable())


def test_a_machine_without_tun_is_told_how_to_have_it(debian: Patch) -> None:
    debian.setattr(system, "TUN", Path("/nowhere"))
    assert "modprobe tun" in str(system.unavailable())


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: Patch) -> Path:
    path = tmp_path / "policy-rc.d"
    monkeypatch.setattr(system, "POLICY", path)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    return path


def recorded(monkeypatch: Patch, policy: Path, status: int = 0) -> list[tuple[str, str]]:
    """Has the machine's apt replaced by one that notes its command and the policy of that moment."""
    seen: list[tuple[str, str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        seen.append((" ".join(command), policy.read_text() if policy.exists() else ""))
        return subprocess.CompletedProcess(command, status, "", "E: no luck")

    monkeypatch.setattr(subprocess, "run", run)
    return seen


def test_no_service_is_started_by_an_installation(policy: Path, monkeypatch: Patch) -> None:
    seen = recorded(monkeypatch, policy)
    system.ensure_programs(lambda text: None)
    assert [command.split()[:2] for command, _ in seen] == [["apt-get", "install"]]
    assert all("exit 101" in text for _, text in seen)
    assert not policy.exists()


def test_the_systems_own_policy_is_put_back_even_after_a_failure(policy: Path, monkeypatch: Patch) -> None:
    policy.write_text("#!/bin/sh\nexit 104\n")
    policy.chmod(0o700)
    recorded(monkeypatch, policy, status=100)
    with pytest.raises(RehearsalError, match="no luck"):
        system.ensure_programs(lambda text: None)
    assert policy.read_text() == "#!/bin/sh\nexit 104\n"
    assert policy.stat().st_mode & 0o777 == 0o700


def test_a_policy_left_by_a_killed_installation_is_removed(policy: Path, monkeypatch: Patch) -> None:
    recorded(monkeypatch, policy)
    policy.write_text(system.OURS)
    system.ensure_programs(lambda text: None)
    assert not policy.exists()


def test_only_debians_own_sources_are_taken(monkeypatch: Patch) -> None:
    text = "Debian|/etc/apt/sources.list.d/debian.sources:1\nDebian|/etc/apt/sources.list:3\nOther|/etc/apt/x.list:1\n"
    monkeypatch.setattr(system, "_apt", lambda *command, what: text)
    found = system.debian_sources(lambda text: None)
    assert found == [Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d/debian.sources")]


def test_a_machine_without_debians_sources_is_told_so(monkeypatch: Patch) -> None:
    said: list[str] = []
    monkeypatch.setattr(system, "_apt", lambda *command, what: "")
    with pytest.raises(RehearsalError, match=r"restore /etc/apt/sources\.list"):
        system.debian_sources(said.append)
    assert "apt-get update" in said[0]


def test_an_image_is_built_anew_when_its_recipe_changes(monkeypatch: Patch) -> None:
    before = images.BARE.key
    monkeypatch.setattr(base_system, "source", lambda: "another")
    assert images.BARE.key != before


def test_an_image_without_its_whole_folder_is_missing(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert images.missing() == list(images.RECIPES)
    images.TOOLS.path.mkdir(parents=True)
    assert images.missing() == [images.BARE]


def test_a_rehearsals_host_is_debian_12_unless_another_is_named(monkeypatch: Patch) -> None:
    monkeypatch.delenv("LABVPN_REHEARSAL_HOST", raising=False)
    assert images.host() == images.BARE
    monkeypatch.setenv("LABVPN_REHEARSAL_HOST", "debian-13")
    assert (images.host().release, images.host() in images.missing()) == ("trixie", not images.host().path.is_dir())
    monkeypatch.setenv("LABVPN_REHEARSAL_HOST", "debian-1")
    with pytest.raises(RehearsalError, match="can be debian-11, debian-12, debian-13"):
        images.host()


def test_each_system_has_an_image_of_its_own_and_installs_softether_only_where_there_is_a_package() -> None:
    assert len({recipe.path for recipe in images.HOSTS.values()}) == 3
    offered = {name for name, recipe in images.HOSTS.items() if "softether-vpnserver" in recipe.options[0]}
    assert offered == {"debian-11", "debian-12"}


def test_another_release_comes_from_where_this_machine_has_its_own(monkeypatch: Patch) -> None:
    lines = "Other|Other|http://x.example/\nDebian|Debian-Security|http://s.example/\nDebian|Debian|http://d.example/debian/\n"
    monkeypatch.setattr(system, "_apt", lambda *command, what: lines)
    assert system.debian_archive() == "http://d.example/debian/"
    monkeypatch.setattr(system, "_apt", lambda *command, what: lines.replace("Debian|Debian|", "Other|Debian|"))
    with pytest.raises(RehearsalError, match=r"restore /etc/apt/sources\.list"):
        system.debian_archive()


@pytest.mark.parametrize("name", ["../x", "A", "-a", "a" * 32, "a b"])
def test_a_rehearsals_name_is_no_path(name: str, monkeypatch: Patch) -> None:
    monkeypatch.setenv("LABVPN_REHEARSAL", name)
    with pytest.raises(ValueError, match="lower-case letters"):
        places.name()


def test_a_relative_state_folder_is_ignored_as_the_xdg_specification_says(monkeypatch: Patch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    assert places.all_states() == Path.home() / ".local/state/labvpn"


def test_a_process_is_not_taken_for_an_earlier_one_of_its_number() -> None:
    mine = Process.of(os.getpid())
    assert mine.alive
    assert not Process(mine.pid, mine.began - 1).alive


def test_a_command_name_with_blanks_and_brackets_does_not_confuse() -> None:
    rest = " ".join(["S", *map(str, range(4, 53))])
    assert Process.parse(f"71 (a) b (c) {rest}") == Process(71, 22)


def test_a_dead_process_is_none() -> None:
    with pytest.raises(ProcessLookupError):
        Process.parse("71 (gone) Z " + " ".join(map(str, range(4, 53))))


@pytest.mark.parametrize("text", ["", "71", "no stat at all"])
def test_a_mark_that_was_cut_off_notes_nothing(text: str, tmp_path: Path) -> None:
    (tmp_path / "wrapper").write_text(text)
    assert nsenter.noted(tmp_path) is None
    with pytest.raises(NotRunningError, match="run `make lab`"):
        nsenter.running(tmp_path)


@pytest.mark.parametrize("end", ["stop", "start"])
def test_a_folder_of_somebody_elses_is_neither_removed_nor_written_to(
    end: str, tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    mine = tmp_path / "labvpn/lab/.pulumi/stacks/mylab.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}")
    with pytest.raises(RehearsalError, match="is not the folder of a rehearsal; move it away"):
        getattr(life, end)(lambda _: None)
    assert [path.name for path in (tmp_path / "labvpn/lab").iterdir()] == [".pulumi"]


@pytest.mark.parametrize("left", [(), ("ssh",), ("ssh", "fortigate", "passphrase"), ("ssh", "values.yaml", "log")])
def test_what_a_start_that_was_cut_left_is_removed(left: tuple[str, ...], tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "labvpn/lab").mkdir(parents=True)
    for name in left:
        values.write(tmp_path / "labvpn/lab" / values.MARK, values.MARKED)  # the first file of all
        (tmp_path / "labvpn/lab" / name).touch()
    life.stop(lambda _: None)
    assert not (tmp_path / "labvpn").exists()
