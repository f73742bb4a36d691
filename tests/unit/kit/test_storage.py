"""The folder of the kits: only what this program made is ever removed or replaced."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from labvpn.kit.storage import DRAFT, KitStorage
from tests.unit.kit.test_cli import TOMORROW, kits, run, users

FILES = {"sheet.html": b"sheet", "softether.vpn": b"setting"}
OLD_SHEET = "<style>@page { size: A4; margin: 14mm }</style>"


def tree(folder: Path) -> dict[str, str]:
    """Everything below a folder, with what stands in it."""
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_text() if path.is_file() else "" for path in paths}


def work(folder: Path) -> Path:
    """Somebody's folder, in which no kit is."""
    for name in ("thesis/chapter.tex", "photos/sheet.html", "index.html", ".git/config"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")
    return folder


@pytest.mark.parametrize("words", [("--all",), ("guest1",), ("--all", "--secrets"), ("nobody",)])
def test_a_folder_of_somebody_elses_is_refused_and_left_as_it_was(tmp_path: Path, words: tuple[str, ...]) -> None:
    before = tree(work(tmp_path))
    mode = tmp_path.stat().st_mode
    done = run(tmp_path, *words)
    assert done.exit_code == 1
    assert words == ("nobody",) or "has files that are not kits (.git, index.html, photos)" in done.stderr
    assert (tree(tmp_path), tmp_path.stat().st_mode) == (before, mode)


def test_what_somebody_put_among_the_kits_stays(tmp_path: Path) -> None:
    run(tmp_path, "--all", users=users(guest1=TOMORROW, gone=TOMORROW))
    work(tmp_path)
    (tmp_path / "gone/own.key").write_text("mine")
    done = run(tmp_path, "--all", users=users(guest1=TOMORROW))
    assert done.exit_code == 0, done.stderr
    assert tree(tmp_path / "gone") == {"own.key": "mine"}
    assert (tmp_path / "thesis/chapter.tex").read_text() == "mine"
    assert (tmp_path / "index.html").read_text() == "mine"


def test_a_users_own_file_in_a_kit_stays_when_the_kit_is_made_anew(tmp_path: Path) -> None:
    run(tmp_path, "guest1", users=users(guest1=TOMORROW))
    (tmp_path / "guest1/own.key").write_text("mine")
    assert run(tmp_path, "guest1", users=users(guest1=TOMORROW)).exit_code == 0
    assert (tmp_path / "guest1/own.key").read_text() == "mine"
    assert (tmp_path / "guest1/sheet.html").exists()


@pytest.mark.parametrize("name", ["guest1", "guest1.html"])
@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_stands_in_a_kits_place_and_is_none_is_named_and_stays(tmp_path: Path, name: str, kind: str) -> None:
    kept, folder = work(tmp_path / "work"), tmp_path / "kits"
    KitStorage(folder).put("other", FILES)
    place = folder / name
    if kind == "link":
        place.symlink_to(kept)
    elif kind == "folder":
        work(place)
    else:
        place.write_text("mine")
    before = tree(folder), tree(kept)
    storage = KitStorage(folder)
    with pytest.raises(ValueError, match="is not one; move it away"):
        storage.put_encrypted("guest1", "page") if name.endswith("html") else storage.put("guest1", FILES)
    assert storage.remove("guest1") is False
    assert (tree(folder), tree(kept)) == before


@pytest.mark.parametrize("folder", [Path("/"), Path("/home"), Path("/home/anna"), Path(), Path(".."), Path("/etc")])
def test_the_root_a_home_and_the_folder_one_is_in_are_never_kits(folder: Path) -> None:
    with pytest.raises(ValueError, match="is not a folder for kits alone; give --folder a new one"):
        KitStorage(folder).put("guest1", FILES)


def test_ones_own_home_is_no_folder_of_kits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    (tmp_path / "me").mkdir()
    for folder in (tmp_path / "me", tmp_path):
        with pytest.raises(ValueError, match="is not a folder for kits alone"):
            KitStorage(folder).put("guest1", FILES)


def test_a_link_to_a_folder_is_no_folder_of_kits(tmp_path: Path) -> None:
    (tmp_path / "kits").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="is not a folder for kits alone"):
        KitStorage(tmp_path / "kits").put("guest1", FILES)


