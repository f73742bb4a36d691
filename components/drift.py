"""What a machine shows against what is declared, as a resource: a difference shows in a plain preview, once."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult


class DriftProvider(ResourceProvider):
    """Counts generations: one for every run in which the machine has to be changed.

    `observed` is what the machine shows at the start of a run, so a difference from `desired` is either a change of
    the configuration or one made by hand, and both are repaired by the command that takes `generation` on its stdin.
    """

    def create(self, props: dict[str, Any]) -> CreateResult:
        """The first generation."""
        return CreateResult("drift", {**props, "generation": 1})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed where the machine differs from what is desired, or something else is desired than the last time."""
        changed = _news["observed"] != _news["desired"] or _olds["desired"] != _news["desired"]
        return DiffResult(changes=changed)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """The next generation."""
        return UpdateResult({**_news, "generation": int(_olds["generation"]) + 1})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """As it was recorded: the machine is looked at by the program, not here."""
        inputs: dict[str, Any] = {name: props[name] for name in ("desired", "observed") if name in props}
        return ReadResult(id_, props, inputs)


class Drift(Resource):
    """The resource; `desired` and `observed` are documents without a secret, a line for each object."""

    generation: pulumi.Output[int]

    def __init__(self, name: str, desired: str, observed: str, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {"desired": desired, "observed": observed, "generation": None}
        super().__init__(DriftProvider(), name, props, opts)
