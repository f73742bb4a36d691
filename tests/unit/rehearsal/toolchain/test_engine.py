"""Where the engine comes from: PATH, the official download, or a build with Go."""

from __future__ import annotations

import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from rehearsal.toolchain import cache, engine, golang

GO = """#!/bin/sh
while [ "$1" != -o ]; do echo "compiled $1"; shift; done
echo "#!/bin/sh\necho $GOFLAGS $GOWORK" > "$2"
chmod +x "$2"
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and nothing but a shell on PATH, whose downloads fail at once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(engine, "DOWNLOAD", "raise SystemExit('no such host')")
    return tmp_path


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def engine_saying(path: Path, version_text: str) -> Path:
    """A file named `pulumi` that says this version, and fails to install plugins."""
    return executable(
        path, f'#!/bin/sh\n[ "$1" = version ] && echo "{version_text}" || {{ echo "no plugin"; exit 1; }}\n'
    )


def prepared(said: list[str] | None = None) -> engine.Toolchain:
    return engine.prepare(Path(sys.executable), (said if said is not None else []).append)


def test_an_engine_on_path_that_is_new_enough_is_used(home: Path) -> None:
    found = engine_saying(home / "bin" / "pulumi", "v3.216.0")
    toolchain = prepared()
    assert toolchain.sentences[0] == f"engine: {found}, found on PATH"
    assert toolchain.pulumi.samefile(found)


@pytest.mark.parametrize("version_text", ["v3.215.9", "v4.0.0", "", "command not found"])
def test_an_engine_on_path_that_is_too_old_or_says_no_version_is_named_and_not_used(
    home: Path, version_text: str
) -> None:
    found = engine_saying(home / "bin" / "pulumi", version_text)
    official = engine_saying(home / f"cache/labvpn/engine/official-v{version('pulumi')}/bin/pulumi", "v3.300.0")
    said: list[str] = []
    assert prepared(said).pulumi.samefile(official)
    assert any(str(found) in line and "3.216 or newer is needed" in line for line in said)


def test_the_rehearsals_own_pulumi_on_path_is_not_taken_for_an_engine(home: Path) -> None:
    executable(home / "own" / "pulumi", "#!/bin/sh\n# the labvpn rehearsal's\necho v3.300.0\n")
    real = engine_saying(home / "bin" / "pulumi", "v3.300.0")
    assert list(engine._new_enough(f"{home / 'own'}:{home / 'bin'}", print)) == [real]


def test_an_engine_of_the_cache_on_path_does_not_hide_a_newer_choice(home: Path) -> None:
    ours = engine_saying(golang.built(), "v3.300.0")
    assert list(engine._new_enough(str(ours.parent), print)) == []


def test_the_official_download_is_used_before_a_build(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        "import sys, pathlib; p = pathlib.Path(sys.argv[1], 'bin'); p.mkdir(parents=True); (p / 'pulumi').touch(0o755)"
    )
    monkeypatch.setattr(engine, "DOWNLOAD", body)
    engine_saying(golang.built(), "v3.259.0")
    path, sentence = engine._engine("", print)
    assert path == home / f"cache/labvpn/engine/official-v{version('pulumi')}/bin/pulumi"
    assert path.exists() and "the official download" in sentence


def test_a_download_that_failed_is_not_tried_again_until_its_memory_is_removed(home: Path) -> None:
    engine_saying(golang.built(), "v3.259.0")
    for _ in range(2):
        first: list[str] = []
        second: list[str] = []
        prepared(first)
        _, sentence = engine._engine("", second.append)
        memory = cache.memory(f"engine-official-v{version('pulumi')}")
        assert any("downloading" in line for line in first) and second == []
        assert f"no such host (to try again: rm {memory})" in sentence
        memory.unlink()


def test_a_download_ends_within_its_limit_with_all_that_it_started(tmp_path: Path) -> None:
    began = time.monotonic()
    reason = cache.attempt("slow", ["sh", "-c", f"(sleep 2; touch {tmp_path / 'late'}) & sleep 60"], 0.3, print)
    assert reason is not None and reason.startswith("not finished after")
    assert time.monotonic() - began < 2
    time.sleep(2.2)
    assert not (tmp_path / "late").exists()


def test_without_engine_and_go_the_error_says_what_to_install(home: Path) -> None:
    with pytest.raises(engine.EngineMissingError, match="`go` is not on PATH; install Go"):
        prepared()


def test_the_build_is_kept_and_not_repeated(home: Path) -> None:
    executable(home / "bin" / "go", GO)
    said: list[str] = []
    assert prepared(said).pulumi.samefile(golang.built())
    assert any("building v3." in line for line in said)
    again: list[str] = []
    prepared(again)
    assert not any("building" in line for line in again)


def test_go_settings_of_the_user_do_not_reach_the_build(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor -tags=mine")
    monkeypatch.setenv("GOWORK", "/elsewhere/go.work")
    executable(home / "bin" / "go", GO)
    assert golang.build(print).read_text().endswith("echo -mod=readonly -buildvcs=false off\n")


def test_a_build_that_fails_says_gos_last_words_and_leaves_no_engine(home: Path) -> None:
    executable(home / "bin" / "go", "#!/bin/sh\necho go.mod requires go '>=' 1.25.11\nexit 1\n")
    with pytest.raises(engine.EngineMissingError, match=r"go.mod requires go >= 1.25.11.*Go 1.25.11 or newer"):
        prepared()
    assert not golang.built().exists()


def test_a_build_says_how_far_it_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golang, "STEP", 0.1)
    executable(home / "bin" / "go", GO + "sleep 0.5\n")
    said: list[str] = []
    golang.build(said.append)
    assert any("packages fetched or compiled" in line for line in said)


def test_a_build_ends_at_its_limit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golang, "STEP", 0.1)
    monkeypatch.setattr(golang, "LIMIT", 0.3)
    executable(home / "bin" / "go", "#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(engine.EngineMissingError, match="not finished after"):
        golang.build(print)


def test_another_pin_is_another_engine(tmp_path: Path) -> None:
    for name in ("go.mod", "go.sum"):
        (tmp_path / name).write_text((golang.PIN / name).read_text())
    assert golang.built(tmp_path) == golang.built()
    (tmp_path / "go.sum").write_text("")
    assert golang.built(tmp_path) != golang.built()


def test_the_pinned_engine_is_of_the_sdks_version() -> None:
    assert golang.pinned_version() == f"v{version('pulumi')}"
