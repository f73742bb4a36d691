"""Removes the lab's policies from a FortiGate, and none that someone else put in their place.

The provider knows a policy only by its id. If one of ours is deleted by hand, its id is free, and the next policy that
an administrator creates may get it: the provider would take that for ours and delete it with the stack. So the provider
deletes none; this resource does, by name and comment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import (
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from components.fortigate_watch import watch_as_configured
from labvpn.connect import fortigate_token
from labvpn.connect.errors import HopError

if TYPE_CHECKING:
    from labvpn.model.fortigate import FortiGate as Settings


class CleanupProvider(ResourceProvider):
    """Remembers the names of our policies; removes those that are no longer declared, and all with the stack."""

    def configure(self, req: ConfigureRequest) -> None:
        """Watch the FortiGate, where no other resource has begun to."""
        watch_as_configured(req.config)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Nothing needs to be removed yet."""
        return CreateResult("policies", props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """As it was recorded: the program itself reads the FortiGate.

        A refresh comes before the program, so nothing else says in words that the token is refused.
        """
        if props.get("when") == "before":
            _quietly()
            fortigate_token.require(*(str(props[key]) for key in ("host", "vdom", "token", "ca")))
        return ReadResult(id_, props, {key: value for key, value in props.items() if not key.startswith("__")})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Changed where any property is; another FortiGate or vdom replaces the resource."""
        place = ("host", "vdom")
        replaces = [key for key in place if _olds.get(key) != _news.get(key)]
        # An earlier state has no `retained`, and is not updated for it alone.
        named = {key for key in (*_news, "kept") if not key.startswith("__") and (key != "retained" or key in _olds)}
        return DiffResult(changes=any(_olds.get(key) != _news.get(key) for key in named), replaces=replaces)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Remove what is no longer declared, once everything else is in place."""
        if _news["when"] == "after":
            released = [path for path in _olds.get("kept") or () if path not in (_news.get("kept") or ())]
            _remove(_news, [name for name in _olds["names"] if name not in _news["names"]], released=released)
        return UpdateResult(_news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove all of ours, denies first; refuse before anything if others have come to use what the engine deletes.

        What others used at the last run stays: the engine was told so then.
        """
        kept = _props.get("kept") or ()
        known = _props["when"] == "after" and "retained" in _props
        _remove(_props, _props["names"], kept=[*kept, *_props["retained"]] if known else None)
        if _props["when"] == "after":
            for path in kept:
                # A provider has no way to the run's own log; what it prints, the engine shows at once.
                print(f"FortiGate: {path.rpartition('/')[2]} stays, since others use it", flush=True)


class Cleanup(Resource):
    """The resource: `names` are our policies in the order in which they are removed.

    `kept` are the paths of the objects that others use too, which stay; where there are none, the state has no list.
    `retained` are those of the objects that stay with what is adopted.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        token: str,
        ca: str,
        names: Sequence[str],
        kept: Sequence[str],
        retained: Sequence[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        when = name.rpartition("-")[2]
        place = {"host": settings.host, "vdom": settings.vdom, "token": pulumi.Output.secret(token), "ca": ca}
        held = {"retained": list(retained), **({"kept": list(kept)} if kept else {})}
        super().__init__(CleanupProvider(), name, {**place, "names": list(names), "when": when, **held}, opts)


def _remove(
    props: dict[str, Any], names: Iterable[str], kept: Collection[str] | None = None, released: Sequence[str] = ()
) -> None:
    # A refresh, which deletes nothing, starts without what asks a FortiGate.
    from labvpn.connect import fortigate as api
    from labvpn.connect import fortigate_removal

    _quietly()
    place = api.Place(str(props["host"]), str(props["vdom"]))
    removal = fortigate_removal.Removal(list(names), kept, released)
    asyncio.run(fortigate_removal.remove(place, str(props["token"]), str(props["ca"]), removal))


def _quietly() -> None:
    logging.getLogger("grpc._server").addFilter(_is_no_sentence)


def _is_no_sentence(record: logging.LogRecord) -> bool:
    """Whether a log line of the provider's server adds anything: the engine itself reports a HopError."""
    return not (record.exc_info and isinstance(record.exc_info[1], HopError))
