"""Whose logins failed too often: for how long a source is barred from new connections."""

from ipaddress import ip_address, ip_network
from typing import Dict, List, NamedTuple

from labvpn.agent.securitylog import Failure


class Bounds(NamedTuple):
    """So many failures within `seconds` slow a source down for `pause` seconds, so many bar it for `seconds`."""

    slow: int
    pause: float
    most: int
    seconds: float
    exempt: List[str]


class Bar(NamedTuple):
    """Until when a source may open no new connection, in seconds since 1970, and how many failures it comes of."""

    until: float
    failures: int


class Guesses:
    """Counts each source's failures; the same failures give the same bars, so a start anew loses nothing."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.exempt = [ip_network(each) for each in bounds.exempt]
        self.failures: Dict[str, List[float]] = {}
        self.bars: Dict[str, Bar] = {}

    def count(self, failure: Failure) -> None:
        """Count a failed login, and bar its source where it is one too many."""
        if not failure.source or self.spared(failure.source):
            return
        recent = [at for at in self.failures.get(failure.source, []) if at > failure.at - self.bounds.seconds]
        self.failures[failure.source] = [*recent, failure.at]
        count = len(recent) + 1
        if count >= self.bounds.most:
            self.bars[failure.source] = Bar(failure.at + self.bounds.seconds, count)
        elif count >= self.bounds.slow:
            self.bars[failure.source] = Bar(failure.at + self.bounds.pause, count)

    def spared(self, source: str) -> bool:
        """Whether a source is never barred: an exempt one, or this machine itself."""
        try:
            address = ip_address(source)
        except ValueError:
            return True
        return address.is_loopback or any(address in each for each in self.exempt)

    def barred(self, now: float) -> Dict[str, Bar]:
        """The bars that hold now; what is too old to count is forgotten."""
        self.bars = {source: bar for source, bar in self.bars.items() if bar.until > now}
        self.failures = {
            source: times for source, times in self.failures.items() if times[-1] > now - self.bounds.seconds
        }
        return self.bars
