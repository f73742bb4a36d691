"""The check's own dial: L2TP/IPsec from here as a user whom the administrator names, by `labvpn dial`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Iterator
from typing import Any

SECONDS = 180
PROGRAM = (sys.executable, "-P", "-m", "labvpn", "dial", "--outputs", "-", "--json")

L2TP, SSTP = "l2tp", "sstp"
NAMES = {L2TP: "L2TP/IPsec", SSTP: "SSTP"}

Finding = tuple[str, str, str]
"""Hop, message, remedy."""


class NoDialError(Exception):
    """There was no dial; the message says why."""


def dial(text: str, user: str, server: str = "", protocol: str = L2TP, language: str = "en") -> list[Finding]:
    """What a dial as every system finds wrong; `text` is the outputs' JSON, which reaches the dial by its stdin."""
    words = [*([server] if server else []), "--protocol", protocol, "--as", "all", "--lang", language]
    try:
        return list(findings(user, _dials(text, user, *words), NAMES[protocol]))
    except NoDialError as error:
        return [("dial", f"no dial as {user}: {error}", "run `labvpn dial` to see more")]


def ask(text: str, user: str, targets: Collection[tuple[str, str]]) -> dict[tuple[str, str], str] | str:
    """Whether ports (`8000/tcp`) of addresses open inside, as a user sees it: open, closed or silent; or why not."""
    words = [word for address, port in targets for word in ("--ask", f"{address}:{port}")]
    try:
        (one,) = _dials(text, user, *words)
        seen = {each["target"]: str(each["state"]) for each in one["services"]}
    except (NoDialError, LookupError, ValueError) as error:
        return f"no dial as {user}: {error}"
    if not one["connected"]:
        return f"the dial as {user} did not get in: {one['cause']}"
    return {(address, port): seen[key] for address, port in targets if (key := _target(address, port)) in seen}


def _target(address: str, port: str) -> str:
    return f"{address}:{port.removesuffix('/tcp')}"


def _dials(text: str, user: str, *words: str) -> list[dict[str, Any]]:
    try:
        done = subprocess.run(
            [*PROGRAM, *words, "--user", user], input=text, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)["dials"]
    except subprocess.TimeoutExpired:
        raise NoDialError("it did not end in time") from None
    except (ValueError, LookupError):
        raise NoDialError(_last(done.stderr)) from None
    return found


def _last(text: str) -> str:
    return (text.strip() or "it said nothing").splitlines()[-1]


def findings(user: str, dials: list[dict[str, Any]], name: str = "L2TP/IPsec") -> Iterator[Finding]:
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
        whom = f"as {user}, as {of}" if len(dials) > 1 else f"as {user}"
        yield "dial", f"{name} {whom}: {cause}: {sentence}", "run `labvpn dial` to see every step"
