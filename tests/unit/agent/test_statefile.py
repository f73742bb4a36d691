"""State files: whatever becomes of them is named with its remedy, and never read as something else."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.state_file import DamagedState, StateFile

NAME = "/var/lib/labvpn/held.json"
VALUE = {"LAB": {"guest1": {"until": 1764462000.25, "lifted": False}}, "日本": {}}
DAMAGES: dict[str, Any] = {
    "emptied": lambda path: path.write_bytes(b""),
    "zeroed by a power cut": lambda path: path.write_bytes(b"\0" * 40),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:50]),
    "one bit": lambda path: path.write_text(path.read_text().replace("1764462000.25", "1764462001.25")),
    "garbage": lambda path: path.write_bytes(b"\xff\xfe\x00garbage"),
    "words": lambda path: path.write_text("no JSON\n"),
    "another shape": lambda path: path.write_text("[1, 2]\n"),
    "null": lambda path: path.write_text("null\n"),
    "deep": lambda path: path.write_text("[" * 200_000),
    "another version": lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), "version": 2})),
    "a version alone": lambda path: path.write_text('{"version": 1}'),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link": lambda path: (path.rename(path.with_name("other")), path.symlink_to("other")),
    "a dangling link": lambda path: (path.unlink(), path.symlink_to("nowhere")),
    "a device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
}


@pytest.fixture
def file(tmp_path: Path) -> StateFile:
    file = StateFile(Machine(str(tmp_path)), NAME, "delete it; the reaper writes it anew")
    file.write(VALUE)
    return file


def test_what_is_written_is_read_and_root_alone_may_read_it(file: StateFile) -> None:
    path = file.machine.path(NAME)
    assert file.read() == VALUE
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["held.json"]


def test_what_somebody_wrote_by_hand_is_shown_though_nobody_obeys_it(file: StateFile) -> None:
    DAMAGES["one bit"](file.machine.path(NAME))
    assert file.found()[0] is None
    assert file.read_unchecked()["LAB"]["guest1"]["until"] == 1764462001.25
    for damage in ("emptied", "garbage", "another shape", "a folder", "deep", "a version alone"):
        file.write(VALUE)
        DAMAGES[damage](file.machine.path(NAME))
        assert file.read_unchecked() is None


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_with_its_remedy_and_can_be_written_again(file: StateFile, damage: str) -> None:
    path = file.machine.path(NAME)
    DAMAGES[damage](path)
    with pytest.raises(DamagedState, match=rf"^{NAME} on the VPN host .*: delete it; the reaper writes it anew$"):
        file.read()
    assert file.found()[0] is None
    file.write(VALUE)
    assert file.found() == (VALUE, "")
    assert not path.is_symlink()


def test_a_folder_that_somebody_put_in_its_place_is_kept(file: StateFile) -> None:
    path = file.machine.path(NAME)
    path.unlink()
    path.mkdir()
    (path / "theirs").write_text("kept")
    file.write(VALUE)
    (aside,) = path.parent.glob("held.json.found-*")
    assert (aside / "theirs").read_text() == "kept"


def test_a_link_in_its_place_is_not_written_through(file: StateFile, tmp_path: Path) -> None:
    path, target = file.machine.path(NAME), tmp_path / "theirs"
    for link in (path, path.with_name("held.json.new")):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    file.write(VALUE)
    assert not target.exists()
    assert file.read() == VALUE


def test_a_file_of_an_earlier_agent_is_read(file: StateFile) -> None:
    file.machine.write(NAME, json.dumps(VALUE))
    assert file.found() == (VALUE, "")
    applied = StateFile(file.machine, "/var/lib/labvpn/hub.applied", "", lambda value: isinstance(value, str), True)
    file.machine.write(applied.name, "hub LAB online=yes\n")
    assert applied.read() == "hub LAB online=yes\n"
    applied.write("hub LAB online=yes\n")
    assert applied.read() == "hub LAB online=yes\n"


def test_no_file_is_no_damage(tmp_path: Path) -> None:
    assert StateFile(Machine(str(tmp_path)), NAME, "").found() == (None, "")


def test_a_full_disk_is_told_and_leaves_the_old_file_whole(file: StateFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = file.keep({})
    assert said is not None
    assert NAME in said
    assert "No space left on device" in said
    assert file.read() == VALUE
    assert [one.name for one in file.machine.path(NAME).parent.iterdir()] == ["held.json"]
