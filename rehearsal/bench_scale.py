"""What one server carries on this machine: its memory, and the throughput of one client and of several."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from rehearsal import lab, machine
from rehearsal.dial import dialled
from rehearsal.network import WHOAMI
from rehearsal.proof import Outputs

CLIENTS = ("phone", "campus", "admin")
"""Each on its own machine, so that no tunnel carries another client's traffic."""

WAYS: tuple[tuple[str, list[str]], ...] = (("client to outside", []), ("outside to client", ["-R"]))
"""Each with iperf3's options for it."""

SECONDS = 5
"""How long each stream lasts."""

MEMORY = "ps -C vpnserver,vpnserver-exec -o rss= | sort -n | tail -1"


def figures() -> Iterator[tuple[str, str, str]]:
    """Rows of what was measured, how much it was, its aim. The lab must be up, with no other load."""
    outputs = lab.outputs()
    yield "SoftEther's memory, nobody connected", _memory(), ""
    yield from _throughput(outputs)


def _memory() -> str:
    said = machine.output("server", ["sh", "-c", MEMORY])
    return f"{int(said or 0) / 1000:.0f} MB"


def _throughput(outputs: Outputs) -> Iterator[tuple[str, str, str]]:
    """The owner's tunnel takes all traffic, so what a client sends to the internet passes through the server."""
    with sinks(), ExitStack() as stack:
        for count, client in enumerate(CLIENTS, 1):
            dial = stack.enter_context(dialled(client, outputs.login("owner")))
            if dial.address is None:
                raise RuntimeError(f"{client} could not dial: {dial.log[-500:]}")
            for way, more in WAYS:
                rates = streams(CLIENTS[:count], more)
                clients = f"{count} client{'s' if count > 1 else ''}"
                yield f"throughput, {clients}, {way}", f"{sum(rates):.0f} Mbit/s", ""


@contextmanager
def sinks() -> Iterator[None]:
    """Run a receiver for each client on the internet machine until the block ends."""
    words = [["iperf3", "-s", "-p", str(5301 + place)] for place in range(len(CLIENTS))]
    nothing = subprocess.DEVNULL
    servers = [subprocess.Popen(machine.line("internet", each), stdout=nothing, stderr=nothing) for each in words]
    try:
        yield
    finally:
        for server in servers:
            server.terminate()


def streams(clients: Sequence[str], more: Sequence[str]) -> list[float]:
    """The throughput of each client's stream in Mbit/s, all at the same time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda pair: _stream(pair[1], 5301 + pair[0], more), enumerate(clients)))


def _stream(client: str, port: int, more: Sequence[str]) -> float:
    words = ["iperf3", "-c", WHOAMI, "-p", str(port), "-t", str(SECONDS), "-J", *more]
    report = json.loads(machine.output(client, words) or "{}")
    return float(report["end"]["sum_received"]["bits_per_second"]) / 1e6


if __name__ == "__main__":
    for row in figures():
        print(*row, sep="\t", flush=True)
