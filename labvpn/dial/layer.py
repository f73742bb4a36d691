"""One layer of a PPP link: what is asked for, and what was agreed on (RFC 1661, 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address

from labvpn.dial.wire import ppp


@dataclass
class Layer:
    """One layer's configuration: what we ask for, and what each side has agreed to."""

    protocol: int
    ours: ppp.Options
    agreed: bool = False
    agrees: bool = False
    theirs: ppp.Options = field(default_factory=dict)

    @property
    def is_up(self) -> bool:
        """Whether both sides agree."""
        return self.agreed and self.agrees

    def own(self, kind: int) -> IPv4Address:
        """An address among our options; 0.0.0.0 where there is none."""
        return _address(self.ours, kind)

    def other(self, kind: int) -> IPv4Address:
        """An address among the other side's."""
        return _address(self.theirs, kind)


def _address(options: ppp.Options, kind: int) -> IPv4Address:
    value = options.get(kind, b"")
    return IPv4Address(value if len(value) == 4 else bytes(4))
