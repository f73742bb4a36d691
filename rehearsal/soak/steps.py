"""The steps of an engine run and the faults that can happen at each; generated, none chosen by hand."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from rehearsal.soak.engine import Event

WORKING = {"create", "update", "delete", "replace", "create-replacement", "delete-replaced"}


class Hop(Enum):
    """The machine that a step works on, with the name that an error of a run must contain if it fails there."""

    HOST = "VPN host"
    FORTIGATE = "FortiGate"
    NAME = "name server"
    NONE = "the engine alone"

    @classmethod
    def of(cls, name: str, kind: str) -> Hop:
        """The machine of a resource, from its name and type."""
        if kind.startswith("command:"):
            return cls.HOST
        if kind.startswith(("fortigate:", "fortios:")):
            return cls.FORTIGATE
        return cls.NAME if name.startswith("name-") else cls.NONE


EVERYWHERE = ("engine killed",)
FAULTS: Mapping[Hop, tuple[str, ...]] = {
    Hop.HOST: ("SSH cut", "packets dropped", "VPN host rebooted", "SoftEther killed", "disk full", *EVERYWHERE),
    Hop.FORTIGATE: ("answers 403", "answers 424", "answers 500", "answers garbage", "says nothing", *EVERYWHERE),
    Hop.NAME: ("BIND stopped", "BIND stopped and resumed", "BIND restarted", *EVERYWHERE),
    Hop.NONE: EVERYWHERE,
}
MOMENTS = ("before", "during", "after")


@dataclass(frozen=True)
class EngineStep:
    """One resource that a run works on; `command` is `first up`, `up` (a later one) or `destroy`."""

    command: str
    name: str
    hop: Hop


@dataclass(frozen=True)
class Injection:
    """A fault at a moment of a step."""

    step: EngineStep
    fault: str
    moment: str

    @property
    def name(self) -> str:
        """Its name in the table."""
        return f"{self.step.command}: {self.fault} {self.moment} {self.step.name}"


def steps(command: str, events: Iterable[Event]) -> list[EngineStep]:
    """The steps of a successful run, in order."""
    names = {
        event.name: Hop.of(event.name, event.kind)
        for event in events
        if event.op in WORKING and not event.kind.startswith(("pulumi:", "labvpn:"))
    }
    return [EngineStep(command, name, hop) for name, hop in names.items()]


def injections(of: Iterable[EngineStep]) -> Iterator[Injection]:
    """Every fault of every step; lasting ones start before it, and momentary ones happen at each of three moments."""
    for step in of:
        for fault in FAULTS[step.hop]:
            for moment in MOMENTS if fault in ("SSH cut", "engine killed") else MOMENTS[:2]:
                yield Injection(step, fault, moment)


def drawn(of: Iterable[EngineStep], seed: int) -> Iterator[Injection]:
    """For each step one fault at one moment, chosen by the seed."""
    dice = random.Random(seed)  # noqa: S311  (a test's order, not a secret)
    yield from (dice.choice(list(injections([step]))) for step in of)


def sample(of: Iterable[Injection], seed: int, count: int | None = None) -> list[Injection]:
    """This many of them in the order of a seed, or all."""
    held = list(of)
    random.Random(seed).shuffle(held)  # noqa: S311  (a test's order, not a secret)
    return held[:count]
