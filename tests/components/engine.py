"""A recording engine: what a program registers, with every secret still marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks


@dataclass
class Recorder(Mocks):
    """Answers as an engine and provider would, and keeps every registration."""

    resources: list[MockResourceArgs] = field(default_factory=list)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Give each resource an id, and a policy its number."""
        self.resources.append(args)
        computed: dict[str, Any] = {}
        if args.typ in ("fortios:firewall/policy:Policy", "fortigate:index/firewallPolicy:FirewallPolicy"):
            computed = {"policyid": 7}
        if args.typ == "pulumi-python:dynamic:Resource" and "desired" in args.inputs:
            computed = {"generation": 1}
        return f"{args.name}-id", {**args.inputs, **computed}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """No function is called by these components."""
        raise AssertionError(f"{args.token} was called")

    def of_type(self, part: str) -> list[MockResourceArgs]:
        """The registrations whose type token holds `part`."""
        return [resource for resource in self.resources if part in resource.typ]

    def named(self, name: str) -> MockResourceArgs:
        """The one registration of this name."""
        (found,) = [resource for resource in self.resources if resource.name == name]
        return found


def run(build: Callable[[], None]) -> Recorder:
    """Everything that `build` registers, after all registrations have drained."""
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, project="labvpn", stack="test", preview=False)

    pulumi.runtime.test(build)()  # type: ignore[no-untyped-call]
    return recorder


def plain(value: Any) -> Any:
    """The value without the engine's secret marks."""
    if isinstance(value, dict):
        if "value" in value and len(value) == 2:
            return plain(value["value"])
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def is_secret(value: Any) -> bool:
    """Whether the engine was told that this is a secret."""
    return isinstance(value, dict) and "4dabf18193072939515e22adb298388d" in value
