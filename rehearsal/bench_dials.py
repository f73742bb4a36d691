"""A whole L2TP/IPsec dial's time by step, and ten dials at once, on a lab that is up: from the phone behind the NAT."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

from rehearsal import machine, places

USER, TIMES, AT_ONCE = "owner", 5, 10
STEPS = {
    "phase 1": "IPSec phase 2 started",
    "phase 2": "IPSec connection established",
    "L2TP": "L2TP connection established.",
    "the login": "rcvd [CHAP Success",
    "the address": "local  IP address",
}
"""What ends each step, by the words of its line."""


def _dial() -> dict[str, Any]:
    words = ["dial", "--outputs", str(places.state() / "outputs.json"), "--user", USER, "--json"]
    done = machine.run("phone", [sys.executable, "-m", "labvpn", *words])
    (report,) = json.loads(done.stdout)["dials"]
    if not report["connected"]:
        sys.exit(f"bench: the dial failed: {report['cause']}: {report['detail']}")
    return dict(report)


def ends(report: dict[str, Any]) -> dict[str, float]:
    """When each step of a dial ended, in seconds since its beginning."""
    lines = [(step["text"], float(step["seconds"])) for step in report["steps"]]
    return {name: next(at for text, at in lines if text.startswith(words)) for name, words in STEPS.items()}


def by_step(reports: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The median seconds of each step."""
    found = [list(ends(report).values()) for report in reports]
    took = [[after - before for before, after in zip([0.0, *times], times, strict=False)] for times in found]
    return dict(zip(STEPS, map(median, zip(*took, strict=True)), strict=True))


def main() -> None:
    """Print the rows: each step with its share of the way to the address, and ten dials by one."""
    reports = [_dial() for _ in range(TIMES)]
    steps = by_step(reports)
    alone = sum(steps.values())
    for name, seconds in steps.items():
        print(f"`labvpn dial`: {name}, median of {TIMES}\t{seconds:.2f} s, {seconds / alone:.0%}\t")
    whole = median(one["seconds"] for one in reports)
    print(f"the same with its questions and the goodbye\t{whole:.1f} s, {whole / alone:.1f} times\t")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        together = [ends(report)["the address"] for report in pool.map(lambda _: _dial(), range(AT_ONCE))]
    times = f"{median(together) / alone:.1f}, {max(together) / alone:.1f} times one"
    print(f"{AT_ONCE} dials at once, to the address: median, longest\t{times}\t")


if __name__ == "__main__":
    main()
