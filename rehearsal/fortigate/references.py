"""Which fields name objects of which tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rehearsal.fortigate.objects import Entry


@dataclass(frozen=True)
class References:
    """The tables in which a field's names must be found, and the status of the answer where one is not."""

    tables: tuple[str, ...]
    also: tuple[str, ...] = ()
    http_status: int = 424


INTERFACES = References(("system/interface", "system/zone", "system/sdwan"), also=("any",), http_status=500)
ADDRESSES = References(("firewall/address", "firewall/addrgrp"))
SOURCES = ADDRESSES
TARGETS = References(("firewall/address", "firewall/addrgrp", "firewall/vip"))
SERVICES = References(("firewall.service/custom", "firewall.service/group"))
SCHEDULES = References(("firewall.schedule/recurring",))


class Reference(NamedTuple):
    """One name that a field holds."""

    field: str
    name: str
    to: References


def of(entry: Entry) -> Iterator[Reference]:
    """Every reference that an entry holds."""
    for attribute, info in type(entry).model_fields.items():
        for to in info.metadata:
            if isinstance(to, References):
                yield from (Reference(info.alias or attribute, name, to) for name in _names(getattr(entry, attribute)))


def _names(value: object) -> tuple[str, ...]:
    return tuple(member.name for member in value) if isinstance(value, tuple) else (str(value),)
