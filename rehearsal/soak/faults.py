"""Faults at every step of `up` and `destroy`: the next plain run repairs everything, and nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from rehearsal import network, stack_config
from rehearsal.places import PROJECT
from rehearsal.problems import RehearsalError
from rehearsal.soak.engine import SECONDS, Engine, Event, OnEvent, Run
from rehearsal.soak.fault_injection import FaultInjector
from rehearsal.soak.lab import Lab
from rehearsal.soak.people import people, staying
from rehearsal.soak.steps import EngineStep, Hop, Injection, drawn, injections, sample, steps
from rehearsal.soak.trial import Outcome, Trial

DURING = 0.5
"""Seconds after the start of a step at which it is in progress."""

CUTS_SESSIONS = {"VPN host rebooted", "SoftEther killed"}


@dataclass(frozen=True)
class Survival:
    """The result of an injection: `met` is whether the fault happened at all; complaints name what went wrong."""

    met: bool
    seconds: float
    complaints: tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """A rehearsal with the stack on it, and a second configuration that changes something on every hop."""

    state: Path

    @property
    def engine(self) -> Engine:
        """The engine."""
        return Engine(self.state, self.configured("plain"))

    @property
    def other(self) -> list[str]:
        """The arguments that select the second configuration."""
        users = self.state / "other.csv"
        users.write_text((PROJECT / "users.csv").read_text().replace("First guest", "Another name"))
        more: dict[str, dict[str, Any]] = {
            "vpn": {"listeners": [443, 992, 1194, 4433]},
            "dns": {"ttl": 90},
            "users": {"file": str(users)},
        }
        return ["--config-file", str(self.configured("other", more))]

    def configured(self, name: str, more: Mapping[str, dict[str, Any]] | None = None) -> Path:
        """A configuration that allows one proof per minute, whose frequent dials would otherwise be refused."""
        configuration = yaml.safe_load((stack_config.folder(self.state) / stack_config.FILE).read_text())
        keys = configuration["config"]
        keys["labvpn:vpn"]["sessions"] = {"hold": 15}
        keys["labvpn:firewall"]["bans"] = {"exempt": [network.WHOAMI]}
        for key, values in (more or {}).items():
            keys[f"labvpn:{key}"] |= values
        file = self.state / name / stack_config.FILE
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.write_text(yaml.safe_dump(configuration))
        return file

    def change(self) -> list[EngineStep]:
        """Apply the second configuration and return without a fault; returns the steps of the first run."""
        seen: list[Event] = []
        assert self.engine.up().good  # noqa: S101  (without it there is nothing to try)
        done = self.engine.up(*self.other, seen=seen.append)
        assert done.good, done.sentences  # noqa: S101
        assert self.engine.up().good  # noqa: S101
        return steps("up", seen)

    def survive(self, injection: Injection) -> Survival:
        """Inject a fault into a run while a client is connected, then check that the next plain run repairs all."""
        if injection.step.command == "first up":
            gone = self.engine.destroy()
            if not gone.good:
                raise RehearsalError(f"the lab could not be taken down before a first up: {gone.sentences[-3:]}")
            return self.met(injection, {"users": [], "sessions": []})
        with staying(self.engine):
            return self.met(injection, people(self.engine))

    def met(self, injection: Injection, before: dict[str, list[str]]) -> Survival:
        """The result, compared with the users and sessions before."""
        run, met = self.struck(injection)
        complaints = [] if met else [f"{injection.step.name} was not reached"]
        complaints += wrong_ending(injection, run)
        again, _cancelled = self.engine.again()
        if not again.good:
            complaints.append(f"the next up failed: {' / '.join(again.sentences[-3:])}")
        elif not self.engine.settled():
            complaints.append("a preview after the next up still finds changes")
        complaints += lost(injection, before, people(self.engine))
        complaints += [f"not proven: {words}" for words in self.unproven()]
        return Survival(met, run.seconds, tuple(complaints))

    def unproven(self) -> list[str]:
        """What the proof from outside finds wrong."""
        done = Lab(self.state.name).rehearsal("prove", "--json")
        try:
            return [one["words"] for one in json.loads(done.stdout) if not one["kept"]]
        except ValueError:
            return [done.stderr.strip()[-500:]]

    def struck(self, injection: Injection) -> tuple[Run, bool]:
        """A run with the fault, and whether its moment came."""
        engine = self.engine
        with striking(FaultInjector(self.state, engine), injection) as (seen, met):
            if injection.step.command == "destroy":
                run = engine.destroy(seen=seen)
            else:
                run = engine.up(*(self.other if injection.step.command == "up" else ()), seen=seen)
        return run, met.is_set()

    def whole(self) -> tuple[list[EngineStep], list[EngineStep]]:
        """Destroy and bring up again without a fault; the steps of each."""
        gone: list[Event] = []
        made: list[Event] = []
        assert self.engine.destroy(seen=gone.append).good  # noqa: S101  (without it there is nothing to try)
        assert self.engine.up(seen=made.append).good  # noqa: S101
        return steps("destroy", gone), steps("first up", made)

    def tried(self, injection: Injection) -> Outcome:
        """The result of an injection, as `make soak` counts it."""
        came = self.survive(injection)
        good = int(not came.complaints)
        return Outcome(
            1, int(came.met), good, good, 1 - good, tuple(f"{injection.name}: {each}" for each in came.complaints)
        )


def trials(lab: Lab, seed: int) -> Iterator[Trial]:
    """Every fault at every step of an `up` that changes something on each hop, in the seed's order.

    Also, for each step of a destroy and of the first `up` after it, one fault chosen by the seed.
    """
    bench = Bench(lab.state)
    every, (undo, first) = list(injections(bench.change())), bench.whole()
    for injection in sample([*every, *drawn(first, seed), *drawn(undo, seed)], seed):
        yield Trial(injection.name, partial(bench.tried, injection))


@contextmanager
def striking(striker: FaultInjector, injection: Injection) -> Iterator[tuple[OnEvent, threading.Event]]:
    """The callback for events that injects the fault once; the fault ends with the block."""
    met = threading.Event()
    timer = threading.Timer(DURING, lambda: strike())

    def strike() -> None:
        if not met.is_set():
            met.set()
            striker.strike(injection.fault)

    def seen(event: Event) -> None:
        if event.name != injection.step.name or event.op == "refresh":
            return
        if event.ended and injection.moment != "before":
            # A short step may end before DURING is over.
            timer.cancel()
            strike()
        elif not event.ended and injection.moment == "before":
            strike()
        elif not event.ended and injection.moment == "during" and timer.ident is None:
            timer.start()

    try:
        yield seen, met
    finally:
        timer.cancel()
        if timer.ident is not None:
            timer.join()
        striker.end()


def wrong_ending(injection: Injection, run: Run) -> list[str]:
    """What is wrong with how a run with a fault ended: it must end in time and name the hop where it failed."""
    if run.seconds >= SECONDS:
        return [f"the run did not end within {SECONDS} s"]
    hop, names = injection.step.hop, [injection.step.hop.value]
    if injection.step.command == "destroy" and hop is Hop.HOST:
        # A destroy runs no program that could explain the error: the plugin's own message has the address.
        names.append(network.SERVER)
    if run.good or hop is Hop.NONE or injection.fault == "engine killed":
        return []
    named = any(name in sentence for name in names for sentence in run.sentences)
    return [] if named else [f"no sentence names the {hop.value}: {' / '.join(run.sentences[-3:])}"]


def lost(injection: Injection, before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """Users that are gone, and sessions that are gone although the fault itself does not cut them."""
    complaints = [f"user {name} is lost" for name in set(before["users"]) - set(after["users"])]
    if injection.step.command == "up" and injection.fault not in CUTS_SESSIONS:
        complaints += [f"session {name} was cut" for name in set(before["sessions"]) - set(after["sessions"])]
    return complaints
