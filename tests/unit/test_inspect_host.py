"""Inspection of the VPN host: what it lacks for the agent is named with the line that installs it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Any

import pytest

from labvpn.connect import inspect, ssh
from labvpn.connect.errors import Code, HopError, HopErrors
from tests.unit.samples import credentials, lab


def inspected(monkeypatch: pytest.MonkeyPatch, output: str, code: Code = Code.EXITED) -> str:
    """The failure of an inspection where the host's shell refuses so."""

    async def refuse(*_: Any) -> str:
        raise HopError("The VPN host 203.0.113.20", f"refused: {output}", "correct that on the host", code, output)

    monkeypatch.setattr(ssh, "run", refuse)
    with pytest.raises(HopErrors) as caught:
        inspect.inspect_hops(lab(fortigate=None, dns=None), credentials(), ["{}"]).result()
    return str(caught.value)


def test_every_server_is_inspected_and_the_failures_of_all_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(server: Any, *_: Any) -> str:
        raise HopError(f"The VPN host {server.ssh_host}", "refused: disk full", "correct that")

    monkeypatch.setattr(ssh, "run", refuse)
    servers = [{"address": "203.0.113.20"}, {"name": "two", "address": "203.0.113.22"}]
    with pytest.raises(HopErrors) as caught:
        inspect.inspect_hops(
            lab(server=None, servers=servers, fortigate=None, dns=None), credentials(), ["{}", "{}"]
        ).result()
    assert str(caught.value).splitlines() == [
        "The VPN host 203.0.113.20 refused: disk full; correct that",
        "The VPN host 203.0.113.22 refused: disk full; correct that",
    ]


@pytest.mark.parametrize(
    "output",
    [
        "bash: line 1: python3: command not found",
        "sudo: python3: command not found",
        "sh: 1: python3: not found",
        "env: 'python3': No such file or directory",
        "env: can't execute 'python3': No such file or directory",
    ],
)
def test_a_host_without_python_is_told_how_it_gets_one(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    sentence = inspected(monkeypatch, output, Code.NO_PROGRAM)
    assert "has no python3, which the agent needs; install it: `apt-get install python3`" in sentence
    assert "`yum install python3`" in sentence


def test_a_python_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "has Python 3.4.10 and the agent needs 3.6" in inspected(monkeypatch, "3.4.10")


@pytest.mark.parametrize(
    "output",
    [
        "Unknown option: -I\nusage: /usr/bin/python3 [option] ...\nTry `python -h' for more information.\n",
        "python3: illegal option -I",
    ],
)
def test_a_python3_that_is_an_older_one_is_named(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    assert "has a python3 that is not Python 3; install one: `apt-get" in inspected(monkeypatch, output)


def test_another_refusal_is_repeated_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "refused: disk full; correct that" in inspected(monkeypatch, "disk full")


def test_a_version_in_another_failure_is_not_taken_for_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "refused: 3.4.10; correct that" in inspected(monkeypatch, "3.4.10", Code.FAILED)


def test_an_old_python_says_its_version_and_runs_nothing() -> None:
    program = shlex.split(inspect.BOOTSTRAP)[4]
    old = program.replace("import sys;", "import sys;sys.version_info=(3,4);sys.version='3.4.10 (old)';")
    done = subprocess.run([sys.executable, "-c", old], input="1\nx", capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (1, "3.4.10")
