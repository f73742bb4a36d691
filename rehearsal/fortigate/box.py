"""The box's configuration as a value: every change gives a new box or is refused like FortiOS refuses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

from rehearsal.fortigate import references, refusals
from rehearsal.fortigate.entry import Entry
from rehearsal.fortigate.fields import numbers_of
from rehearsal.fortigate.objects import AddressGroupEntry, PolicyEntry
from rehearsal.fortigate.references import Reference
from rehearsal.fortigate.system import GlobalSettings, Zone
from rehearsal.fortigate.tables import GLOBAL, GROUPS, POLICIES, TABLES, ZONES, Key, Table, table

Body = dict[str, Any]


@dataclass(frozen=True)
class StandIn:
    """A FortiGate's firmware version and its tables, each in its order."""

    version: str
    tables: dict[str, tuple[Entry, ...]]

    def entries(self, of: Table) -> tuple[Entry, ...]:
        """All entries of a table, in order."""
        return self.tables.get(of.path, ())

    def find(self, of: Table, key: Key) -> Entry:
        """One entry; Refused (404) if there is none."""
        for entry in self.entries(of):
            if of.key_of(entry) == key:
                return entry
        raise refusals.missing(of.path, key)

    @property
    def policies(self) -> tuple[PolicyEntry, ...]:
        """The policies in the order of their evaluation."""
        return cast("tuple[PolicyEntry, ...]", self.entries(POLICIES))

    @property
    def token_in_url(self) -> bool:
        """Whether a token may be in the URL: always before FortiOS 7.4.5, later only if enabled."""
        settings = cast(GlobalSettings, self.entries(GLOBAL)[0])
        return not self.knows_url_switch or settings.rest_api_key_url_query == "enable"

    @property
    def knows_url_switch(self) -> bool:
        """Whether this firmware has the setting rest-api-key-url-query (7.4.5, 7.6.1; Fortinet tip 357228)."""
        numbers = numbers_of(self.version)
        return numbers >= (7, 4, 5) and numbers != (7, 6, 0)


def create(box: StandIn, path: str, body: Body) -> tuple[StandIn, Key]:
    """The box with a new entry at the end of its table, and the entry's key; a policy without an id gets the next."""
    of = _writable(path)
    if of is POLICIES and not body.get("policyid"):
        body = body | {"policyid": max((policy.policyid for policy in box.policies), default=0) + 1}
    entry = of.read(_said(body))
    key = of.key_of(entry)
    _check(box, of, entry, others=box.entries(of))
    return _with(box, of, (*box.entries(of), entry)), key


def update(box: StandIn, path: str, key: Key, body: Body) -> StandIn:
    """The box with the body's fields changed in one entry; a new name is updated in all references."""
    of = _writable(path)
    old = box.find(of, key)
    fixed = {"policyid": key} if of is POLICIES else {}
    new = of.read(_said(old.as_rest() | body | fixed))
    _check(box, of, new, others=tuple(entry for entry in box.entries(of) if entry is not old))
    changed = _with(box, of, tuple(new if entry is old else entry for entry in box.entries(of)))
    return changed if of.key_of(new) == key else _renamed(changed, of, key, of.key_of(new))


def _said(body: Body) -> Body:
    """A body without null values, which are FortiOS's unset: the fields have their defaults again."""
    return {field: value for field, value in body.items() if value is not None}


def move(box: StandIn, path: str, key: Key, place: str, other: Key) -> StandIn:
    """The box with one entry directly `before` or `after` another of its table."""
    of = _writable(path)
    entry, anchor = box.find(of, key), box.find(of, other)
    rest = [each for each in box.entries(of) if each is not entry]
    if entry is not anchor:
        rest.insert(rest.index(anchor) + (place == "after"), entry)
        return _with(box, of, tuple(rest))
    return box


def delete(box: StandIn, path: str, key: Key) -> StandIn:
    """The box without an entry; Refused while another entry references it."""
    of = _writable(path)
    entry = box.find(of, key)
    if users := [_titled(user, user_key) for user, user_key, _ in _users(box, of, key)]:
        raise refusals.in_use(key, users)
    return _with(box, of, tuple(each for each in box.entries(of) if each is not entry))


