"""What a machine has against what is declared, as a resource: a plain preview shows a difference, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)


class DriftProvider(ResourceProvider):
    """Counts generations: one for every run in which the machine has to be changed.

    `observed` is what the machine has at the start of a run, so a difference from `desired` is either a change of
    the configuration or one made by hand, and both are repaired by the command that takes `generation` on its stdin.
    """

    def configure(self, req: ConfigureRequest) -> None:
        """Watch the FortiGate from the first resource on that is refreshed or destroyed."""
        # Only the process that the engine starts watches.
        from components.fortigate_watch import watch_as_configured

        watch_as_configured(req.config)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """The first generation."""
        return CreateResult("drift", {**props, "generation": 1})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed where the machine differs from what is desired, or what is desired differs from the last time."""
        changed = _news["observed"] != _news["desired"] or _olds["desired"] != _news["desired"]
        return DiffResult(changes=changed)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """The next generation."""
        return UpdateResult({**_news, "generation": int(_olds["generation"]) + 1})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """As it was recorded: the program inspects the machine, not this provider."""
        inputs: dict[str, Any] = {name: props[name] for name in ("desired", "observed") if name in props}
        return ReadResult(id_, props, inputs)


class Drift(Resource):
    """The resource; `desired` and `observed` are documents without a secret, a line for each object."""

    generation: pulumi.Output[int]

    def __init__(self, name: str, desired: str, observed: str, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {"desired": desired, "observed": observed, "generation": None}
        super().__init__(DriftProvider(), name, props, opts)


class FactsProvider(ResourceProvider):
    """Remembers what was applied last, field by field, and reports in a preview who made the differences since."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Report whose the differences are; before the first run nothing is known."""
        from labvpn.plan.fortigate.diff import whose

        for sentence in whose(_olds.get("facts") or {}, news.get("shown") or {}, news.get("facts") or {}):
            # A provider has no way to the run's own log; what it prints, the engine shows at once.
            print(f"{news['of']}: {sentence}", flush=True)
        return CheckResult(news, [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Remember them."""
        return CreateResult("facts", props)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """The actual state changes nothing: the objects' own resources repair it."""
        return DiffResult(changes=_olds.get("facts") != _news.get("facts"))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Remember the new ones, once they are in place."""
        return UpdateResult(_news)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """As it was recorded: the program inspects the box."""
        inputs: dict[str, Any] = {name: props[name] for name in ("of", "facts", "shown") if name in props}
        return ReadResult(id_, props, inputs)


class Facts(Resource):
    """The resource; `facts` are desired and `actual` are on the box, by the words that messages use."""

    def __init__(
        self,
        name: str,
        facts: Mapping[str, str],
        actual: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        there = {key: actual[key] for key in facts if key in actual}
        super().__init__(FactsProvider(), name, {"of": "FortiGate", "facts": dict(facts), "shown": there}, opts)
