"""Whose logins failed too often: for how long a source is barred from new connections."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Dict, List, NamedTuple, Optional, Union

from labvpn.agent.softether.login_reader import DENIED, FORGERY, WITHDRAWN, Failure

# The part of an IPv6 address that one subscriber has (RFC 6177): he has as many addresses in it as he likes.
SUBSCRIBER_BITS = 64
# No bar is longer than its rule by more than this, in seconds: the log's clock and the guard's look differ so much.
LEEWAY_SECONDS = 10.0
MOST_REMEMBERED = 1000


class Bounds(NamedTuple):
    """So many failures within `seconds` slow a source down for `pause` seconds, so many bar it for `seconds`."""

    slow: int
    pause: float
    most: int
    seconds: float
    exempt: List[str]


class Ban(NamedTuple):
    """Until when a source may open no new connection, in seconds since 1970, and how many failures it comes of."""

    until: float
    failures: int


def address_of(text: str) -> Optional[Union[IPv4Address, IPv6Address]]:
    """An address, of an IPv4 one that is written as IPv6 the IPv4 one; None if the text is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


class BanPolicy:
    """Counts each source's failures; the same failures give the same bars, so a start anew loses nothing."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.exempt = [ip_network(each) for each in bounds.exempt]
        self.failures: Dict[str, List[float]] = {}
        self.bans: Dict[str, Ban] = {}

    def count(self, failure: Failure) -> None:
        """Count a failed login, and bar its source where it is one too many."""
        source = self.banned_source(failure.source)
        if not source or failure.kind == DENIED:
            return
        if failure.kind == WITHDRAWN:
            self.withdraw(source, failure.at)
            return
        # No client that anybody uses sends a name that imitates the log.
        times = [failure.at] * (self.bounds.most if failure.kind == FORGERY else 1)
        recent = [at for at in self.failures.get(source, []) if at > failure.at - self.bounds.seconds]
        self.failures[source] = [*recent, *times][-MOST_REMEMBERED:]
        self.update_ban(source)

    def update_ban(self, source: str) -> None:
        """The bar that a source's failures come to."""
        times = self.failures[source]
        count = len(times)
        if count >= self.bounds.most:
            self.bans[source] = Ban(times[-1] + self.bounds.seconds, count)
        elif count >= self.bounds.slow:
            self.bans[source] = Ban(times[-1] + self.bounds.pause, count)
        else:
            self.bans.pop(source, None)

    def withdraw(self, source: str, at: float) -> None:
        """Take back a failure that was none of the source's."""
        times = self.failures.get(source, [])
        if at in times:
            times.remove(at)
            self.failures[source] = times
            self.update_ban(source)

    def banned_source(self, source: str) -> str:
        """Whom a bar meets: an address, of IPv6 the subscriber's network; '' for one that is never barred."""
        address = address_of(source)
        if address is None or self.is_exempt(source):
            return ""
        if address.version == 4:
            return str(address)
        network = ip_network("{}/{}".format(address, SUBSCRIBER_BITS), strict=False)
        shared = any(each.version == 6 and each.overlaps(network) for each in self.exempt)
        return str(address) if shared else str(network)

    def is_exempt(self, source: str) -> bool:
        """Whether a source is never barred: an exempt one, this machine itself, or what no single source is."""
        if "/" in source:
            try:
                network = ip_network(source)
            except ValueError:
                return True
            return any(each.version == network.version and each.overlaps(network) for each in self.exempt)
        address = address_of(source)
        if address is None or address.is_loopback or address.is_unspecified or address.is_multicast:
            return True
        return any(address in each for each in self.exempt)

    def banned(self, now: float) -> Dict[str, Ban]:
        """The bars that hold now; what is too old to count is forgotten."""
        self.bans = {source: ban for source, ban in self.bans.items() if self.is_active(ban, now)}
        self.failures = {
            source: times
            for source, times in self.failures.items()
            if times and now - self.bounds.seconds < times[-1] <= now + LEEWAY_SECONDS
        }
        return dict(self.bans)

    def is_active(self, ban: Ban, now: float) -> bool:
        """Whether a bar is not over: one that lasts longer than its rule allows was made by a wrong clock."""
        return now < ban.until <= now + max(self.bounds.seconds, self.bounds.pause) + LEEWAY_SECONDS
