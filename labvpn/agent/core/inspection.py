"""The machine while it is only read: the concerns ask it much the same, and each question is asked once."""

import os
import signal
import subprocess
from contextlib import suppress
from typing import Dict, Iterable, Optional, Sequence, Tuple

from labvpn.agent.core.machine import Machine, Outcome, finish, started

Question = Tuple[Tuple[str, ...], Tuple[Tuple[str, str], ...]]
"""A command and its own part of the environment."""


class Inspection(Machine):
    """A machine on which nothing is changed: a command runs once, and its answer serves all who ask."""

    def __init__(self, root: str = "/") -> None:
        super().__init__(root)
        self.answers: Dict[Question, Outcome] = {}
        self.begun: Dict[Question, "subprocess.Popen[str]"] = {}

    def run(self, command: Sequence[str], seconds: float = 60, environment: Optional[Dict[str, str]] = None) -> Outcome:
        """Run a command, or return its answer of before; AgentError if it is not done within `seconds`."""
        question = question_of(command, environment)
        if question not in self.answers:
            process = self.begun.pop(question, None)
            answer = finish(process, command, seconds) if process else super().run(command, seconds, environment)
            self.answers[question] = answer
        return self.answers[question]

    def begin(self, commands: Iterable[Sequence[str]]) -> None:
        """Start commands whose answers will be asked for, so that they work beside each other."""
        for command in commands:
            process = started(command)
            if process is not None:
                self.begun[question_of(command)] = process

    def again(self) -> None:
        """Forget the answers, for a condition that may have passed meanwhile."""
        self.end()
        self.answers = {}

    def end(self) -> None:
        """Stop the commands whose answers nobody asked for."""
        for process in self.begun.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        self.begun = {}


def question_of(command: Sequence[str], environment: Optional[Dict[str, str]] = None) -> Question:
    """What tells one command from another."""
    return tuple(command), tuple(sorted((environment or {}).items()))
