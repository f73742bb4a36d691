"""Which fields reference objects of which tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rehearsal.fortigate.entry import Entry


@dataclass(frozen=True)
class References:
    """The tables in which a field's names must exist, and the status of the answer if one does not."""

    tables: tuple[str, ...]
    also: tuple[str, ...] = ()
    http_status: int = 424


INTERFACES = References(("system/interface", "system/zone", "system/sdwan"), also=("any",), http_status=500)
VIP_INTERFACES = References(("system/interface",), also=("any",), http_status=500)
ADDRESSES = References(("firewall/address", "firewall/addrgrp"))
SOURCES = ADDRESSES
TARGETS = References(("firewall/address", "firewall/addrgrp", "firewall/vip"))
SERVICES = References(("firewall.service/custom", "firewall.service/group"))
SCHEDULES = References(("firewall.schedule/recurring",))


class Reference(NamedTuple):
    """One name in a field."""

    field: str
    name: str
    to: References


def of(entry: Entry) -> Iterator[Reference]:
    """Every reference in an entry."""
    for attribute, info in type(entry).model_fields.items():
        for to in info.metadata:
            if isinstance(to, References):
                yield from (Reference(info.alias or attribute, name, to) for name in _names(getattr(entry, attribute)))


def _names(value: object) -> tuple[str, ...]:
    return tuple(member.name for member in value) if isinstance(value, tuple) else (str(value),)
