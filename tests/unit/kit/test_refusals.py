"""A kit that cannot be made is refused in a sentence, and the others are made."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from labvpn.kit.storage import LIST
from tests.unit.kit.test_cli import TOMORROW, kits, run, users
from tests.unit.kit.test_storage import tree


def test_one_user_whose_kit_is_refused_stops_no_others(tmp_path: Path) -> None:
    run(tmp_path, "--all", users=users(guest1=TOMORROW))
    (tmp_path / "guest1.html").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "guest1")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / LIST).write_text("cut")
    everyone = users(**dict.fromkeys((".hid", "link", "n" * 300, "guest1", "guest2"), TOMORROW))
    for words in (["--all"], ["link", ".hid", "n" * 300, "guest1", "guest2"]):
        done = run(tmp_path, *words, users=everyone)
        assert done.exit_code == 1, done.output
        assert "link: " in done.stderr and ".hid: " in done.stderr and "nnn: " in done.stderr
        assert ("gone: " in done.stderr) == (words == ["--all"])
        assert done.stdout.splitlines() == [f"{name}: {tmp_path / name}" for name in ("guest1", "guest2")]
    assert (tmp_path / "guest1.html").read_text() == "mine"


def test_one_user_with_an_unreadable_certificate_stops_no_others(tmp_path: Path) -> None:
    (tmp_path / "certificates").mkdir()
    (tmp_path / "certificates/guest1.crt").write_bytes(b"\x30\x82\xd0")
    more = ["--certificates", str(tmp_path / "certificates")]
    done = run(tmp_path / "kits", "--all", *more, users=users(guest1=TOMORROW, guest2=TOMORROW))
    assert (done.exit_code, kits(tmp_path / "kits")) == (1, ["guest2"])
    assert "guest1: " in done.stderr


def test_a_folder_that_cannot_be_made_is_refused_once_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file/below", Path("/proc/labvpn-kits")):
        done = run(folder, "--all", users=users(guest1=TOMORROW, guest2=TOMORROW))
        assert done.exit_code == 1
        assert done.stderr.startswith(f"{folder} cannot be made: ")
        assert done.stderr.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_leaves_the_old_kit_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, "guest1", users=users(guest1=TOMORROW))
    before = tree(tmp_path)

    def full(path: Path, _content: bytes) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("labvpn.kit.storage._write", full)
    done = run(tmp_path, "guest1", users=users(guest1=TOMORROW))
    assert (done.exit_code, tree(tmp_path)) == (1, before)
    assert "guest1: the folder of the kits cannot be used: No space left on device" in done.stderr


def test_a_user_who_is_named_twice_gets_one_passphrase(tmp_path: Path) -> None:
    done = run(tmp_path, "guest1", "guest1", "--secrets")
    assert done.stdout.count("passphrase") == 1
