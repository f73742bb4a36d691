"""`labvpn dial` as a monitor, and where its answer cannot be written."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from labvpn.dial import monitor, sstp
from tests.unit.dial.outputs import never
from tests.unit.dial.test_cli import APP, SECRETS, called

CLOSED = ("127.0.0.1", "--user", "guest1", "--stdin", "--protocol", "sstp", "--tcp", "9")
MONITOR = (*CLOSED, "--every", "6", "--json")


def test_a_monitor_goes_on_where_one_write_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder, rounds = tmp_path / "metrics", []
    folder.mkdir()

    def sleep(seconds: float) -> None:
        rounds.append(list(folder.glob("*")) if folder.exists() else None)
        if len(rounds) == 3:
            raise KeyboardInterrupt
        (shutil.rmtree if folder.exists() else Path.mkdir)(folder)

    monkeypatch.setattr(time, "sleep", sleep)
    done = CliRunner().invoke(APP, [*MONITOR, "--prometheus", str(folder / "dial.prom")], input=SECRETS)
    assert (done.exit_code, len(done.stdout.splitlines())) == (130, 3)
    assert rounds == [[folder / "dial.prom"], None, [folder / "dial.prom"]]
    assert done.stderr.count("--prometheus") == 1


@pytest.mark.parametrize("place", ["missing/dial.prom", ".", "file/dial.prom"])
def test_metrics_that_can_never_be_written_are_refused_before_the_dial(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(sstp, "dial", never)
    status, output = called(*MONITOR, "--prometheus", str(tmp_path / place))
    assert (status, "--prometheus" in output) == (2, True)


def test_an_output_that_is_full_is_said_and_is_no_fault_of_the_network() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "labvpn", "dial", *CLOSED],
            input=SECRETS,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "standard output: No space left on device" in done.stderr


def test_a_step_that_cannot_be_shown_does_not_end_the_dial(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_words: object, **_how: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("builtins.print", full)
    monitor._say(0.0, "step")
