"""The policies as a readable table, in order and with their counters."""

from __future__ import annotations

from collections.abc import Iterable

from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.entry import Member
from rehearsal.fortigate.kernel import Hits
from rehearsal.fortigate.objects import PolicyEntry

HEADINGS = ("order", "id", "name", "from", "to", "source", "destination", "service", "action", "hits")


def table(box: StandIn, hits: dict[int, Hits]) -> str:
    """Plain text, one policy per line, the implicit deny last; ends with a newline."""
    rows = [HEADINGS, *(_row(place, each, hits) for place, each in enumerate(box.policies, start=1))]
    last = ("-", "0", "(implicit)", "any", "any", "all", "all", "ALL", "deny", _hits(hits, 0))
    return _aligned([*rows, last])


def _row(place: int, policy: PolicyEntry, hits: dict[int, Hits]) -> tuple[str, ...]:
    ends = (_names(policy.srcintf), _names(policy.dstintf), _names(policy.srcaddr), _names(policy.dstaddr))
    action = policy.action + ("" if policy.active else " (off)")
    identity = (str(place), str(policy.policyid), policy.name)
    return (*identity, *ends, _names(policy.service), action, _hits(hits, policy.policyid))


def _names(members: Iterable[Member]) -> str:
    return ",".join(member.name for member in members)


def _hits(hits: dict[int, Hits], policyid: int) -> str:
    return str(hits.get(policyid, Hits()).sessions)


def _aligned(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines) + "\n"