def test_kits_from_before_the_marks_are_known(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone/sheet.html").write_text(OLD_SHEET)
    (tmp_path / "gone/softether.vpn").write_text("setting")
    (tmp_path / "old.html").write_text('<form id="lock"><script>const box = {}')
    (tmp_path / ".gitignore").write_text("*\n")
    assert KitStorage(tmp_path).unknown_users(["old"]) == ["gone"]
    assert run(tmp_path, "--all", users=users(guest1=TOMORROW)).exit_code == 0
    assert kits(tmp_path) == ["guest1"]


def test_all_never_replaces_an_encrypted_page_by_a_plain_kit(tmp_path: Path) -> None:
    run(tmp_path, "guest1", "--secrets", users=users(guest1=TOMORROW))
    page = (tmp_path / "guest1.html").read_bytes()
    done = run(tmp_path, "--all", users=users(guest1=TOMORROW, other=TOMORROW))
    assert done.exit_code == 0, done.stderr
    assert "guest1: the encrypted page stays; give --secrets to renew it, or name guest1" in done.stdout
    assert kits(tmp_path) == ["guest1.html", "other"]
    assert (tmp_path / "guest1.html").read_bytes() == page
    run(tmp_path, "--all", "--secrets", users=users(guest1=TOMORROW, other=TOMORROW))
    assert kits(tmp_path) == ["guest1.html", "other.html"]
    run(tmp_path, "--all", "--secrets", users=users(other=TOMORROW))
    assert kits(tmp_path) == ["other.html"]


def test_what_a_cut_left_is_cleared_away_and_the_old_kit_is_whole(tmp_path: Path) -> None:
    KitStorage(tmp_path).put("guest1", FILES)
    (tmp_path / f"{DRAFT}abc").mkdir()
    (tmp_path / f"{DRAFT}abc/sheet.html").write_text("half")
    (tmp_path / f"{DRAFT}abc/.labvpn-kit").write_text('["sheet.html", "softether.vpn"]')
    KitStorage(tmp_path).put("guest1", FILES)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", ".labvpn-kits", "guest1"]


def test_a_users_name_that_ends_as_a_page_does_not_take_anothers_place(tmp_path: Path) -> None:
    storage = KitStorage(tmp_path)
    storage.put("anna.html", FILES)
    storage.put("anna", FILES)
    storage.remove("anna")
    assert kits(tmp_path) == ["anna.html"]


@pytest.mark.parametrize("mark", ["folder", "broken link", "link to a kit's"])
def test_what_is_called_as_a_mark_and_is_none_marks_nothing(tmp_path: Path, mark: str) -> None:
    storage = KitStorage(tmp_path / "kits")
    kit = storage.put("guest1", FILES)
    theirs = tmp_path / "kits/theirs"
    theirs.mkdir()
    (theirs / "thesis.tex").write_text("mine")
    place = theirs / ".labvpn-kit"
    place.mkdir() if mark == "folder" else place.symlink_to("nowhere" if mark == "broken link" else kit / ".labvpn-kit")
    assert storage.unknown_users(["guest1"]) == []
    assert not storage.remove("theirs")
    with pytest.raises(ValueError, match="is not one; move it away"):
        storage.put("theirs", FILES)
    assert (theirs / "thesis.tex").read_text() == "mine"


def test_a_kit_from_before_there_were_marks_loses_the_files_of_a_kit_alone(tmp_path: Path) -> None:
    storage = KitStorage(tmp_path / "kits")
    storage.put("guest1", FILES)
    old = tmp_path / "kits/old"
    old.mkdir()
    ours = ("windows-l2tp.ps1", "old.mobileconfig", "openvpn-connect-tcp-443.ovpn", "authority.crt", "softether.vpn")
    for name in (*ours, "my-thesis.html", "work.crt", "backup.ps1"):
        (old / name).write_text("mine")
    (old / "sheet.html").write_text(OLD_SHEET)
    assert storage.remove("old")
    assert tree(old) == {"my-thesis.html": "mine", "work.crt": "mine", "backup.ps1": "mine"}


def test_what_is_called_as_a_draft_and_is_none_stays(tmp_path: Path) -> None:
    storage = KitStorage(tmp_path / "kits")
    storage.put("guest1", FILES)
    ideas = tmp_path / "kits" / f"{DRAFT}ideas"
    ideas.mkdir()
    (ideas / "mine.txt").write_text("mine")
    (tmp_path / "kits" / f"{DRAFT}ideas.txt").write_text("mine")
    storage.put("guest2", FILES)
    storage.put_encrypted("guest2", "page")
    assert tree(ideas) == {"mine.txt": "mine"}
    assert sorted(path.name for path in (tmp_path / "kits").glob(f"{DRAFT}*")) == [f"{DRAFT}ideas", f"{DRAFT}ideas.txt"]


def test_a_run_at_the_same_time_keeps_its_draft(tmp_path: Path) -> None:
    folder = tmp_path / "kits"
    KitStorage(folder).put("guest1", FILES)
    users = [f"user{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(lambda user: KitStorage(folder).put_encrypted(user, "page"), users))) == len(users)
    assert sorted(path.name for path in folder.glob("user*")) == sorted(f"{user}.html" for user in users)


@pytest.mark.parametrize("name", [".gitignore", ".labvpn-kits"])
def test_a_dangling_link_in_the_folder_is_not_written_through(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "kits"
    KitStorage(folder).put("guest1", FILES)
    (folder / name).unlink()
    (folder / name).symlink_to(tmp_path / "theirs")
    with suppress(ValueError):
        KitStorage(folder).put("guest1", FILES)
    assert not (tmp_path / "theirs").exists()
