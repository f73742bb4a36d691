"""Whole L2TP/IPsec dials from the phone behind the carrier's NAT, as the systems that people have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rehearsal import machine
from rehearsal.places import MODULE

SYSTEMS = {"iphone": "an iPhone", "mac": "a Mac", "windows": "Windows"}
USER = "guest1"

Row = tuple[str, str, bool]
"""What was dialled as, what came of it, and whether that is as it should be."""


def dials(outputs: Path) -> Iterator[Row]:
    """One dial as each system, in turn: the guest may have one session."""
    for system, title in SYSTEMS.items():
        words = ["dial", "--outputs", str(outputs), "--user", USER, "--as", system, "--json"]
        done = machine.run("phone", [*MODULE, "labvpn", *words])
        try:
            (report,) = json.loads(done.stdout)["dials"]
        except (ValueError, LookupError):
            last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
            yield f"as {title}", f"the dial as {title} gave no report: {last}", False
            continue
        yield (
            f"as {title}",
            words_of(report),
            report["connected"] and not any(note["fault"] for note in report["notes"]),
        )


def words_of(report: dict[str, Any]) -> str:
    """What came of a dial, in one sentence."""
    if not report["connected"]:
        return f"{USER} did not get in: {report['cause']}: {report['detail']}"
    services = report["services"]
    opened = [one["name"] or one["target"] for one in services if one["state"] == "open"]
    shut = [one["target"] for one in services if one["shouldOpen"] is False and one["state"] == "silent"]
    parts = [f"{USER} dials by {report['phase1']} and gets {report['address']}"]
    parts += [f"{', '.join(opened)} open"] if opened else []
    parts += [f"{', '.join(shut)} stay closed"] if shut else []
    return "; ".join([*parts, *(note["says"] for note in report["notes"])])
