"""The model of who reaches what against packets: random rules on every hop, and a packet's fate foretold.

The kernel, firewalld and SoftEther are real, and the FortiGate is the rehearsal's. `make reach` tries other pairs, as
many as `REACH_PAIRS` of the environment says, with the seed `REACH_SEED`, `REACH_PER_LAB` in each lab.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.rehearsal import reach_lab, reach_machines, reach_random
from tests.rehearsal.reach_lab import WAITS, Given, Packet
from tests.rehearsal.reach_mutations import BREAKS

PAIRS = int(os.environ.get("REACH_PAIRS", "2100"))
SEED = int(os.environ.get("REACH_SEED", "9"))
PER_LAB = int(os.environ.get("REACH_PER_LAB", "42"))
AGAIN = 3
"""After so many lists of the FortiGate and the hub, firewalld has others too: that takes longest."""

MOST_UNCLEAR = 0.05
KEPT = 100
"""Of so many labs the outcomes are kept, to be compared with a broken model."""


class Tried(NamedTuple):
    """A lab's rules with the packets that were sent through them, and which arrived."""

    given: Given
    arrived: dict[Packet, bool]


class Trials(NamedTuple):
    """All of them: how many pairs, of how many nothing could be told, the disagreements, and the labs."""

    pairs: int
    unclear: int
    wrong: list[str]
    labs: list[Tried]


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    dice = random.Random(SEED)
    wrong, labs, pairs, unclear = list[str](), list[Tried](), 0, 0
    with reach_machines.running("reach-packets") as lab:
        while pairs < PAIRS:
            box, host = reach_random.box(dice), reach_random.host(dice)
            given = lab.settle(box, host if pairs % (PER_LAB * AGAIN) == 0 else None, reach_random.access_rules(dice))
            model = given.model()
            tried = reach_lab.packets(dice, box, PER_LAB)
            said = {one: reach_lab.verdict(model, one) for one in tried}
            arrived = lab.sent(tried, WAITS[0])
            for wait in WAITS[1:]:
                # A packet that a busy machine was late with is not lost.
                again = [one for one in tried if said[one][0] not in (None, arrived[one])]
                arrived |= lab.sent(again, wait) if again else {}
            wrong += [f"{one}: {said[one]}" for one in again if said[one][0] not in (None, arrived[one])]
            pairs, unclear = pairs + len(tried), unclear + sum(said[one][0] is None for one in tried)
            labs += [Tried(given, arrived)] if len(labs) < KEPT else []
            print(f"reach: {pairs} of {PAIRS} pairs, {len(wrong)} wrong, {unclear} cannot be told", flush=True)
    yield Trials(pairs, unclear, wrong, labs)


def test_the_model_foretells_the_fate_of_every_packet(trials: Trials) -> None:
    assert trials.wrong == []
    assert trials.pairs >= PAIRS


def test_of_few_packets_nothing_can_be_told(trials: Trials) -> None:
    assert trials.unclear < MOST_UNCLEAR * trials.pairs


def test_packets_of_each_fate_are_tried_and_so_is_every_sender(trials: Trials) -> None:
    fates = [arrived for one in trials.labs for arrived in one.arrived.values()]
    assert min(fates.count(True), fates.count(False)) > len(fates) / 10
    assert {packet.machine for one in trials.labs for packet in one.arrived} == {*reach_lab.SENDERS, "vpn"}


@pytest.mark.parametrize("name", BREAKS)
def test_a_model_that_is_broken_is_found_out(name: str, trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    BREAKS[name](monkeypatch)
    assert any(_disagrees(one) for one in trials.labs)


def _disagrees(one: Tried) -> bool:
    model = one.given.model()
    return any(reach_lab.verdict(model, packet)[0] not in (None, arrived) for packet, arrived in one.arrived.items())
