"""How the programs that the engine starts come to an end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

PROMPT = 2.0
"""Seconds; the engine has five for all of its plugins together."""


@pytest.mark.parametrize("plugin", ["command", "fortios"])
def test_an_interrupted_stand_in_ends_at_once_and_without_a_word(plugin: str) -> None:
    line = [sys.executable, "-m", f"rehearsal.toolchain.{plugin}", "127.0.0.1:1"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as stand_in:
        assert stand_in.stdout and stand_in.stdout.readline().strip().isdigit()
        time.sleep(0.2)
        stand_in.send_signal(signal.SIGINT)
        _, said = stand_in.communicate(timeout=PROMPT)
    assert (stand_in.returncode, said) == (-signal.SIGINT, "")
