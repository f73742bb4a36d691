"""A rehearsal deletes its own folder, and no other of that name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal import cgroup, life, nsenter, places, values
from rehearsal.problems import RehearsalError

THEIRS: dict[str, dict[str, str]] = {
    "Helm's": {"values.yaml": "replicaCount: 2\n", "Chart.yaml": "x", "templates/mine.yaml": "mine"},
    "with keys": {"ssh/id_ed25519": "mine"},
    "a passphrase": {"passphrase": "mine"},
    "another's mark": {".labvpn-rehearsal": "mine"},
}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(cgroup, "remove", lambda state: None)
    monkeypatch.setattr(nsenter, "noted", lambda state: None)
    found = places.state()
    found.mkdir(parents=True)
    return found


@pytest.mark.parametrize("what", THEIRS)
def test_a_folder_of_somebody_elses_stays(state: Path, what: str) -> None:
    for name, text in THEIRS[what].items():
        (state / name).parent.mkdir(exist_ok=True)
        (state / name).write_text(text)
    with pytest.raises(RehearsalError, match="is not the folder of a rehearsal"):
        life.stop(print)
    assert all((state / name).read_text() == text for name, text in THEIRS[what].items())


def test_a_link_or_a_file_in_its_place_stays(state: Path, tmp_path: Path) -> None:
    values.write(state / values.MARK, values.MARKED)
    state.rename(tmp_path / "elsewhere")
    state.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RehearsalError):
        life.stop(print)
    assert (tmp_path / "elsewhere" / values.MARK).exists()
    state.unlink()
    state.write_text("mine")
    with pytest.raises(RehearsalError):
        life.stop(print)
    assert state.read_text() == "mine"


def test_a_rehearsal_is_deleted_whenever_it_was_cut_off(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*words: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(values, "_make", cut)
        values.ensure(state)
    life.stop(print)
    assert not state.exists()


def test_a_rehearsal_from_before_there_was_a_mark_is_deleted(state: Path) -> None:
    values.ensure(state)
    (state / values.MARK).unlink()
    life.stop(print)
    assert not state.exists()
