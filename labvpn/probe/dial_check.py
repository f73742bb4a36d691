"""The check's own dial: L2TP/IPsec from here as a user whom the administrator names, by `labvpn dial`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

SECONDS = 180
PROGRAM = (sys.executable, "-m", "labvpn", "dial", "--outputs", "-", "--as", "all", "--json")

Finding = tuple[str, str, str]
"""Hop, message, remedy."""


def dial(text: str, user: str, server: str = "") -> list[Finding]:
    """What a dial as every system finds wrong; `text` is the outputs' JSON, which reaches the dial by its stdin."""
    words = [*PROGRAM, *([server] if server else []), "--user", user]
    try:
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=SECONDS, check=False)
        return list(findings(user, json.loads(done.stdout)["dials"]))
    except (subprocess.TimeoutExpired, ValueError, LookupError) as error:
        last = "it did not end in time" if isinstance(error, subprocess.TimeoutExpired) else _last(done.stderr)
        return [("dial", f"no dial as {user}: {last}", "run `labvpn dial` to see more")]


def _last(text: str) -> str:
    return (text.strip() or "it said nothing").splitlines()[-1]


def findings(user: str, dials: list[dict[str, Any]]) -> Iterator[Finding]:
    """What is wrong with these dials; the same for several systems is said once."""
    alike: dict[tuple[str, str], list[str]] = {}
    for one in dials:
        if not one["connected"]:
            alike.setdefault((one["cause"], one["detail"]), []).append(one["as"])
        for note in one["notes"]:
            if note["fault"]:
                alike.setdefault((note["id"], note["says"]), []).append(one["as"])
    for (cause, sentence), systems in alike.items():
        of = "every system" if len(systems) == len(dials) else ", ".join(systems)
        yield "dial", f"L2TP/IPsec as {user}, as {of}: {cause}: {sentence}", "run `labvpn dial` to see every step"
