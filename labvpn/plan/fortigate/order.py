"""Where policies of ours are out of place on the FortiGate, one sentence for each that moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from labvpn.state.fortigate import Block, Inventory

LISTED = 5
"""How many names one sentence lists."""


def misplaced(block: Block, actual: Inventory) -> Iterator[str]:
    """What was moved so that the block is not one piece, in its order, right before the policy that follows it.

    Of several explanations it takes the one with the fewest moves, and of those the one in which policies moved down.
    """
    order = [policy.key for policy in actual.policies]
    line = [name for name in [*(policy.key for policy in block.policies), block.before] if name in order]
    places = [order.index(name) for name in line]
    stayed = _longest_in_order(places)
    for index, name in enumerate(line):
        if index not in stayed:
            yield _moved(name, index, line, places, stayed)
    for upper, lower in pairwise(stayed):
        between = [one for one in actual.policies[places[upper] + 1 : places[lower]] if one.key not in line]
        if between:
            # Where others put a policy right before the one that ours precede, nobody moved anything.
            came = "is new, or moved," if line[lower] == block.before else "moved"
            yield f"{listed(map(str, between))} {came} between {line[upper]} and {line[lower]}"


def listed(names: Iterable[str]) -> str:
    """The first few of the names, and how many more there are."""
    held = list(names)
    more = f" and {len(held) - LISTED} more" if len(held) > LISTED else ""
    return ", ".join(held[:LISTED]) + more


def _moved(name: str, index: int, line: Sequence[str], places: Sequence[int], stayed: Sequence[int]) -> str:
    """The sentence for one that moved, by the nearest policy that stayed and is now on its wrong side."""
    above = [other for other in stayed if other > index and places[other] < places[index]]
    if above:
        return f"policy {name} moved below {line[max(above)]}"
    below = [other for other in stayed if other < index and places[other] > places[index]]
    return f"policy {name} moved above {line[min(below)]}"


def _longest_in_order(places: Sequence[int]) -> list[int]:
    """The indices of a longest increasing subsequence; of several the last one, so that what is left out moved down."""
    count = len(places)
    lengths = [1] * count
    for index in reversed(range(count)):
        behind = [lengths[other] for other in range(index + 1, count) if places[other] > places[index]]
        lengths[index] += max(behind, default=0)
    chosen: list[int] = []
    for length in range(max(lengths, default=0), 0, -1):
        floor = places[chosen[-1]] if chosen else -1
        first = chosen[-1] + 1 if chosen else 0
        chosen.append(max(one for one in range(first, count) if lengths[one] == length and places[one] > floor))
    return chosen
