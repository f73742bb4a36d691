"""Which package of Fortinet's provider a stack uses: what is configured, else what its state has, else upstream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi.runtime.proto.resource_pb2_grpc import ResourceMonitorStub
from pulumi.runtime.settings import get_monitor

from components.fortios_pulumiverse import Pulumiverse
from components.fortios_types import Package
from components.fortios_upstream import Upstream
from labvpn.model.fortigate import FortiGate
from labvpn.model.fortios_provider import Provider

COMMAND = "labvpn fortigate-provider"


def package(provider: Provider) -> Package:
    """The package itself. Raises `pulumi.RunError` where it is not installed."""
    return Upstream() if provider is Provider.UPSTREAM else Pulumiverse()


def chosen(settings: FortiGate, used: Iterable[Provider]) -> Provider:
    """The package for this run; `used` are those that the state has objects of.

    Raises `pulumi.RunError` where the configuration names another than the state has: the engine would import every
    object by the new one, and then delete them on the FortiGate by the old one.
    """
    held = set(used)
    if len(held) > 1:
        raise pulumi.RunError(
            "The state has the FortiGate's objects by both providers, and a run would delete them on the FortiGate; "
            f"restore the copy of the state that `{COMMAND}` made (pulumi stack import --file COPY), then run it again"
        )
    wanted = settings.provider
    if held and wanted is not None and wanted not in held:
        (there,) = held
        raise pulumi.RunError(
            f"fortigate.provider is {wanted}, and the state has the FortiGate's objects by {there}; a run would delete "
            f"them on the FortiGate: run `{COMMAND} {wanted}`, which moves them over, or set it to {there}"
        )
    return wanted or next(iter(held), Provider.UPSTREAM)


def state() -> Mapping[str, Any] | None:
    """The resources of the stack's state, with their types, by their URNs; None where there is no engine."""
    if not isinstance(get_monitor(), ResourceMonitorStub):
        return None  # mocks have no state
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": stack}).value
    return (answer or {}).get("outputs") or {}


def used(resources: Mapping[str, Any]) -> set[Provider]:
    """The packages of a state's resources."""
    types = [str(held.get("type", "")).removeprefix("pulumi:providers:") for held in resources.values()]
    names = {name.partition(":")[0] for name in types}
    return {provider for provider in Provider if provider.package in names}


def recorded(resources: Mapping[str, Any]) -> set[str]:
    """The names of the FortiGate's objects and policies in a state, also of policies that are still to be removed."""
    found: set[str] = set()
    for held in resources.values():
        outputs = held.get("outputs") or {}
        if str(held.get("type", "")).partition(":")[0] in {each.package for each in Provider}:
            found.add(str(outputs.get("name") or ""))
        elif {"vdom", "names"} <= outputs.keys():
            found |= set(map(str, outputs["names"]))
    return found
