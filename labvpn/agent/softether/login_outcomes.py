"""Which outcome a login of the log has, and whether the two records of one login show a forgery."""

from typing import Dict, List, Optional, Set, Tuple

from labvpn.agent.softether.login_records import ACCEPTED, FAILED, TURNED_AWAY, Record


def outcomes_of(records: List[Record]) -> List[Tuple[Optional[Record], bool]]:
    """For each record the next failure of its connection after it, and whether its login is accepted after it.

    Only what comes after counts: the server numbers its connections from 1 again with each start.
    """
    failed: Dict[str, Record] = {}
    accepted: Set[str] = set()
    found: List[Tuple[Optional[Record], bool]] = []
    for one in reversed(records):
        found.append((failed.get(one.connection), one.connection in accepted))
        if one.kind == FAILED:
            failed[one.connection] = one
        elif one.kind in (ACCEPTED, *TURNED_AWAY):
            accepted.add(one.connection)
    return found[::-1]


def is_forged(begun: Record, failed: Record) -> bool:
    """Whether a login whose beginning is torn has a name with a line end, and was not cut off by a full disk."""
    return failed.torn or failed.user + '"' in begun.user
