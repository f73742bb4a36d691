"""What a thousand banned sources cost against one, in turn on a lab that is up: of the guard, and of who dials in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from statistics import median

from rehearsal import machine, network

COUNTS, ROUNDS, SECONDS = (1, 1_000), 3, 20
"""The numbers of banned sources, how often each is measured, and for how many seconds the guard is watched."""

FIRST = ip_address("198.18.0.1")
"""The first banned source (RFC 2544); none of the lab's machines is one."""

BAN = """
import json, subprocess, sys, time
bans = json.load(sys.stdin)
run = lambda *words: subprocess.run(words, check=True, capture_output=True, text=True).stdout
run("systemctl", "stop", "labvpn-bans")
run("sh", "-c", "nft delete table inet labvpn_bans 2>/dev/null || true")
open("/run/labvpn/barred.json", "w").write(json.dumps({one: [time.time() + 580, 9] for one in bans}))
began = time.monotonic()
run("systemctl", "start", "labvpn-bans")
while bans[-1] not in run("sh", "-c", "nft list table inet labvpn_bans 2>/dev/null || true"):
    time.sleep(0.02)
print(time.monotonic() - began)
"""
"""Bans sources for as long as the example lab's bounds allow, by the list that the guard reads when it starts."""

SPENT = """
import os, subprocess, time
words = ["systemctl", "show", "-P", "MainPID", "labvpn-bans"]
pid = subprocess.run(words, capture_output=True, text=True).stdout.strip()
def spent(): return sum(map(int, open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[11:13]))
before = spent()
time.sleep(%d)
print((spent() - before) / os.sysconf("SC_CLK_TCK"))
"""
CONNECT = """
import socket, statistics, time
def one():
    began = time.perf_counter()
    socket.create_connection(("%s", 443), 10).close()
    return time.perf_counter() - began
print(statistics.median(one() for _ in range(500)))
"""


@dataclass(frozen=True)
class Cost:
    """Seconds until the bans are in force, of the guard's processor time then, and of a neighbour's connection."""

    start: float
    guard: float
    connect: float


def figures() -> Iterator[tuple[str, str, str]]:
    """Rows of what was measured, how long it took, its aim. The lab must be up."""
    costs: dict[int, list[Cost]] = {count: [] for count in COUNTS}
    for _ in range(ROUNDS):
        for count in COUNTS:
            costs[count].append(_measured(count))
    _banned([])
    yield from _rows("the login guard from its start to its bans in force", "start", costs, 1, "s")
    yield from _rows(f"its processor time in {SECONDS} s", "guard", costs, 1, "s")
    yield from _rows("a TCP connection from another source", "connect", costs, 1000, "ms")


def _rows(
    what: str, field: str, costs: dict[int, list[Cost]], scale: float, unit: str
) -> Iterator[tuple[str, str, str]]:
    one, many = ([scale * getattr(cost, field) for cost in costs[count]] for count in COUNTS)
    ratio = median(after / before for before, after in zip(one, many, strict=True))
    values = f"{median(one):.2f} and {median(many):.2f} {unit}"
    yield f"{what}, with 1 and with {COUNTS[1]:,} banned sources", f"{values}: {ratio:.2f} times", ""


def _measured(count: int) -> Cost:
    start = _banned([str(FIRST + number) for number in range(count)])
    guard = _number("server", SPENT % SECONDS)
    return Cost(start, guard, _number("campus", CONNECT % network.SERVER))


def _banned(sources: Sequence[str]) -> float:
    if not sources:
        machine.output("server", ["sh", "-c", "rm -f /run/labvpn/barred.json; systemctl restart labvpn-bans"])
        return 0.0
    return _number("server", BAN, json.dumps(sources))


def _number(place: str, script: str, stdin: str = "") -> float:
    done = machine.run(place, ["python3", "-c", script], stdin, 120)
    if done.returncode:
        raise RuntimeError(f"{place}: {done.stderr[-500:]}")
    return float(done.stdout)


if __name__ == "__main__":
    for row in figures():
        print(*row, sep="\t", flush=True)
