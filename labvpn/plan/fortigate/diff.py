"""How a FortiGate differs from what is declared, in words that its administrator understands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from labvpn.plan.fortigate.order import LISTED, listed, misplaced
from labvpn.state.fortigate import (
    COMMENT,
    AddressGroup,
    AddressObject,
    DesiredFortiGate,
    Extras,
    Inventory,
    Objects,
    Policy,
    ServiceObject,
    Vip,
)

Thing: TypeAlias = AddressObject | AddressGroup | ServiceObject | Vip | Policy
Fields: TypeAlias = Iterator[tuple[str, str]]


def planned(desired: DesiredFortiGate, actual: Inventory, made: Callable[[Thing], bool]) -> list[str]:
    """What the next run creates and removes: `+ service SoftEther`, `- service vpn-udp`.

    On a FortiGate that already has objects that we `made`, what is missing was mostly removed by hand, and each is
    named.
    """
    missing = list(_missing(desired.objects, actual))
    if any(made(thing) for _, thing in _things(actual)):
        news = [f"FortiGate: {kind} {name} is gone from the box, or is new here" for kind, name in missing]
    else:
        news = list(_summary("+", missing))
    return [*news, *_summary("-", _surplus(desired.objects, actual, made))]


def drifted(desired: DesiredFortiGate, actual: Inventory) -> list[str]:
    """Where objects on the FortiGate differ: `service SoftEther: ports 443 992 on the box, 443 992 1194 5555 here`."""
    sentences: list[str] = []
    found = {(kind, _key(thing)): thing for kind, thing in _things(actual)}
    for kind, thing in _things(desired.objects):
        there = found.get((kind, _key(thing)))
        if there is not None:
            sentences += _differences(kind, thing, there)
    return sentences + [sentence for block in desired.blocks for sentence in misplaced(block, actual)]


def facts(objects: Objects) -> dict[str, str]:
    """Every field of every object by its name in sentences: `service SoftEther: ports` is `443 992`."""
    fields = {
        f"{kind} {thing.name}: {label}": text for kind, thing in _things(objects) for label, text in _fields(thing)
    }
    members = {f"group {group.name}: members": " ".join(sorted(group.members)) for group in objects.groups}
    return {**fields, **members}


def whose(last: Mapping[str, str], actual: Mapping[str, str], desired: Mapping[str, str]) -> list[str]:
    """Who made each difference, one line for each side: what differs from the last run was changed by hand.

    `last` are the facts that were applied last; nothing is known about fields that are not among them.
    """
    unlike = [key for key in desired if key in last and actual.get(key) != desired[key]]
    others = [key for key in unlike if actual.get(key) != last[key]]
    ours = [key for key in unlike if key not in others]
    ends = {"somebody else changed": others, "this configuration changed, and nobody else": ours}
    return [f"Since the last run {who}: {', '.join(each)}" for who, each in ends.items() if each]


def _differences(kind: str, thing: Thing, there: Thing) -> Iterator[str]:
    if not _adopts(thing) and there.comment != COMMENT:
        plural = {"address": "addresses", "policy": "policies"}.get(kind, f"{kind.lower()}s")
        remedy = f"adopt it (fortigate.adopt.{plural})"
        comments = f"comment {there.comment or 'none'} on the box, {COMMENT} here"
        yield f"{kind} {thing.name}: {comments}; if the stack did not make it, {remedy}"
    if isinstance(thing, AddressGroup) and isinstance(there, AddressGroup):
        yield from _members(thing, there)
    ours = dict(_fields(thing))
    for label, value in _fields(there):
        if label in ours and ours[label] != value:
            yield f"{kind} {thing.name}: {label} {value or 'none'} on the box, {ours[label] or 'none'} here"
    for label, value in (*_more(thing, there), *_unread(thing, there)):
        yield f"{kind} {thing.name}: {label} {value} on the box, {dict(thing.extras).get(label, 'none')} here"


def _more(thing: Thing, there: Thing) -> Extras:
    """What an object has that we did not put there; of an adopted one, only its conditions."""
    if _adopts(thing):
        return tuple(pair for pair in there.extras if " ".join(pair) in there.unread)
    return tuple(pair for pair in there.extras if pair not in thing.extras)


def _unread(thing: Thing, there: Thing) -> Iterator[tuple[str, str]]:
    """What else of an object is not read: values of what the model has (an action, a kind) that it does not know."""
    ours, known = dict(_fields(thing)), {" ".join(pair) for pair in there.extras}
    differs = {label for label, value in _fields(there) if ours.get(label, value) != value}
    for words in there.unread:
        label, _, value = words.partition(" ")
        if words not in known and label not in differs:
            yield label, value


def _members(ours: AddressGroup, there: AddressGroup) -> Iterator[str]:
    lacks, more = set(ours.members) - set(there.members), set(there.members) - set(ours.members)
    if lacks:
        yield f"group {ours.name}: the box lacks {listed(sorted(lacks))}"
    if more:
        yield f"group {ours.name}: the box also has {listed(sorted(more))}"


def _fields(thing: Thing) -> Fields:
    if isinstance(thing, AddressObject):
        yield "address", thing.country or thing.host or " ".join(map(str, thing.networks))
    elif isinstance(thing, ServiceObject):
        yield "ports", " ".join(filter(None, (thing.tcp, thing.udp))) or f"IP protocol {thing.protocol}"
    elif isinstance(thing, Vip):
        ports = f", {' '.join(thing.forwards)} alone" if thing.forwards else ""
        yield "translation", f"{thing.outside} at {thing.interface} to {thing.mapped}{ports}"
    elif isinstance(thing, Policy):
        yield from _policy_fields(thing)


def _policy_fields(policy: Policy) -> Fields:
    lists: Mapping[str, Sequence[str]] = {
        "from": policy.from_interfaces,
        "to": policy.to_interfaces,
        "sources": policy.sources,
        "destinations": policy.destinations,
        "services": policy.services,
    }
    for label, names in lists.items():
        yield label, ("all but " if label in policy.negated else "") + " ".join(sorted(names))
    yield "action", policy.action
    yield "schedule", policy.schedule
    yield "logging", policy.log
    # A policy whose schedule is `none` is off only for that reason, and the schedule is reported.
    yield "status", "on" if policy.active or policy.schedule == "none" else "off"
    if policy.action == "accept":
        yield "nat", "on" if policy.nat else "off"
    else:
        yield "match-vip", "on" if policy.sees_vips else "off"


def _things(objects: Objects) -> Iterator[tuple[str, Thing]]:
    kinds: Mapping[str, Callable[[Objects], Sequence[Thing]]] = {
        "address": lambda held: held.addresses,
        "group": lambda held: held.groups,
        "service": lambda held: held.services,
        "VIP": lambda held: held.vips,
        "policy": lambda held: held.policies,
    }
    for kind, held in kinds.items():
        yield from ((kind, thing) for thing in held(objects))


def _key(thing: Thing) -> str:
    return thing.key if isinstance(thing, Policy) else thing.name


def _missing(desired: Objects, actual: Objects) -> Iterator[tuple[str, str]]:
    there = {(kind, _key(thing)) for kind, thing in _things(actual)}
    yield from ((kind, thing.name) for kind, thing in _things(desired) if (kind, _key(thing)) not in there)


def _surplus(desired: Objects, actual: Objects, made: Callable[[Thing], bool]) -> Iterator[tuple[str, str]]:
    """The objects that this stack made and that are no longer declared."""
    kept = {(kind, thing.name) for kind, thing in _things(desired)}
    yield from ((kind, thing.name) for kind, thing in _things(actual) if made(thing) and (kind, thing.name) not in kept)


def _summary(sign: str, things: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A line for each object, but a single line for many of one kind."""
    by_kind: dict[str, list[str]] = {}
    for kind, name in things:
        by_kind.setdefault(kind, []).append(name)
    for kind, names in by_kind.items():
        if len(names) > LISTED:
            yield f"{sign} {len(names)} of kind {kind}: {listed(names)}"
        else:
            yield from (f"{sign} {kind} {name}" for name in names)


def _adopts(thing: Thing) -> bool:
    return bool(getattr(thing, "adopts", ""))
