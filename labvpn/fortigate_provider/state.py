"""What an exported state says of the FortiGate's objects, and what a preview may do while they move."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from labvpn.model.fortios_provider import Provider

State = Mapping[str, Any]
"""What `pulumi stack export` prints."""

SETTLED = frozenset({"same", "read", "refresh"})
COMING = frozenset({"import", "create", "update"})


def resources(state: State) -> Sequence[Mapping[str, Any]]:
    """The resources of a state."""
    return (state.get("deployment") or {}).get("resources") or ()


def urns(state: State) -> set[str]:
    """The names of a state's resources."""
    return {str(each["urn"]) for each in resources(state)}


def packages(state: State) -> set[Provider]:
    """The packages that a state has a provider or objects of."""
    names = {str(each["type"]).removeprefix("pulumi:providers:").partition(":")[0] for each in resources(state)}
    return {provider for provider in Provider if provider.package in names}


def providers(state: State, package: Provider) -> list[str]:
    """The URNs of the package's own resources: the connections to FortiGates."""
    kind = f"pulumi:providers:{package.package}"
    return [str(each["urn"]) for each in resources(state) if each["type"] == kind]


def objections(steps: Iterable[Mapping[str, Any]], moving: Collection[str], package: Provider) -> Iterator[str]:
    """What a preview would do that a move must not: anything to what stays, anything but imports to what moves.

    `moving` are the URNs that left the state. An update of an imported object would change it on the FortiGate, so it
    is waiting to be applied, as is a change of another hop.
    """
    for step in steps:
        op, urn = str(step.get("op")), str(step.get("urn"))
        kind = urn.split("::")[2].rpartition("$")[2] if urn.count("::") >= 3 else ""
        comes = urn in moving or kind.removeprefix("pulumi:providers:").partition(":")[0] == package.package
        if op not in (SETTLED | COMING if comes else SETTLED) or (op == "update" and kind.startswith(package.package)):
            yield f"{op} {urn.rpartition('::')[2]}"
