"""A sample of the faults that `make soak` brings over every step of a run, on real servers, with a fixed seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rehearsal.soak.faults import Bench
from rehearsal.soak.lab import Lab
from rehearsal.soak.steps import EngineStep, Hop, injections, sample

SEED = 9
LONG = ("packets dropped", "says nothing")
"""Of these a run hears after minutes only."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    lab = Lab("faults-test")
    lab.stop()
    lab.bring_up()
    yield Bench(lab.state)
    lab.stop()


@pytest.fixture(scope="module")
def steps(bench: Bench) -> list[EngineStep]:
    return bench.change()


def complaints(bench: Bench, steps: list[EngineStep]) -> list[str]:
    """What was not as promised after the first fault of the sample that does not take minutes."""
    injection = next(one for one in sample(injections(steps), SEED) if one.fault not in LONG)
    return [f"{injection.name}: {each}" for each in bench.survive(injection).complaints]


@pytest.mark.parametrize("hop", [Hop.HOST, Hop.FORTIGATE, Hop.NAME])
def test_the_next_run_repairs_what_a_fault_at_a_step_broke_and_nobody_is_lost(
    bench: Bench, steps: list[EngineStep], hop: Hop
) -> None:
    assert complaints(bench, [step for step in steps if step.hop is hop]) == []


def test_a_destroy_that_a_fault_broke_is_mended_by_the_next_run(bench: Bench, steps: list[EngineStep]) -> None:
    assert complaints(bench, [replace(step, command="destroy") for step in steps if step.hop is Hop.HOST]) == []
