"""FortiOS's notation: addresses with masks, port ranges, countries; validated and normalised."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, NetmaskValueError
from typing import NamedTuple

COUNTRIES = {
    "JP": ("198.51.100.0/24", "203.0.113.0/24", "100.64.0.0/10"),
    "US": ("198.18.0.0/16",),
    "DE": ("198.19.0.0/17",),
    "KR": ("198.19.128.0/17",),
}
"""The known countries: ranges for documentation (RFC 5737), benchmarks (2544) and carriers (6598)."""


NUMBERS = {"tcp": "6", "udp": "17"}
"""IP protocols that have ports (IANA)."""


class Span(NamedTuple):
    """Numbers from `first` to `last`, both included."""

    first: int
    last: int


class PortRange(NamedTuple):
    """Destination ports and, if stated, source ports: FortiOS writes `443`, `5000-5010` or `53:1024-65535`."""

    destination: Span
    source: Span | None


def address(text: str) -> str:
    """One IPv4 address; ValueError says what is wrong."""
    return str(IPv4Address(text.strip()))


def subnet(value: object) -> str:
    """An address with its mask, given with a blank or slash between them or as a pair, as `10.0.0.0 255.0.0.0`."""
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    try:
        parsed = IPv4Interface("/".join(text.split()))
    except (AddressValueError, NetmaskValueError) as error:
        raise ValueError(f"'{text}' is not an IPv4 address with a mask") from error
    return parsed.with_netmask.replace("/", " ")


def network(text: str) -> IPv4Network:
    """The network of `10.0.0.0 255.0.0.0`."""
    return IPv4Network(text.replace(" ", "/"), strict=False)


def ports(text: str) -> str:
    """A list of port ranges with single spaces between them, without `443-443`."""
    return " ".join(_both(parsed) for parsed in port_ranges(text))


def port_ranges(text: str) -> tuple[PortRange, ...]:
    """The ranges of a blank-separated list; ValueError names the one that is wrong."""
    return tuple(_port_range(item) for item in text.split())


def written(span: Span) -> str:
    """`443`, or `5000-5010`."""
    return str(span.first) if span.first == span.last else f"{span.first}-{span.last}"


def country(code: str) -> str:
    """A country that the stand-in has networks for, or the empty string."""
    if code and code not in COUNTRIES:
        raise ValueError(f"country '{code}' has no networks in the rehearsal, which knows {', '.join(COUNTRIES)}")
    return code


def _port_range(item: str) -> PortRange:
    destination, colon, source = item.partition(":")
    return PortRange(_span(destination), _span(source) if colon else None)


def _span(text: str) -> Span:
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal()):
        raise ValueError(f"'{text}' is not a port or a range of ports")
    span = Span(int(first), int(last or first))
    if not 0 <= span.first <= span.last <= 65535:
        raise ValueError(f"'{text}' is not a range of ports between 0 and 65535")
    return span


def _both(ports: PortRange) -> str:
    destination, source = ports
    return written(destination) + (f":{written(source)}" if source else "")
