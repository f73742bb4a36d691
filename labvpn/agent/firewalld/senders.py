"""Who sends packets, in firewalld's words: an address, a network, a set (`ipset:`), a device, or `NOT` one of them."""

import ipaddress
from functools import lru_cache
from typing import Dict, Iterable, List, Optional, Union

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

EVERYONE = "everyone"
FAMILIES = {"ipv4": 4, "ipv6": 6}
BY_FAMILY: Dict[str, str] = {family: "{} over IPv{}".format(EVERYONE, number) for family, number in FAMILIES.items()}
"""Everyone who arrives by one family alone."""

NOT = "NOT "


def either(whom: Iterable[str]) -> List[str]:
    """Each once, and everyone where they arrive by both families."""
    words = list(dict.fromkeys(whom))
    if not set(BY_FAMILY.values()) <= set(words):
        return words
    return [EVERYONE] + [word for word in words if word not in BY_FAMILY.values()]


def without_not(whom: str) -> str:
    """The source that a rule names, whether for it or for all others."""
    return whom[len(NOT) :] if whom.startswith(NOT) else whom


@lru_cache(maxsize=None)
def network_of(word: str) -> Optional[Network]:
    """An address or network; None for a set or a device."""
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        return None


def is_by(word: str, family: str) -> bool:
    """Whether packets of a family may be from a source; sets and devices may be of either."""
    network = network_of(word)
    return network is None or network.version == FAMILIES[family]


def is_all(words: Iterable[str], family: str) -> bool:
    """Whether networks are all of a family together."""
    networks = [one for one in map(network_of, words) if one is not None and one.version == FAMILIES[family]]
    return any(one.prefixlen == 0 for one in ipaddress.collapse_addresses(networks))  # type: ignore[type-var]


def fits(whom: str, sender: str) -> Optional[bool]:
    """Whether a rule for somebody applies to a sender ('': a stranger, whom no rule names); None if that is not known.

    A sender stands for those of its members whom no other rule names.
    """
    if not whom.startswith(NOT):
        return not whom or is_within(sender, whom) is True
    inner = is_within(sender, without_not(whom))
    return None if inner is None else not inner


def is_within(sender: str, whom: str) -> Optional[bool]:
    """Whether a sender is among those whom a rule names; None where one of them is a set or a device."""
    wide, narrow = network_of(whom), network_of(sender)
    if sender == whom or not sender:
        return sender == whom or (wide is not None and wide.prefixlen == 0)
    if wide is None or narrow is None:
        return None
    first, last = int(wide.network_address), int(wide.broadcast_address)
    return (
        wide.version == narrow.version and first <= int(narrow.network_address) <= int(narrow.broadcast_address) <= last
    )
