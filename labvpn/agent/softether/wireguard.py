"""WireGuard, which SoftEther 5.02 switches on by default: it is switched off, and its keys are named.

A session whose first inner packet is IPv6 kills that server, and whoever has a registered key needs no password.
"""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import base64
from typing import Any, Dict, Iterator, List, Optional, Tuple

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Change, Line, line_of
from labvpn.agent.softether.config_file import Tree
from labvpn.agent.softether.server_settings import Setting

PROTOCOL = "WireGuard"


class WireGuard(Setting):
    """`wireguard enabled=kept` where it stays as it is; without a line, it counts as added by hand where it is on."""

    kind = "wireguard"

    @property
    def is_on(self) -> bool:
        """Whether the server speaks it; older ones do not know it."""
        if not self.softether.installed:
            return False
        return bool(self.branch("ServerConfiguration", "Proto", PROTOCOL).get("Enabled") == "true")

    def read(self, line: Line) -> Optional[Values]:
        if line.values.get("enabled") == "kept":
            return dict(line.values)
        return {"enabled": "yes"} if self.is_on else None

    def unmanaged(self) -> List[Line]:
        return [line_of(self.kind, "", {"enabled": "yes"})] if self.is_on else []

    def apply(self, changes: List[Change]) -> None:
        if any(change.line.values.get("enabled") == "yes" for change in changes):
            self.switch(True)

    def remove(self, lines: List[Line]) -> None:
        if self.is_on:
            self.switch(False)

    def switch(self, on: bool) -> None:
        """Set the option as wide as the server has it: its booleans have one byte on 5.02, and it insists on that."""
        options = self.call("GetProtoOptions", Protocol_str=PROTOCOL)
        # Names, types and values are three lists in one order.
        place = options["Name_str"].index("Enabled")
        width = len(base64.b64decode(options["Value_bin"][place])) or 1
        value = base64.b64encode(int(on).to_bytes(width, "little")).decode("ascii")
        one = {"Name_str": ["Enabled"], "Type_u32": [options["Type_u32"][place]], "Value_bin": [value]}
        self.call("SetProtoOptions", Protocol_str=PROTOCOL, **one)

    def warnings(self) -> List[str]:
        """The keys that somebody registered: each is a login without a password while WireGuard is on."""
        if not self.softether.installed:
            return []
        keys = ["{}... of {}".format(key[:8], owner) for key, owner in self.keys()]
        sentence = (
            "SoftEther has WireGuard keys ({}): while WireGuard is on, whoever has one needs no password, even when "
            "the user is gone; delete them on the server (the call DeleteWgk)"
        )
        return [sentence.format(", ".join(keys))] if keys else []

    def keys(self) -> Iterator[Tuple[str, str]]:
        """Each registered key with whose it is."""
        for place in (self.softether.tree(), self.branch("ServerConfiguration")):
            listed: Dict[str, Any] = place.get("WireGuardKeyList", {})
            for key, block in listed.items():
                yield key, owner_of(block) if isinstance(block, dict) else str(block)


def owner_of(block: Tree) -> str:
    """The user of a key, with the hub."""
    words = {name.lower(): str(value) for name, value in block.items()}
    user = next((word for name, word in words.items() if "user" in name), "an unknown user")
    hub = next((word for name, word in words.items() if "hub" in name), "")
    return "{}@{}".format(user, hub) if hub else user
