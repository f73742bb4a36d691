"""For how long a source whose logins failed too often is banned from new connections."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Dict, List, NamedTuple, Optional, Union

from labvpn.agent.softether.login_reader import DENIED, FORGERY, WITHDRAWN, Failure

# The prefix of an IPv6 subscriber (RFC 6177), who can use any address in it.
SUBSCRIBER_BITS = 64
SHARED_PREFIXES = [ip_network(each) for each in ("fe80::/10", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "::/96")]
"""IPv6 prefixes in which a /64 is of many: a link's own (RFC 4291), all of IPv4 behind a translator (RFC 6052, 8215),
behind one relay of Teredo (RFC 4380), and the old compatible addresses (RFC 4291)."""

# A ban outlasts its rule by at most this many seconds: the log's clock and the guard's may differ so much.
LEEWAY_SECONDS = 10.0
MOST_REMEMBERED = 1000


class Bounds(NamedTuple):
    """`slow` failures within `seconds` ban a source for `pause` seconds, `most` failures ban it for `seconds`."""

    slow: int
    pause: float
    most: int
    seconds: float
    exempt: List[str]


class Ban(NamedTuple):
    """Until when a source may not open a new connection, in seconds since 1970, and after how many failures."""

    until: float
    failures: int


def address_of(text: str) -> Optional[Union[IPv4Address, IPv6Address]]:
    """An address, with an IPv4-mapped IPv6 one as IPv4, and without its scope; None if the text is not an address."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def plain(source: str) -> str:
    """An address in the one spelling that is compared."""
    return str(address_of(source) or source)


def is_source(text: str) -> bool:
    """Whether a text is what a ban covers: an address, or an IPv6 subscriber's network."""
    address, _, bits = text.partition("/")
    found = address_of(address)
    if found is None or str(found) != address:
        return False
    return not bits or (found.version == 6 and bits == str(SUBSCRIBER_BITS))


def is_own(address: Union[IPv4Address, IPv6Address]) -> bool:
    """Whether an address is this machine's: the kernel then reaches it from itself. Nothing is sent for that."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((str(address), 9))
            return str(asked.getsockname()[0]) == str(address)
    except OSError:
        return False


class BanPolicy:
    """Counts each source's failures; the same failures give the same bans, so a restart loses nothing."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.exempt = [ip_network(each) for each in bounds.exempt]
        self.failures: Dict[str, List[float]] = {}
        self.bans: Dict[str, Ban] = {}

    def count(self, failure: Failure) -> None:
        """Count a failed login, and ban its source where it is one too many."""
        source = self.banned_source(failure.source)
        if not source or failure.kind == DENIED:
            return
        if failure.kind == WITHDRAWN:
            self.withdraw(source, failure.at)
            return
        # No real client sends a name that imitates the log.
        times = [failure.at] * (self.bounds.most if failure.kind == FORGERY else 1)
        recent = [at for at in self.failures.get(source, []) if at > failure.at - self.bounds.seconds]
        self.failures[source] = [*recent, *times][-MOST_REMEMBERED:]
        self.update_ban(source)

    def update_ban(self, source: str) -> None:
        """Set or lift the ban that a source's failures amount to."""
        times = self.failures[source]
        count = len(times)
        if count >= self.bounds.most:
            self.bans[source] = Ban(times[-1] + self.bounds.seconds, count)
        elif count >= self.bounds.slow:
            self.bans[source] = Ban(times[-1] + self.bounds.pause, count)
        else:
            self.bans.pop(source, None)

    def withdraw(self, source: str, at: float) -> None:
        """Take back a failure that was not the source's."""
        times = self.failures.get(source, [])
        if at in times:
            times.remove(at)
            self.failures[source] = times
            self.update_ban(source)

    def banned_source(self, source: str) -> str:
        """What a ban covers: an address, or an IPv6 subscriber's network; '' for a source that is never banned."""
        address = address_of(source)
        if address is None or self.is_exempt(source):
            return ""
        if address.version == 4:
            return str(address)
        network = ip_network("{}/{}".format(address, SUBSCRIBER_BITS), strict=False)
        several = any(address in each for each in SHARED_PREFIXES)
        shared = several or any(each.version == 6 and each.overlaps(network) for each in self.exempt)
        return str(address) if shared else str(network)

    def is_exempt(self, source: str) -> bool:
        """Whether a source is never banned: an exempt one, this machine itself, or not a single source."""
        if "/" in source:
            try:
                network = ip_network(source)
            except ValueError:
                return True
            return any(each.version == network.version and each.overlaps(network) for each in self.exempt)
        address = address_of(source)
        if address is None or address.is_loopback or address.is_unspecified or address.is_multicast:
            return True
        return any(address in each for each in self.exempt) or is_own(address)

    def banned(self, now: float) -> Dict[str, Ban]:
        """The bans that are active now; failures that are too old to count are dropped."""
        self.bans = {source: ban for source, ban in self.bans.items() if self.is_active(ban, now)}
        self.failures = {
            source: times
            for source, times in self.failures.items()
            if times and now - self.bounds.seconds < times[-1] <= now + LEEWAY_SECONDS
        }
        return dict(self.bans)

    def is_active(self, ban: Ban, now: float) -> bool:
        """Whether a ban is not over: one that lasts longer than its rule allows was set by a wrong clock."""
        return now < ban.until <= now + max(self.bounds.seconds, self.bounds.pause) + LEEWAY_SECONDS
