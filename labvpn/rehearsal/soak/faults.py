"""Faults at every step of `up` and `destroy`: the next plain run repairs all, and nothing that was there is lost."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

from labvpn.rehearsal import sealed
from labvpn.rehearsal.machine import line
from labvpn.rehearsal.places import PROJECT
from labvpn.rehearsal.soak.engine import SECONDS, Engine, Event, Run, Seen
from labvpn.rehearsal.soak.lab import Lab
from labvpn.rehearsal.soak.steps import Hop, Injection, Step, injections, sample, steps
from labvpn.rehearsal.soak.strike import Striker
from labvpn.rehearsal.soak.trial import Outcome, Trial

DURING = 1.0
"""Seconds after the beginning of a step at which it is under way."""

CUTS_SESSIONS = {"VPN host rebooted", "SoftEther killed"}

PEOPLE = """
import http.client, json, ssl
password = open("/var/lib/labvpn/administrator").read()
server = http.client.HTTPSConnection("127.0.0.1", 443, context=ssl._create_unverified_context(), timeout=20)
def names(method, field):
    body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": {"HubName_str": "LAB"}})
    server.request("POST", "/api/", body, {"X-VPNADMIN-PASSWORD": password})
    return [one["Name_str"] for one in json.loads(server.getresponse().read())["result"][field]]
print(json.dumps({"users": names("EnumUser", "UserList"), "sessions": names("EnumSession", "SessionList")}))
"""
"""Prints the users and the sessions that the server has."""


@dataclass(frozen=True)
class Survival:
    """What came of an injection: `met` says that the fault happened at all, complaints what was not as promised."""

    met: bool
    seconds: float
    complaints: tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """A rehearsal with the stack on it, and a second configuration that changes something on every hop."""

    state: Path

    @property
    def engine(self) -> Engine:
        """A run of the engine."""
        return Engine(self.state)

    @property
    def other(self) -> list[str]:
        """The words that make a run one to the second configuration."""
        folder = self.state / "other"
        folder.mkdir(mode=0o700, exist_ok=True)
        configuration = yaml.safe_load((sealed.folder(self.state) / sealed.FILE).read_text())
        keys = configuration["config"]
        keys["labvpn:vpn"] = {**keys["labvpn:vpn"], "listeners": [443, 992, 1194, 4433]}
        keys["labvpn:dns"] = {**keys["labvpn:dns"], "ttl": 90}
        users = (PROJECT / "users.csv").read_text().replace("First guest", "Another name")
        (folder / "users.csv").write_text(users)
        keys["labvpn:users"] = {"file": str(folder / "users.csv")}
        (folder / sealed.FILE).write_text(yaml.safe_dump(configuration))
        return ["--config-file", str(folder / sealed.FILE)]

    def change(self) -> list[Step]:
        """Go to the second configuration and back without a fault: the steps of the way there."""
        seen: list[Event] = []
        done = self.engine.up(*self.other, seen=seen.append)
        assert done.good, done.sentences  # noqa: S101  (without it there is nothing to try)
        assert self.engine.up().good  # noqa: S101
        return steps("up", seen)

    def people(self) -> dict[str, list[str]]:
        """Users and sessions, empty where no server answers."""
        done = subprocess.run(
            line("server", ["python3", "-"]),
            input=PEOPLE,
            capture_output=True,
            text=True,
            env=self.engine.environment,
            check=False,
        )
        found: dict[str, list[str]] = json.loads(done.stdout) if done.returncode == 0 else {"users": [], "sessions": []}
        return found

    def survive(self, injection: Injection) -> Survival:
        """Bring a fault over a run, then see that the next plain one repairs all."""
        before = self.people()
        run, met = self.struck(injection)
        complaints = [] if met else [f"{injection.step.name} was not reached"]
        complaints += judged(injection, run)
        again, _cancelled = self.engine.again()
        if not again.good:
            complaints.append(f"the next up failed: {' / '.join(again.sentences[-3:])}")
        elif not self.engine.settled():
            complaints.append("a preview after the next up still finds changes")
        complaints += lost(injection, before, self.people())
        return Survival(met, run.seconds, tuple(complaints))

    def struck(self, injection: Injection) -> tuple[Run, bool]:
        """A run with the fault in it, and whether its moment came."""
        engine = self.engine
        with striking(Striker(self.state, engine), injection) as (seen, met):
            if injection.step.command == "destroy":
                run = engine.destroy(seen=seen)
            else:
                run = engine.up(*self.other, seen=seen)
        return run, met.is_set()

    def undo(self) -> list[Step]:
        """What a destroy would do, without doing it."""
        seen: list[Event] = []
        done = self.engine.run("destroy", "--preview-only", "--json", seen=seen.append)
        assert done.good, done.sentences  # noqa: S101  (without it there is nothing to try)
        return steps("destroy", seen)

    def tried(self, injection: Injection) -> Outcome:
        """What came of an injection, as `make soak` counts it."""
        came = self.survive(injection)
        good = int(not came.complaints)
        return Outcome(
            1, int(came.met), good, good, 1 - good, tuple(f"{injection.name}: {each}" for each in came.complaints)
        )


def trials(lab: Lab, seed: int) -> Iterator[Trial]:
    """Every fault of every step of an `up` that changes something on each hop, and of a destroy, as the seed has it."""
    bench = Bench(lab.state)
    for injection in sample(injections([*bench.change(), *bench.undo()]), seed):
        yield Trial(injection.name, partial(bench.tried, injection))


@contextmanager
def striking(striker: Striker, injection: Injection) -> Iterator[tuple[Seen, threading.Event]]:
    """What is to be told of each event so that the fault strikes; at the end it is over."""
    met = threading.Event()

    def seen(event: Event) -> None:
        ended = injection.moment == "after"
        if met.is_set() or event.name != injection.step.name or event.ended is not ended or event.op == "refresh":
            return
        met.set()
        if injection.moment == "during":
            timer = threading.Timer(DURING, striker.strike, [injection.fault])
            timer.start()
        else:
            striker.strike(injection.fault)

    try:
        yield seen, met
    finally:
        striker.end()


def judged(injection: Injection, run: Run) -> list[str]:
    """What is wrong with how a struck run ended: it must end in time, and name the hop where it failed."""
    if run.seconds >= SECONDS:
        return [f"the run did not end within {SECONDS} s"]
    hop = injection.step.hop
    if run.good or hop is Hop.NONE or injection.fault == "engine killed":
        return []
    return [] if any(hop.value in sentence for sentence in run.sentences) else [f"no sentence names the {hop.value}"]


def lost(injection: Injection, before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """Users, and sessions where the fault itself cuts none, that are there no more."""
    complaints = [f"user {name} is lost" for name in set(before["users"]) - set(after["users"])]
    if injection.step.command == "up" and injection.fault not in CUTS_SESSIONS:
        complaints += [f"session {name} was cut" for name in set(before["sessions"]) - set(after["sessions"])]
    return complaints
