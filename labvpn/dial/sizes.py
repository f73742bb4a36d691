"""The largest packets that pass a session each way, whole and in fragments.

Both ways: LCP echoes, whose data the other side sends back (RFC 1661, 5.8). Up alone: a question to the resolver that
zeros behind it make large, and whose answer is small. Down is then what the echoes show, where that is less.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from labvpn.dial.link import MTU
from labvpn.dial.outcome import Finding
from labvpn.dial.session import DialSession

LARGEST, SMALLEST, STEP = 1452, 76, 16
"""Bytes of a packet inside the tunnel; 16 is a block of AES, the finest that can be told apart."""
WHOLE = 1404
"""The largest packet inside whose outer packet is not over 1500 bytes, with AES and SHA-1 or SHA-256."""
OUTSIDE = 84
"""How much larger the outer packet is: IP, UDP, ESP with its vector, padding and check value, UDP, L2TP, PPP."""
TRIES, WAIT, ROUND_TRIPS = 2, 0.4, 5.0
"""Tries, and how long each waits: at least so many seconds, and so many times what the first echo took."""


@dataclass(frozen=True)
class Sizes:
    """Bytes of the largest IPv4 packet inside the tunnel, 0 where none passes.

    `up` and `down` with fragments, `whole` up without; down is at least `down` where it equals `up`.
    """

    up: int
    down: int
    whole: int

    @property
    def way(self) -> int:
        """About the largest packet that the way takes whole, by IPv4: 1500 where it is not smaller than usual."""
        return 1500 if self.whole >= WHOLE else self.whole + OUTSIDE

    @property
    def problems(self) -> list[Finding]:
        """What that means for a client whose packets are of up to 1,280 bytes, as Apple's are."""
        values: dict[str, str | int] = {"way": self.way, "up": self.up, "down": self.down, "whole": self.whole}
        found = []
        if self.way < 1500:
            found.append(Finding("small-mtu", values))
        if min(self.up, self.down) < MTU:
            found.append(Finding("fragments-lost" if self.up <= self.whole else "large-lost", values))
        elif self.up <= self.whole:
            found.append(Finding("fragments-lost-unneeded", values))
        return found


Arrives = Callable[[int, float, int], bool]
"""Whether a packet of a size arrives that is answered by a small one: in so many seconds for each of so many tries."""


class SizeQuestions:
    """Finds the sizes of one session; `fragment` allows fragments on our side, or forbids them."""

    def __init__(self, session: DialSession, fragment: Callable[[bool], None], arrives: Arrives) -> None:
        self._session, self._fragment, self._asks = session, fragment, arrives
        self._wait = WAIT

    def sizes(self) -> Sizes | None:
        """All three; None where not even a small echo comes back."""
        began = self._session.channel.now()
        if not self._comes_back(SMALLEST, 3.0):
            return None
        self._wait = max(WAIT, ROUND_TRIPS * (self._session.channel.now() - began))
        arrives = self._arrives if self._arrives(SMALLEST) else self._comes_back
        both = self._largest(self._comes_back, LARGEST)
        up = both if both == LARGEST else max(both, self._largest(arrives, LARGEST))
        self._fragment(False)
        try:
            return Sizes(up, both, self._largest(arrives, min(up, WHOLE)))
        finally:
            self._fragment(True)

    def _arrives(self, size: int) -> bool:
        return self._asks(size, self._wait, TRIES)

    def _largest(self, passes: Callable[[int], bool], top: int) -> int:
        if passes(top):
            return top
        low, high = 0, (top - SMALLEST) // STEP
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if passes(SMALLEST + middle * STEP) else (low, middle)
        return SMALLEST + low * STEP

    def _comes_back(self, size: int, wait: float = 0.0) -> bool:
        # An LCP packet and an IPv4 packet both follow a protocol field of two bytes.
        link, mark = self._session.link, os.urandom(8)
        for _ in range(TRIES):
            link.echo(mark.ljust(size - 8, b"\0"))
            if self._session.pump(wait or self._wait, lambda: mark in link.echoes):
                return True
        return False
