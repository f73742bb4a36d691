"""The tables of the box: path, kind of entry, key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rehearsal.fortigate import fields, objects, refusals, system
from rehearsal.fortigate.entry import Entry

Key = str | int


@dataclass(frozen=True)
class Table:
    """A table as in REST; one without a key has a single entry."""

    path: str
    entry: type[Entry]
    key: str = "name"
    writable: bool = True

    def names(self, entry: Entry) -> tuple[Key, ...]:
        """The names by which others may refer to an entry: its key, or those of SD-WAN's zones."""
        return tuple(zone.name for zone in entry.zone) if isinstance(entry, system.Sdwan) else (self.key_of(entry),)

    def read(self, body: dict[str, Any]) -> Entry:
        """An entry from a body's fields; Refused names the field that FortiOS would not accept."""
        names = {field.alias for field in self.entry.model_fields.values()} | fields.known(self.path)
        try:
            return self.entry.model_validate({key: value for key, value in body.items() if key in names})
        except ValidationError as error:
            raise _refusal(error.errors()[0]) from error

    def key_of(self, entry: Entry) -> Key:
        """The entry's key: a number for policies, else a name; empty for a single entry."""
        found: Key = getattr(entry, self.key) if self.key else ""
        return found

    def key_from(self, text: str) -> Key:
        """The key in a URL."""
        if self.key != "policyid":
            return text
        if not text.isdecimal():
            raise refusals.missing(self.path, text)
        return int(text)


POLICIES = Table("firewall/policy", objects.PolicyEntry, key="policyid")
ADDRESSES = Table("firewall/address", objects.AddressEntry)
GROUPS = Table("firewall/addrgrp", objects.AddressGroupEntry)
SERVICES = Table("firewall.service/custom", objects.ServiceEntry)
SERVICE_GROUPS = Table("firewall.service/group", objects.ServiceGroupEntry)
VIPS = Table("firewall/vip", objects.VipEntry)
SCHEDULES = Table("firewall.schedule/recurring", system.ScheduleEntry, writable=False)
INTERFACES = Table("system/interface", system.InterfaceEntry, writable=False)
ZONES = Table("system/zone", system.Zone)
SDWAN = Table("system/sdwan", system.Sdwan, key="")
GLOBAL = Table("system/global", system.GlobalSettings, key="")
SETTINGS = Table("system/settings", system.VdomSettings, key="", writable=False)

_ALL = (
    *(INTERFACES, ZONES, SDWAN, SCHEDULES, ADDRESSES, GROUPS, SERVICES, SERVICE_GROUPS, VIPS, POLICIES),
    *(GLOBAL, SETTINGS),
)
TABLES = {table.path: table for table in _ALL}


def table(path: str) -> Table:
    """The table of a path; Refused if the rehearsal does not have it."""
    if path not in TABLES:
        raise refusals.Refused(404, refusals.ENTRY_NOT_FOUND, f"the rehearsal's FortiGate has no table {path}")
    return TABLES[path]


def _refusal(problem: ErrorDetails) -> refusals.Refused:
    field = ".".join(str(part) for part in problem["loc"]) or "entry"
    kind = problem["type"]
    if kind == "string_too_long":
        return refusals.too_long(field, problem["ctx"]["max_length"])
    if kind == "missing" or (kind in ("too_short", "string_too_short")):
        return refusals.empty(field)
    return refusals.invalid(field, f"value parse error before '{problem['input']}': {problem['msg']}")
