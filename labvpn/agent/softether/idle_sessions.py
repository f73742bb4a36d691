"""How long each session has carried nothing, by what the list of sessions says of its size."""

from typing import Dict, Iterable, NamedTuple

from labvpn.agent.softether.rpc import Answer

QUIET_BYTES = 4096.0
"""Bytes a minute that a session may carry though nobody uses it: an OpenVPN session on 5.01 carried 1,460 (measured),
since the hub asks each device by ARP every 5 s, and there are DHCP and others' broadcasts."""


class Mark(NamedTuple):
    """A moment of the steady clock, and how many bytes a session had carried until then."""

    at: float
    size: float


class IdleTimes:
    """Since when each session of a hub has carried no more than an unused one does."""

    def __init__(self) -> None:
        self.marks: Dict[str, Mark] = {}

    def update(self, listed: Iterable[Answer], now: float) -> None:
        """Take in EnumSession's list; a session that carried more than noise begins anew."""
        sizes = {str(one["Name_str"]): float(one["PacketSize_u64"]) for one in listed if "PacketSize_u64" in one}
        before = self.marks
        self.marks = {}
        for name, size in sizes.items():
            mark = before.get(name)
            known = mark is not None and mark.size <= size and mark.at <= now
            self.marks[name] = mark if mark and known and is_noise(mark, size, now) else Mark(now, size)

    def seconds(self, name: str, now: float) -> float:
        """For how long a session has carried nothing; 0 for one that is not known."""
        mark = self.marks.get(name)
        return max(0.0, now - mark.at) if mark else 0.0


def is_noise(mark: Mark, size: float, now: float) -> bool:
    """Whether a session has carried since a mark only what an unused one does."""
    return size - mark.size <= QUIET_BYTES * (1 + (now - mark.at) / 60)
