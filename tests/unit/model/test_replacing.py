"""Files of people that commands of ours replace: their mode, their owner, and what lies beside them."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import pytest

from labvpn.model.replacing import replace_file


def test_a_file_keeps_its_mode_and_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "users.csv"
    file.write_text("name\n")
    file.chmod(0o640)
    with mock.patch("os.chown") as chown:
        replace_file(file, b"name\na\n")
    assert file.read_bytes() == b"name\na\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert chown.call_args.args[1:] == (os.getuid(), os.getgid())


def test_a_new_file_has_the_mode_of_new_files_or_the_one_that_is_given(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    replace_file(tmp_path / "other", b"")
    assert (tmp_path / "other").stat().st_mode == (tmp_path / "plain").stat().st_mode
    replace_file(tmp_path / "secret", b"", 0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["Pulumi.lab.yaml.new", ".Pulumi.lab.yaml.new"])
def test_what_lies_beside_it_stays_and_is_not_written_through(tmp_path: Path, name: str) -> None:
    (tmp_path / "theirs").write_text("mine")
    (tmp_path / name).symlink_to("theirs")
    replace_file(tmp_path / "Pulumi.lab.yaml", b"ours")
    assert (tmp_path / "theirs").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["Pulumi.lab.yaml", name, "theirs"])


def test_a_link_stays_one_and_a_failure_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to("file")
    replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"
    with mock.patch.object(Path, "replace", side_effect=OSError), pytest.raises(OSError):
        replace_file(tmp_path / "file", b"newer")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]


def test_commands_replace_files_by_this_door_alone() -> None:
    """What follows `.replace(` with a path would write beside it, through links, or change its owner."""
    root = Path(__file__).parents[3]
    parts = [
        root / "labvpn" / part for part in ("adopt", "dial", "fortigate_provider", "kit", "probe", "reach", "status")
    ]
    texts = {path.name: path.read_text() for part in parts for path in part.rglob("*.py")}
    assert [name for name, text in texts.items() if "O_TRUNC" in text or '.new"' in text] == []
