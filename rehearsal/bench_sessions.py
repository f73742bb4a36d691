"""How many sessions one server carries on this machine, what each costs, and what fails first.

Each is a real OpenVPN client with its own lease, in a hub that is created for them and deleted afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from rehearsal import lab, machine, network, places
from rehearsal.bench_scale import WAYS, sinks, streams
from rehearsal.crowd import Crowd, CrowdStep, crowd
from rehearsal.dial import Login, dialled
from rehearsal.report import say
from rehearsal.soak.lab import Lab
from rehearsal.soak.manual_changes import ManualChanges

STEPS = (10, 100, 250, 500, 1_000)
CROWDS = ("internet", "campus", "admin")
"""All clients of a machine count as one source: SoftEther accepts at most a thousand OpenVPN clients per address."""

GUEST = "phone"
"""Where one more client dials at each step and opens a page through its tunnel."""

SECONDS = 600
"""No step starts later than this."""

IDLE = 20
"""Seconds for which an idle server's processor time is measured."""

HUB, USER = "BENCH", "bench"
ROUTER, MASK, FIRST, LAST = "10.64.0.1", "255.255.192.0", "10.64.1.0", "10.64.63.250"

MEASURE = """
import json, os, pathlib
found = [each for each in pathlib.Path("/proc").glob("[0-9]*") if "vpnserver" in (each / "comm").read_text()]
def status(of): return dict(line.split(":", 1) for line in (of / "status").read_text().splitlines())
server = max(found, key=lambda each: int(status(each)["VmRSS"].split()[0]))
spent = (server / "stat").read_text().rpartition(")")[2].split()
print(json.dumps({"memory": int(status(server)["VmRSS"].split()[0]), "threads": int(status(server)["Threads"]),
    "files": len(os.listdir(server / "fd")), "seconds": sum(map(int, spent[11:13])) / os.sysconf("SC_CLK_TCK")}))
"""


@dataclass(frozen=True)
class Cost:
    """What the server uses: memory in KB, threads, open files, and processor seconds since its start."""

    memory: int
    threads: int
    files: int
    seconds: float


def figures(steps: Sequence[int] = STEPS, limit: float = SECONDS) -> Iterator[tuple[str, str, str]]:
    """Rows of what was measured and its value; ends at the first step that fails. The lab must be up."""
    until = time.monotonic() + limit
    manual = ManualChanges(Lab(places.state().name))
    say("restarting the server ...")
    manual.work("server", [["shell", "systemctl restart softether-vpnserver"], ["ready"]])
    with _hub(manual) as login, sinks(), ExitStack() as stack:
        before = _measured()
        yield "no session", f"{before.memory / 1000:.1f} MB, {before.threads} threads, {before.files} files", ""
        crowds = [stack.enter_context(crowd(host, login)) for host in CROWDS]
        for count in steps:
            if time.monotonic() > until:
                yield f"{count:,} sessions", f"not tried: {limit:.0f} s are over", ""
                return
            say(f"dialling until {count:,} are connected ...")
            began = time.monotonic()
            dialled = _all_at(crowds, count)
            yield from _rows(manual, count, dialled, time.monotonic() - began, before)
            if dialled.failed or dialled.alive < count:
                return
            yield f"{count:,} sessions, one more client", _guest(login), ""


def _rows(
    manual: ManualChanges, count: int, step: CrowdStep, seconds: float, before: Cost
) -> Iterator[tuple[str, str, str]]:
    if step.failed:
        yield f"{count:,} sessions, refused dials", f"{step.failed}, the last one: {step.words!r}", ""
    if step.seconds:
        each = f"median {median(step.seconds):.1f} s, longest {max(step.seconds):.1f} s"
        yield f"{count:,} sessions, dials", f"{len(step.seconds)} in {seconds:.0f} s, each {each}", ""
    say(f"{step.alive:,} are connected; measuring the idle server for {IDLE} s ...")
    start, began = _measured(), time.monotonic()
    time.sleep(IDLE)
    cost = _measured()
    share = (cost.seconds - start.seconds) / (time.monotonic() - began)
    held = max(_sessions(manual), 1)
    more = (
        f"{(cost.memory - before.memory) / held:.0f} KB and {(cost.threads - before.threads) / held:.1f} threads each"
    )
    words = f"{cost.memory / 1000:.0f} MB, {cost.threads:,} threads, {cost.files:,} files; {more}"
    load = f"load {os.getloadavg()[0]:.1f}"
    yield f"{count:,} sessions, the server", f"carries {held:,}: {words}", ""
    yield (
        f"{count:,} sessions, idle",
        f"{share:.1%} of a core, {share / held * 1e6:.0f} us a session and second; {load}",
        "",
    )


