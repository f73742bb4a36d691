"""The machine while it is only read: each question once, the slow ones beside each other."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from labvpn.agent.core import inspection, machine
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.inspection import Inspection
from labvpn.agent.core.machine import Machine
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.kernel_rules import KernelRules
from labvpn.agent.session import Session

RUNS = ("sh", "-c", "echo run >>{0}; wc -l <{0}")


def counted(tmp_path: Path) -> list[str]:
    return [word.format(tmp_path / "runs") for word in RUNS]


def test_a_command_runs_once_however_often_it_is_asked(tmp_path: Path) -> None:
    asked = Inspection()
    assert [asked.run(counted(tmp_path)).output.strip() for _ in range(3)] == ["1", "1", "1"]


def test_a_machine_that_is_changed_answers_anew_each_time(tmp_path: Path) -> None:
    changed = Machine()
    changed.begin([counted(tmp_path)])
    assert [changed.run(counted(tmp_path)).output.strip() for _ in range(2)] == ["1", "2"]


def test_another_environment_is_another_question() -> None:
    asked, words = Inspection(), ["sh", "-c", "echo $NAME"]
    assert [asked.run(words, environment={"NAME": name}).output for name in ("a", "b")] == ["a\n", "b\n"]


def test_what_begins_ahead_runs_beside_the_others(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    # Each waits for the other, so that in turn neither would ever end.
    writes, reads = ["sh", "-c", f"echo hello >{tmp_path}/pipe"], ["cat", f"{tmp_path}/pipe"]
    asked = Inspection()
    asked.begin([writes, reads])
    assert (asked.run(reads, 20).output, asked.run(writes, 20).status) == ("hello\n", 0)


def test_what_is_not_there_is_answered_as_ever() -> None:
    asked = Inspection()
    asked.begin([["no-such-command"]])
    assert asked.run(["no-such-command"]).status == 127


def test_a_command_that_does_not_end_is_stopped_and_said(tmp_path: Path) -> None:
    asked = Inspection()
    asked.begin([["sleep", "1000"]])
    with pytest.raises(AgentError, match="did not finish"):
        asked.run(["sleep", "1000"], 0.01)


def test_nothing_that_began_is_left_behind() -> None:
    asked = Inspection()
    asked.begin([["sleep", "1000"]])
    (process,) = asked.begun.values()
    asked.end()
    assert process.returncode is not None
    assert not asked.begun


def test_a_condition_that_may_pass_is_read_again(tmp_path: Path) -> None:
    asked = Inspection()
    answers = [asked.run(counted(tmp_path)).output.strip()]
    asked.again()
    assert [*answers, asked.run(counted(tmp_path)).output.strip()] == ["1", "2"]


def test_rules_that_seem_lost_are_read_from_the_kernel_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("labvpn.agent.firewalld.kernel_rules.time.sleep", lambda _seconds: None)
    runs = started_by(monkeypatch)
    assert KernelRules(Firewalld(Inspection(str(tmp_path)))).lost()
    assert runs[("nft", "-j", "list", "ruleset")] == 2


def test_a_look_at_every_concern_asks_the_host_nothing_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runs = started_by(monkeypatch)
    command = tmp_path / "usr/bin/firewall-cmd"
    command.parent.mkdir(parents=True)
    command.touch()
    documents = {"host": "package a installed=yes\npackage b installed=yes\n", "firewall": "service vpn ports=1/tcp\n"}
    answer = json.loads(Session(Inspection(str(tmp_path)), {"documents": documents}).observe())
    assert set(answer) == {"host", "firewall"}
    lists = [("firewall-cmd", *way, what) for way in ((), ("--permanent",)) for what in ("--list-all-zones",)]
    assert set(lists) | {("firewall-cmd", "--info-service=vpn")} <= set(runs)
    assert [command for command, times in runs.items() if times > 1] == []


def test_a_document_that_cannot_be_read_is_said_by_its_concern_alone(tmp_path: Path) -> None:
    documents = {"host": "", "firewall": "service 'vpn\n"}
    answer = json.loads(Session(Inspection(str(tmp_path)), {"documents": documents}).observe())
    assert "quote is not closed" in answer["firewall"]["notes"][0]
    assert answer["host"]["notes"] == []


def started_by(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, ...]]:
    """How often each command is started; each succeeds and says nothing, and nft that the kernel has no rules."""
    runs: Counter[tuple[str, ...]] = Counter()
    real = machine.started

    def started(command: Sequence[str], environment: dict[str, str] | None = None) -> object:
        runs[tuple(command)] += 1
        return real(["echo", '{"nftables": []}'] if command[0] == "nft" else ["true"])

    monkeypatch.setattr(machine, "started", started)
    monkeypatch.setattr(inspection, "started", started)
    return runs
