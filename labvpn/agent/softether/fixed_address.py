"""A user's fixed address, which SoftEther 5.02 reads from the user's note: `IPv4:192.168.30.210`."""

import re
from typing import Dict, List

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Line
from labvpn.agent.softether.client import SoftEther

FIRST_VERSION = 502
"""Older servers, and 4.x, take the note for mere text and have no other way to give a user an address."""

TAG = re.compile(r"\s*ipv4:\s*([0-9.]*)", re.IGNORECASE)


def note_value(key: str, line: Line, note: str) -> str:
    """A user's `address` or `note`; the note is whole where the line states no address."""
    if key == "note":
        return TAG.sub("", note) if "address" in line.values else note
    found = TAG.search(note)
    return (found.group(1) if found else "") or "none"


def note_parameters(values: Values) -> Dict[str, str]:
    """The note that sets the address of a line, last and as a word of its own; nothing where the line has none."""
    if values.get("address", "none") == "none":
        return {}
    return {"Note_utf": "{} IPv4:{}".format(values.get("note", ""), values["address"]).strip()}


def without_way(softether: SoftEther, desired: List[Line]) -> List[List[str]]:
    """The refusal where a user should have a fixed address and the server cannot give one."""
    users = [line.name for line in desired if line.kind == "user" and line.values.get("address", "none") != "none"]
    found = softether.release() if users and softether.installed else None
    if found is None or found[0] >= FIRST_VERSION:
        return []
    return [
        [
            "runs SoftEther {}.{:02d}, which cannot give {} a fixed address: only 5.02 can".format(
                *divmod(found[0], 100), ", ".join(name.partition("/")[2] for name in users)
            ),
            "take `address` out of the users' file, or install 5.02",
        ]
    ]
