"""A manual change: what it touches, how it is made, and the text by which a preview names it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rehearsal.soak.manual_changes import ManualChanges

Make = Callable[[ManualChanges], object]


@dataclass(frozen=True)
class Change:
    """One manual change of something that the stack manages.

    `place` is a path: if one of two changes touches a part of what the other touches, only one can be seen. `words` is
    part of the one line of the preview that names it.
    """

    place: str
    words: str
    make: Make

    def meets(self, other: Change) -> bool:
        """Whether the other change touches the same object, a part of it, or its parent."""
        mine, theirs = self.place.split("/"), other.place.split("/")
        length = min(len(mine), len(theirs))
        return mine[:length] == theirs[:length]


def groups(changes: Sequence[Change], sizes: range, dice: random.Random) -> Iterator[list[Change]]:
    """All changes in random groups of random sizes, in which no change hides another."""
    left = dice.sample(list(changes), len(changes))
    while left:
        group: list[Change] = []
        for change in left:
            if not any(change.meets(other) for other in group):
                group.append(change)
        group = group[: dice.choice(sizes)]
        yield group
        left = [change for change in left if change not in group]
