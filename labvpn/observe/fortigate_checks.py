"""What a configuration names that the FortiGate does not have, and what it would shut against this very run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labvpn.model.fortigate import FortiGate
from labvpn.model.problems import Problem
from labvpn.model.rules import Action, Box, Policy, Wanted
from labvpn.observe.fortigate import Path
from labvpn.observe.fortigate_notice import after, merged
from labvpn.observe.fortigate_reach import Probe, Reach


def problems(box: FortiGate, seen: Box) -> list[Problem]:
    """Every interface, policy and schedule that the configuration names and the box lacks."""
    return [*_interfaces(box, seen), *_policies(box, seen), *_schedule(box, seen)]


def cut(box: FortiGate, wanted: Wanted, seen: Box, paths: Iterable[Path]) -> list[Problem]:
    """The ways of this run that a deny of ours would close; none where an interface is known not to be in between."""
    reach, order = Reach(merged(wanted, seen)), after(wanted, seen)
    return [problem for path in paths for problem in _cut(box, wanted, seen, reach, order, path)]


def _cut(
    box: FortiGate, wanted: Wanted, seen: Box, reach: Reach, order: tuple[Policy, ...], path: Path
) -> Iterator[Problem]:
    closed = box.behind_vpn
    if closed is None or path.target not in closed.hosts.values() or _entering(seen, path) == (closed.to or box.inside):
        return
    for interface in _entries(seen, path, closed.from_):
        rule = reach.first(order, Probe(interface, closed.to or box.inside, path.source, path.target, path.port))
        if rule and rule.action is Action.DENY and rule in wanted.objects.policies:
            yield Problem(
                "fortigate.behindVpn",
                f"{rule.name} would close {path.purpose} ({path.source} to {path.target}, {path.port}), by which this "
                f"run reaches it; add an exception for {path.source} with {path.port}",
            )
            return


def _entries(seen: Box, path: Path, shut_out: tuple[str, ...]) -> tuple[str, ...]:
    """Where our packets may enter the box: at the interface of our network, else at any that is shut out."""
    held = _entering(seen, path)
    return (held,) if held else shut_out


def _entering(seen: Box, path: Path) -> str | None:
    near = [each for each in seen.interfaces if each.network and path.source in each.network]
    return max(near, key=lambda each: each.network.prefixlen if each.network else 0).name if near else None


def _interfaces(box: FortiGate, seen: Box) -> Iterator[Problem]:
    named = [(f"outside[{place}]", name) for place, name in enumerate(box.outside)] + [("inside", box.inside)]
    if box.behind_vpn:
        named += [(f"behindVpn.from[{place}]", name) for place, name in enumerate(box.behind_vpn.from_)]
        named += [("behindVpn.to", box.behind_vpn.to)] if box.behind_vpn.to else []
    known = seen.interface_names
    for place, name in named:
        if name not in known and name != "any":
            yield Problem(
                f"fortigate.{place}", f"the FortiGate has no interface '{name}'; it has {', '.join(known)}: name one"
            )


def _policies(box: FortiGate, seen: Box) -> Iterator[Problem]:
    named = [("before", box.before)] + ([("behindVpn.before", box.behind_vpn.before)] if box.behind_vpn else [])
    known = [policy.name for policy in seen.policies if policy.name]
    for place, name in named:
        if name not in known:
            has = ", ".join(f"'{each}'" for each in known[:20]) or "no named policy"
            yield Problem(f"fortigate.{place}", f"the FortiGate has no policy '{name}'; it has {has}: choose one")


def _schedule(box: FortiGate, seen: Box) -> Iterator[Problem]:
    if box.schedule != "always" and seen.schedules and box.schedule not in seen.schedules:
        has = ", ".join(seen.schedules)
        yield Problem("fortigate.schedule", f"the FortiGate has no schedule '{box.schedule}'; it has {has}: name one")
