"""What the DNS says of the host: the resolver that users ask, and each server that the zone is delegated to."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

from labvpn.probe.targets import TargetError

# Seconds for one question to a resolver, and for one of the tries at a server of the zone.
_PATIENCE = 3.0
_TRY = 0.7
_TRIES = 5

_NO_NAME, _NO_ADDRESS = "knows no such name", "knows the name, but no IPv4 address of it"
_SILENT = "does not answer"
_ABSENT = frozenset({_NO_NAME, _NO_ADDRESS})
_REPAIR = "run `pulumi up`, or set the record by hand"


@dataclass(frozen=True)
class Lookup:
    """What one server answered to the question for the host's address; `trouble` says why there is none.

    `server` is the server's name where it has one, else its address. A server that answers with an alias into another
    zone has neither addresses nor trouble.
    """

    server: str
    addresses: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Resolution:
    """The resolver's answer, and the answers of the servers of `zone` (None if no zone could be found)."""

    name: str
    resolver: Lookup
    zone: str | None = None
    authority: tuple[Lookup, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of the first answer that has any."""
        return next((lookup.addresses for lookup in (self.resolver, *self.authority) if lookup.addresses), ())

    @property
    def address(self) -> str | None:
        """The first address that anyone knows."""
        return next(iter(self.addresses), None)


def resolve(name: str, resolver: str | None = None) -> Resolution:
    """Ask for the address of `name`: the system's resolver or the one at `resolver`, then the zone's servers.

    Raises TargetError where `resolver` is none.
    """
    try:
        asking = _resolver(resolver)
    except dns.resolver.NoResolverConfiguration:
        return Resolution(name, Lookup("resolver", trouble="this machine names no resolver; give one with --resolver"))
    asked = ", ".join(str(server) for server in asking.nameservers)
    answer = _ask_resolver(asking, name, asked)
    if answer.trouble == _SILENT:
        return Resolution(name, answer)
    try:
        zone = dns.resolver.zone_for_name(name, resolver=asking, lifetime=_PATIENCE)
        servers = [str(record.target) for record in asking.resolve(zone, "NS")]
    except (dns.exception.DNSException, OSError):
        return Resolution(name, answer)
    with ThreadPoolExecutor() as pool:
        lookups = tuple(pool.map(lambda server: _ask_authority(asking, server, name), sorted(servers)))
    return Resolution(name, answer, zone.to_text(omit_final_dot=True), lookups)


def problems(seen: Resolution, expected: str | None) -> tuple[str, ...]:
    """What is wrong with the name, one sentence each; `expected` is the address that it should have."""
    return tuple(_problems(seen, expected))


def differences(seen: Resolution, expected: Sequence[str]) -> tuple[str, ...]:
    """What is wrong with a name that should have exactly the addresses `expected`, one sentence each."""
    return tuple(_differences(seen, expected))


def to_json(seen: Resolution) -> dict[str, Any]:
    """The resolution as JSON carries it."""
    return asdict(seen)


def _problems(seen: Resolution, expected: str | None) -> Iterator[str]:
    truth = {address for lookup in seen.authority for address in lookup.addresses}
    for lookup in seen.authority:
        if lookup.trouble:
            yield _failed(lookup, seen)
        elif expected and lookup.addresses and expected not in lookup.addresses:
            yield (
                f"{lookup.server}, a server of {seen.zone}, says {_list(lookup)} for {seen.name}, not {expected}; "
                + _REPAIR
            )
    yield from _resolver_problems(seen, {expected} if expected else truth)


def _differences(seen: Resolution, expected: Sequence[str]) -> Iterator[str]:
    for lookup in seen.authority:
        if lookup.trouble:
            yield _failed(lookup, seen)
        for words in _apart(lookup, seen.name, expected):
            yield f"{lookup.server}, a server of {seen.zone}, {words}; {_REPAIR}"
    # What a server of the zone says as well was already reported; what none says is in the resolver's cache.
    if seen.resolver.addresses not in {lookup.addresses for lookup in seen.authority if lookup.addresses}:
        differs = list(_apart(seen.resolver, seen.name, expected))
        asked = f"the resolver of this machine ({seen.resolver.server})"
        yield from (f"{asked} still {words}, until that record's TTL is over" for words in differs)
        yield from () if differs else _resolver_problems(seen, set())


def _apart(lookup: Lookup, name: str, expected: Sequence[str]) -> Iterator[str]:
    """How the addresses of an answer differ from those expected; an alias or a failure has none to differ."""
    missing = [address for address in expected if address not in lookup.addresses]
    foreign = [address for address in lookup.addresses if address not in expected]
    if lookup.addresses and missing:
        yield f"lacks {', '.join(missing)} for {name}"
    if foreign:
        yield f"says {', '.join(foreign)} for {name}, which does not belong to it"


def _failed(lookup: Lookup, seen: Resolution) -> str:
    remedy = _REPAIR if lookup.trouble in _ABSENT else "ask whoever runs it"
    return f"{lookup.server}, a server of {seen.zone}, {lookup.trouble}; {remedy}"


def _resolver_problems(seen: Resolution, right: set[str]) -> Iterator[str]:
    asked = f"the resolver of this machine ({seen.resolver.server})"
    if seen.resolver.trouble:
        yield f"{asked} {seen.resolver.trouble}"
    elif right and not right & set(seen.resolver.addresses):
        yield f"{asked} still says {_list(seen.resolver)} for {seen.name}, until that record's TTL is over"
    elif not seen.authority:
        yield f"no server of the zone of {seen.name} could be found; the parent zone's NS records name them"


def _list(lookup: Lookup) -> str:
    return ", ".join(lookup.addresses)


def _resolver(address: str | None) -> dns.resolver.Resolver:
    asking = dns.resolver.Resolver(configure=address is None)
    if address:
        # A name is looked up as the system does; dnspython itself takes addresses alone.
        asking.nameservers = [_address(address)]
    asking.timeout, asking.lifetime = _TRY, _PATIENCE
    return asking


def _address(resolver: str) -> str:
    """The address of a resolver. Raises TargetError where it is neither an address nor a name that leads to one."""
    if dns.inet.is_address(resolver):
        return resolver
    try:
        return str(socket.getaddrinfo(resolver, 53, type=socket.SOCK_DGRAM)[0][4][0])
    except (OSError, UnicodeError):
        raise TargetError(f"--resolver {resolver}: give the resolver's address, such as 192.0.2.53") from None


def _ask_resolver(asking: dns.resolver.Resolver, name: str, asked: str) -> Lookup:
    try:
        return Lookup(asked, tuple(sorted(record.address for record in asking.resolve(name, "A", search=False))))
    except dns.resolver.NXDOMAIN:
        return Lookup(asked, trouble=_NO_NAME)
    except dns.resolver.NoAnswer:
        return Lookup(asked, trouble=_NO_ADDRESS)
    except dns.resolver.NoNameservers:
        return Lookup(asked, trouble=f"failed for {name}: the servers of its zone gave no answer that could be used")
    except (dns.exception.Timeout, OSError):
        return Lookup(asked, trouble=_SILENT)


def _ask_authority(asking: dns.resolver.Resolver, server: str, name: str) -> Lookup:
    """The answer of one of the zone's own servers."""
    label = server.rstrip(".")
    try:
        where = next(iter(asking.resolve(server, "A", search=False))).address
    except (dns.exception.DNSException, OSError):
        return Lookup(label, trouble="has no address that the resolver knows")
    question = dns.message.make_query(name, "A", flags=0)
    for _ in range(_TRIES):
        try:
            answer, _ = dns.query.udp_with_fallback(question, where, timeout=_TRY)
            return read(f"{label} ({where})", answer)
        except (dns.exception.DNSException, OSError):
            time.sleep(0.1)
    return Lookup(f"{label} ({where})", trouble=_SILENT)


def read(server: str, answer: dns.message.Message) -> Lookup:
    """The answer of one of the zone's servers."""
    if answer.rcode() == dns.rcode.NXDOMAIN:
        return Lookup(server, trouble=_NO_NAME)
    if answer.rcode() != dns.rcode.NOERROR or not answer.flags & dns.flags.AA:
        return Lookup(
            server, trouble=f"does not serve the zone ({dns.rcode.to_text(answer.rcode())}): the delegation is wrong"
        )
    addresses = [str(record) for found in answer.answer if found.rdtype == dns.rdatatype.A for record in found]
    alias = any(found.rdtype == dns.rdatatype.CNAME for found in answer.answer)
    if not addresses and not alias:
        return Lookup(server, trouble=_NO_ADDRESS)
    return Lookup(server, tuple(sorted(addresses)))
