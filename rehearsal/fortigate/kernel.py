"""Enforcement: nftables rules, their counters and the VIPs' addresses, in the network namespace of this process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from rehearsal.fortigate import ruleset
from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.entry import Entry

TIME_LIMIT = 20
"""Seconds for one call of nft or ip; 500 policies take well under one."""
_LABEL = ":vip"


class Hits(NamedTuple):
    """A policy's counters: sessions (packets if denied), and all their packets and bytes in both directions."""

    sessions: int = 0
    packets: int = 0
    bytes: int = 0


class EnforcementError(Exception):
    """The kernel did not accept the rules; the message contains the output of nft or ip."""


class Enforcement(Protocol):
    """Enforces a box's policies; tests have an implementation without a kernel."""

    def apply(self, box: StandIn) -> None:
        """Enforce all of the box's policies at once."""

    def hits(self) -> dict[int, Hits]:
        """The counters by policy id; 0 is the implicit deny."""

    def clear(self) -> None:
        """Forget all rules and counters."""


class Kernel:
    """Enforcement by nftables."""

    def __init__(self) -> None:
        self._enforced: tuple[Entry, ...] | None = None

    def apply(self, box: StandIn) -> None:
        """Replace the rules in one transaction, then add and remove the VIPs' addresses; nothing for unused objects."""
        sources = ruleset.sources(box)
        if sources == self._enforced:
            return
        self._enforced = None
        _run(["nft", "-f", "-"], ruleset.script(box, self.hits()))
        _set_addresses(ruleset.vip_addresses(box))
        self._enforced = sources

    def hits(self) -> dict[int, Hits]:
        """The kernel's current counters."""
        listed = json.loads(_run(["nft", "-j", "list", "counters"]))["nftables"]
        return counted([item["counter"] for item in listed if "counter" in item])

    def clear(self) -> None:
        """Remove the table and with it every counter; declaring it first avoids an error if it is absent."""
        self._enforced = None
        _run(["nft", "-f", "-"], f"{ruleset.TABLE} {{\n}}\ndelete {ruleset.TABLE}\n")
        _set_addresses(())


def counted(counters: list[dict[str, Any]]) -> dict[int, Hits]:
    """The hits by policy id from nft's JSON objects of named counters."""
    named = {each["name"]: each for each in counters if f"table {each['family']} {each['table']}" == ruleset.TABLE}
    ids = sorted(int(name.removeprefix("hits_")) for name in named if name.startswith("hits_"))
    return {
        each: Hits(
            named[f"hits_{each}"]["packets"], named[f"traffic_{each}"]["packets"], named[f"traffic_{each}"]["bytes"]
        )
        for each in ids
    }


def forward() -> None:
    """Let this network namespace route."""
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")


def _set_addresses(wanted: Collection[tuple[str, str]]) -> None:
    """Set the addresses labelled as VIPs; addresses without the label are not ours."""
    links = json.loads(_run(["ip", "-json", "-4", "address", "show"]))
    present = {
        (link["ifname"], address["local"])
        for link in links
        for address in link.get("addr_info", ())
        if address.get("label", "").endswith(_LABEL)
    }
    known = {link["ifname"] for link in links}
    lines = [f"address delete {address}/32 dev {name}" for name, address in sorted(present - set(wanted))]
    lines += [
        f"address add {address}/32 dev {name} label {name}{_LABEL}"
        for name, address in sorted(set(wanted) - present)
        if name in known
    ]
    if lines:
        _run(["ip", "-batch", "-"], "\n".join(lines) + "\n")


def _run(command: list[str], text: str = "") -> str:
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=TIME_LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnforcementError(f"{command[0]} did not run: {error}") from error
    if done.returncode:
        raise EnforcementError(f"{' '.join(command)} failed ({done.returncode}): {done.stderr.strip()}")
    return done.stdout
