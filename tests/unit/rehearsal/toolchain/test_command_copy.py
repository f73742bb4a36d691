"""Where a copied file or folder comes to lie."""

from pathlib import Path
from typing import Any

import pytest

from rehearsal.toolchain.command.__main__ import CommandPlugin
from rehearsal.toolchain.command.kinds import CopyToRemote
from rehearsal.toolchain.values import ARCHIVE, ASSET, SIGNATURE
from tests.unit.rehearsal.toolchain.serving import Engine, Refused, urn
from tests.unit.rehearsal.toolchain.sshd import Host, connection

TOKEN = "command:remote:CopyToRemote"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with a file and a folder to copy, and `host`, the host's root with a folder and a file."""
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "g").write_text("G")
    (tmp_path / "d" / "e" / "h").write_text("H")
    (tmp_path / "f").write_text("F")
    (tmp_path / "host" / "there").mkdir(parents=True)
    (tmp_path / "host" / "taken").write_text("old")
    return tmp_path


def engine(root: Path) -> Engine:
    return Engine(lambda log: CommandPlugin({TOKEN: CopyToRemote(Host(root=root).connect)}, log))


def properties(source: dict[str, Any], place: str) -> dict[str, Any]:
    return {"connection": connection(), "source": source, "remotePath": place}


def copied(here: Path, source: dict[str, Any], place: str) -> dict[str, str]:
    """Copy, and return each file that is new or changed on the host."""
    engine(here / "host").ask("Create", urn=urn(TOKEN), properties=properties(source, place))
    files = {
        str(path.relative_to(here / "host")): path.read_text() for path in (here / "host").rglob("*") if path.is_file()
    }
    return {name: text for name, text in files.items() if text != "old"}


@pytest.mark.parametrize(
    ("source", "place", "found"),
    [
        ("f", "/new/f2", {"new/f2": "F"}),
        ("f", "in-the-home", {"in-the-home": "F"}),
        ("f", "/there", {"there/f": "F"}),
        ("f", "/taken", {"taken": "F"}),
        ("d", "/there", {"there/d/g": "G", "there/d/e/h": "H"}),
        ("d", "/new", {"new/d/g": "G", "new/d/e/h": "H"}),
        ("d/", "/new", {"new/g": "G", "new/e/h": "H"}),
    ],
)
def test_files_and_folders_lie_where_the_real_plugin_puts_them(here: Path, source: str, place: str, found: Any) -> None:
    assert copied(here, {SIGNATURE: ARCHIVE, "path": f"{here}/{source}"}, place) == found


def test_a_text_becomes_the_file_that_the_remote_path_names(here: Path) -> None:
    assert copied(here, {SIGNATURE: ASSET, "text": "T\n"}, "/new/t") == {"new/t": "T\n"}


def test_a_text_cannot_become_a_folder(here: Path) -> None:
    with pytest.raises(Refused, match=r"^remote path /there is a directory"):
        copied(here, {SIGNATURE: ASSET, "text": "T"}, "/there")


def test_a_missing_source_is_named(here: Path) -> None:
    with pytest.raises(Refused, match=f"^open {here}/nope: no such file or directory$"):
        copied(here, {SIGNATURE: ASSET, "path": f"{here}/nope"}, "/there")


def test_a_folder_does_not_replace_a_file(here: Path) -> None:
    with pytest.raises(Refused, match=r"^failed to copy to remote path /taken"):
        copied(here, {SIGNATURE: ARCHIVE, "path": f"{here}/d"}, "/taken")


@pytest.mark.parametrize(("change", "again"), [({"hash": "2"}, True), ({"path": "/nope"}, False)])
def test_an_update_copies_only_changed_content(here: Path, change: dict[str, str], again: bool) -> None:
    source = {SIGNATURE: ASSET, "path": f"{here}/f", "hash": "1"}
    old, new = properties(source, "/new/f"), properties(source | change, "/new/f")
    engine(here / "host").ask("Update", urn=urn(TOKEN), olds=old, news=new)
    assert (here / "host" / "new" / "f").exists() is again


def test_a_preview_copies_nothing(here: Path) -> None:
    source = {SIGNATURE: ASSET, "path": f"{here}/f", "hash": "1"}
    old, new = properties(source, "/old/f"), properties(source, "/new/f")
    made = engine(here / "host")
    assert made.ask("Create", urn=urn(TOKEN), properties=new, preview=True)["properties"] == new
    assert made.ask("Update", urn=urn(TOKEN), olds=old, news=new, preview=True)["properties"] == new
    assert not (here / "host" / "new").exists()


def test_content_at_another_place_on_this_machine_is_no_difference() -> None:
    old = properties({SIGNATURE: ARCHIVE, "path": "/a", "hash": "1"}, "/x")
    new = properties({SIGNATURE: ARCHIVE, "path": "/b", "hash": "1"}, "/x")
    assert engine(Path()).ask("Diff", urn=urn(TOKEN), old_inputs=old, news=new)["changes"] == "DIFF_NONE"
