"""What a terminal can show: no encoding of the output ends a command with a traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp932", "utf-8"])
def test_an_answer_in_japanese_comes_in_any_encoding(encoding: str) -> None:
    line = [sys.executable, "-m", "labvpn", "doctor", "log", "-", "--lang", "ja"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(
        line, env=environment, input=b"Error 789: The L2TP connection attempt failed", capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"789" in done.stdout
