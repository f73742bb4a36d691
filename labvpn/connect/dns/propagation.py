"""Waiting, after a change, until every delegated server has it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from labvpn.connect.dns.primary import Say
from labvpn.connect.dns.query import NameServer, answers
from labvpn.plan.dns_diff import drifted
from labvpn.state.dns import ServerAnswer
from labvpn.state.records import Sets

PAUSE = 0.5
"""Seconds between two questions to the servers that do not have the change yet."""


def watch(servers: Sequence[ServerAnswer], goal: Sets, gone: Sets, zone: str, seconds: float, say: Say) -> list[str]:
    """Ask every server until it has `goal`, and nothing of `gone`; returns what is still missing when time is over.

    A server is one sentence when it has the change, and one when it is waited for.
    """
    keys = list(dict.fromkeys([*goal, *gone]))
    left = [NameServer(server.name, server.address) for server in servers]
    deadline = time.monotonic() + seconds
    reported: set[str] = set()
    while True:
        answered = answers(left, zone, keys, max(deadline, time.monotonic() + 1))
        missing = {str(each): lack for each in answered if (lack := _lack(each, goal))}
        for server in [server for server in left if str(server) not in missing]:
            say(f"{server} shows the change")
        left = [server for server in left if str(server) in missing]
        if not left or time.monotonic() > deadline:
            return list(missing.values())
        for name in missing.keys() - reported:
            say(f"waiting for {name}, for up to {seconds:.0f} s: {missing[name]}")
            reported.add(name)
        time.sleep(PAUSE)


def _lack(answered: ServerAnswer, goal: Sets) -> str:
    if answered.trouble:
        return f"{answered} {answered.trouble}"
    others = {key: one for key, one in answered.records.items() if key not in goal}
    return "; ".join(drifted({**others, **answered.fits(goal)}, goal, f"at {answered}"))
