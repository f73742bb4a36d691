"""No secret leaks, over a whole life cycle of the stack and with a failure at every step of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from rehearsal.soak.faults import Bench
from rehearsal.soak.lab import Lab, must
from rehearsal.soak.manual_changes import ManualChanges
from rehearsal.soak.secrets import Hunt
from rehearsal.soak.steps import EngineStep, Hop, Injection
from rehearsal.soak.trial import Outcome, Trial
from rehearsal.soak.window import SUCCESSES, Answers, knocking

FAILS = {
    Hop.HOST: "SSH cut",
    Hop.FORTIGATE: "answers 403",
    Hop.NAME: "BIND stopped and resumed",
    Hop.NONE: "engine killed",
}
"""The fault that makes a step fail, by the machine that it works on."""


@dataclass(frozen=True)
class Life:
    """The hunt after a whole life cycle of the stack, and the answers that strangers got while it came up."""

    hunt: Hunt
    answers: Answers


def life(lab: Lab) -> Life:
    """Bring the stack up on bare machines, make it fail, change it by hand and take it down, all while watching."""
    hunt, quietly = Hunt(lab.state), ("--yes", "--skip-preview")
    with hunt.watching():
        with knocking(lab.state) as answers:
            hunt.refuse_writing(True)
            _expect(hunt, False, "up", *quietly, "--diff")
            hunt.refuse_writing(False)
            _expect(hunt, True, "up", *quietly, "--json")
        user: dict[str, Any] = {
            "HubName_str": "LAB",
            "Name_str": "guest1",
            "AuthType_u32": 1,
            "Auth_Password_str": "by hand",
        }
        ManualChanges(lab).call("SetUser", **user)
        _expect(hunt, False, "preview", "--diff", "--expect-no-changes", "-v=3", "--logtostderr")
        _expect(hunt, True, "refresh", *quietly, "--debug")
        hunt.refuse_writing(True)
        _expect(hunt, False, "destroy", *quietly, "--debug")
        hunt.refuse_writing(False)
        _expect(hunt, True, "destroy", *quietly)
    return Life(hunt, answers)


def _expect(hunt: Hunt, good: bool, *words: str) -> None:
    assert hunt.run(*words) is good, words  # noqa: S101  (otherwise the life cycle is not as described)


def trials(lab: Lab, _seed: int) -> Iterator[Trial]:
    """The whole life cycle, then a failure at every step of an `up` that changes something on each hop."""
    yield Trial("a whole life cycle, and strangers at its start", partial(lived, lab))
    bench = Bench(lab.state)
    for step in bench.change():
        yield Trial(f"a failure at {step.name}", partial(failed, bench, step))


def lived(lab: Lab) -> Outcome:
    """A whole life cycle; the lab is up before and after it."""
    must(lab.pulumi("destroy", "--yes", "--skip-preview", seconds=600), ["destroy"])
    whole = life(lab)
    must(lab.pulumi("up", "--yes", "--skip-preview", seconds=600), ["up"])
    let_in = [f"a stranger was let in: {word}" for seen in whole.answers.values() for word in SUCCESSES if seen[word]]
    return _outcome([*whole.hunt.leaks(), *let_in])


def failed(bench: Bench, step: EngineStep) -> Outcome:
    """A run that fails at a step, and the one that repairs it."""
    hunt = Hunt(bench.state)
    with hunt.watching():
        run, met = bench.struck(Injection(step, FAILS[step.hop], "before"))
        again, _ = bench.engine.again()
    hunt.outputs = {"the run that failed": run.output.encode(), "the next": again.output.encode()}
    complaints = [] if met and again.good else ["the step was not reached, or the next run failed"]
    return _outcome([*hunt.leaks(), *complaints])


def _outcome(complaints: list[str]) -> Outcome:
    good = int(not complaints)
    return Outcome(1, 1, 1, good, 1 - good, tuple(complaints))
