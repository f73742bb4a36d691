"""Removes the lab's policies from a FortiGate, and none that someone else put in their place.

The provider knows a policy by its number alone. One of ours that was deleted by hand frees its number, and what an
administrator makes next may get it: to the provider that is ours, to be deleted with the stack. So the provider deletes
none; this does, by name and comment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from labvpn.connect import fortigate as api
from labvpn.connect.errors import HopError
from labvpn.model.fortigate import FortiGate as Settings


class CleanupProvider(ResourceProvider):
    """Remembers the names of our policies; one that is no longer among them, or goes with the stack, is deleted."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """There is nothing to delete yet."""
        return CreateResult("policies", props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """As it was recorded: the program inspects the box."""
        return ReadResult(id_, props, {key: value for key, value in props.items() if not key.startswith("__")})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed where any input is; another box is a replacement."""
        place = ("host", "vdom")
        replaces = [key for key in place if _olds.get(key) != _news.get(key)]
        changed = any(_olds.get(key) != value for key, value in _news.items() if not key.startswith("__"))
        return DiffResult(changes=changed, replaces=replaces)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Delete what is no longer declared, once everything else is in place."""
        if _news["when"] == "after":
            _remove(_news, [name for name in _olds["names"] if name not in _news["names"]])
        return UpdateResult(_news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete all of ours, denies first."""
        _remove(_props, _props["names"])


class Cleanup(Resource):
    """The resource: `names` are our policies in the order in which they go."""

    def __init__(
        self,
        name: str,
        box: Settings,
        token: str,
        ca: str,
        names: Sequence[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        when = name.rpartition("-")[2]
        place = {"host": box.host, "vdom": box.vdom, "token": pulumi.Output.secret(token), "ca": ca}
        super().__init__(CleanupProvider(), name, {**place, "names": list(names), "when": when}, opts)


def _remove(props: dict[str, Any], names: Iterable[str]) -> None:
    logging.getLogger("grpc._server").addFilter(_adds_something)
    place = api.Place(str(props["host"]), str(props["vdom"]))
    asyncio.run(api.remove(place, str(props["token"]), str(props["ca"]), list(names)))


def _adds_something(record: logging.LogRecord) -> bool:
    """Whether a log line of the provider's server has anything to add: the engine itself reports a HopError."""
    return not (record.exc_info and isinstance(record.exc_info[1], HopError))