def _writable(path: str) -> Table:
    of = table(path)
    if not of.writable:
        raise refusals.Refused(405, cli_error=f"table {path} cannot be changed in the rehearsal")
    return of


def _with(box: StandIn, of: Table, entries: tuple[Entry, ...]) -> StandIn:
    return replace(box, tables=box.tables | {of.path: entries})


def _check(box: StandIn, of: Table, entry: Entry, others: tuple[Entry, ...]) -> None:
    key = of.key_of(entry)
    if any(of.key_of(other) == key for other in others):
        raise refusals.duplicate(of.path, key)
    name = getattr(entry, "name", "")
    if name and any(getattr(other, "name", "") == name for other in others):
        raise refusals.duplicate(of.path, name)
    for reference in references.of(entry):
        _check_reference(box, reference)
    zoned = {one.interface_name for zone in _zones(box, entry) for one in zone.interface}
    for policy in (entry,) if isinstance(entry, PolicyEntry) else box.policies if isinstance(entry, Zone) else ():
        for member in (*policy.srcintf, *policy.dstintf):
            if member.name in zoned:
                raise refusals.invalid("interface", f"'{member.name}' is in a zone, by which alone policies name it")
    if isinstance(entry, AddressGroupEntry) and entry.name in _reachable(box, entry):
        raise refusals.invalid("member", f"group '{entry.name}' would contain itself")


def _zones(box: StandIn, entry: Entry) -> Iterator[Zone]:
    """The zones of a box, with the entry to be added if it is one."""
    yield from (each for each in (*box.entries(ZONES), entry) if isinstance(each, Zone))


def _check_reference(box: StandIn, reference: Reference) -> None:
    if reference.name in reference.to.also:
        return
    for path in reference.to.tables:
        if any(reference.name in TABLES[path].names(entry) for entry in box.entries(TABLES[path])):
            return
    raise refusals.not_in_datasource(reference.field, reference.name, reference.to.http_status)


def uses(box: StandIn) -> Counter[tuple[str, str]]:
    """How often each object is referenced by others, by its table and name."""
    named = (ref for entries in box.tables.values() for entry in entries for ref in references.of(entry))
    return Counter((path, ref.name) for ref in named for path in ref.to.tables)


def _reachable(box: StandIn, group: AddressGroupEntry) -> set[str]:
    """The names of everything in a group, directly or through its groups."""
    groups = {entry.name: entry for entry in box.entries(GROUPS) if isinstance(entry, AddressGroupEntry)}
    found: set[str] = set()
    ahead = [member.name for member in group.member]
    while ahead:
        name = ahead.pop()
        if name not in found and name in groups:
            ahead += [member.name for member in groups[name].member]
        found.add(name)
    return found


def _users(box: StandIn, of: Table, key: Key) -> Iterator[tuple[Table, Key, Entry]]:
    """The entries that reference an entry."""
    for path, entries in box.tables.items():
        for entry in entries:
            if any(ref.name == key and of.path in ref.to.tables for ref in references.of(entry)):
                yield TABLES[path], TABLES[path].key_of(entry), entry


def _titled(user: Table, key: Key) -> str:
    return f"{user.path} {key}"


def _renamed(box: StandIn, of: Table, old: Key, new: Key) -> StandIn:
    for user, _, entry in list(_users(box, of, old)):
        renamed = user.read(_replaced(entry.as_rest(), old, new))
        box = _with(box, user, tuple(renamed if each is entry else each for each in box.entries(user)))
    return box


def _replaced(body: Body, old: Key, new: Key) -> Body:
    """A body with the new name instead of the old one in its member lists and single references."""

    def value(field: str, held: Any) -> Any:
        if isinstance(held, list):
            return [{**member, "name": new} if member.get("name") == old else member for member in held]
        return new if held == old and field in ("schedule", "extintf") else held

    return {field: value(field, held) for field, held in body.items()}
