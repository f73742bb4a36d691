"""Who reaches what, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table

from labvpn.model.untrusted import plain
from labvpn.reach.table import NOTHING, Change, Reached


def table(rows: Iterable[Reached]) -> Table:
    """The table, with a line between senders."""
    made = Table(box=None, pad_edge=False)
    for title in ("from", "to", "open", "cannot be told"):
        made.add_column(title, overflow="fold")
    last = ""
    for one in rows:
        if last and one.sender != last:
            made.add_section()
        first = plain(one.sender) if one.sender != last else ""
        made.add_row(first, plain(one.target), plain(one.open), "" if one.unclear == NOTHING else plain(one.unclear))
        last = one.sender
    return made


def differences(changes: Sequence[Change] | None) -> Iterator[str]:
    """What differs from the last `up`, a line each."""
    if changes is None:
        yield "no `up` has recorded a table yet, so nothing is compared"
    elif not changes:
        yield "as the last `up` left it"
    else:
        yield "since the last `up`:"
        yield from (f"  {plain(str(one))}" for one in changes)