def _all_at(crowds: Sequence[Crowd], count: int) -> CrowdStep:
    """Share `count` clients among the machines; the combined result."""
    shares = [count // len(crowds) + (place < count % len(crowds)) for place in range(len(crowds))]
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda pair: pair[0].resize(pair[1]), zip(crowds, shares, strict=True)))
    words = [step.words for step in done if step.words]
    seconds = tuple(each for step in done for each in step.seconds)
    return CrowdStep(
        sum(step.alive for step in done), seconds, sum(step.failed for step in done), words[-1] if words else ""
    )


def _guest(login: Login) -> str:
    """What one more client sees: its dial, then a page and streams through its tunnel."""
    began = time.monotonic()
    with dialled(GUEST, login) as dial:
        took = time.monotonic() - began
        if dial.address is None:
            return f"not in: {dial.log[-200:]!r}"
        timed = ["curl", "-sS", "-m", "15", "-w", " %{time_total}", f"http://{network.WHOAMI}/"]
        seen, _, seconds = machine.output(GUEST, timed).rpartition(" ")
        page = f"its page in {float(seconds):.2f} s" if seen.strip() == login.server else "no page"
        rates = [f"{streams([GUEST], more)[0]:.0f} Mbit/s {way}" for way, more in WAYS]
        return f"in after {took:.1f} s, {page}, {', '.join(rates)}"


def _measured() -> Cost:
    return Cost(**json.loads(machine.output("server", ["python3", "-c", MEASURE])))


def _sessions(manual: ManualChanges) -> int:
    """The clients' sessions that the server itself counts; one more is SecureNAT's own."""
    return int(manual.call("GetHubStatus", HubName_str=HUB)["NumSessionsClient_u32"])


@contextmanager
def _hub(manual: ManualChanges) -> Iterator[Login]:
    """A hub with room for all and a user without a limit on logins, until the block ends."""
    secret, named = secrets.token_urlsafe(16), {"HubName_str": HUB}
    manual.call("CreateHub", AdminPasswordPlainText_str=secrets.token_urlsafe(16), Online_bool=True, **named)
    try:
        room = {"Ip_ip": ROUTER, "Mask_ip": MASK, "DhcpSubnetMask_ip": MASK, "DhcpGatewayAddress_ip": ROUTER}
        room |= {"DhcpDnsServerAddress_ip": ROUTER, "DhcpLeaseIPStart_ip": FIRST, "DhcpLeaseIPEnd_ip": LAST}
        modes = [{"Name_str": f"Disable{way}ModeSecureNAT", "Value_u32": 1} for way in ("Kernel", "IpRaw")]
        manual.call("SetSecureNATOption", onto="GetSecureNATOption", RpcHubname_str=HUB, **room)
        manual.call("SetHubExtOptions", AdminOptionList=modes, **named)
        manual.call("EnableSecureNAT", **named)
        manual.call("CreateUser", Name_str=USER, AuthType_u32=1, Auth_Password_str=secret, **named)
        yield Login(network.SERVER, f"{USER}@{HUB}", secret, authority=lab.outputs().authority)
    finally:
        manual.call("DeleteHub", **named)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", default=",".join(map(str, STEPS)), help="how many sessions, one after another")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="no step starts later than this")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for row in figures([int(step) for step in options.steps.split(",")], options.seconds):
        print(*row, sep="\t", flush=True)
