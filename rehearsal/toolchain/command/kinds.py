"""The resource types `command:remote:Command` and `command:remote:CopyToRemote`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rehearsal.toolchain.kind import Call, Checked, Kind, unique_name
from rehearsal.toolchain.values import (
    ARCHIVE,
    ASSET,
    UNKNOWN,
    Object,
    has_unknown,
    is_secret,
    reveal,
    secret,
    signature,
)

if TYPE_CHECKING:
    from rehearsal.toolchain.command.run import Order
    from rehearsal.toolchain.command.ssh import Connect

_DEFAULTS = {"user": "root", "port": 22, "dialErrorLimit": 10, "perDialTimeout": 15}
_SECRET = ("password", "privateKey", "privateKeyPassword")
_PROXY: dict[str, Any] = {"host": str, "user": str, "port": float, "dialErrorLimit": float, "perDialTimeout": float}
_PROXY |= dict.fromkeys([*_SECRET, "agentSocketPath", "hostKey"], str)
_CONNECTION = _PROXY | {"proxy": _PROXY}
_COMMAND: dict[str, Any] = dict.fromkeys(["create", "update", "delete", "stdin", "logging"], str)
_COMMAND |= {"addPreviousOutputInEnv": bool, "environment": dict, "triggers": list, "connection": _CONNECTION}
_COPY = {"connection": _CONNECTION, "triggers": list, "remotePath": str, "source": dict}
_REQUIRED = {"connection": _CONNECTION, "host": str, "remotePath": str, "source": dict}
_WORDS = {str: "a string", float: "a number", bool: "a boolean", dict: "an object", list: "a list"}
_LOGGED = {None: ("stdout", "stderr"), "stdoutAndStderr": ("stdout", "stderr"), "stdout": ("stdout",)}
_LOGGED |= {"stderr": ("stderr",)}


class _Remote(Kind):
    """The common part of both types: a connection, which is secret as a whole, and triggers, which replace."""

    replacing = frozenset({"triggers"})  # the SDK adds its own "triggers[*]"
    shape: dict[str, Any]

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def check(self, _name: str, _olds: Object, news: Object) -> Checked:
        """Fill in the connection's defaults and mark what is secret in it."""
        inputs = dict(news)
        if "connection" in inputs:
            inputs["connection"] = _connection(inputs["connection"])
        return Checked(inputs, [*_mistakes("", reveal(news), self.shape)])


class Command(_Remote):
    """A command run on the remote host when the resource is created, changed or deleted."""

    shape = _COMMAND

    async def create(self, call: Call, news: Object, preview: bool) -> tuple[str, Object]:
        """Run `create`."""
        if preview:
            return unique_name(call.name), news | {"stdout": UNKNOWN, "stderr": UNKNOWN}
        nothing = {"stdout": "", "stderr": ""}
        return unique_name(call.name), await self._run(call, news | nothing, news.get("create"))

    async def update(self, call: Call, _resource_id: str, state: Object, news: Object, preview: bool) -> Object:
        """Run `update`, or `create` if there is none."""
        before = {name: state[name] for name in ("stdout", "stderr") if name in state}
        if preview:
            changed = has_unknown(news) or any(
                news.get(key) != value for key, value in state.items() if key not in before
            )
            return news | (dict.fromkeys(before, UNKNOWN) if changed else before)
        return await self._run(call, news | before, news.get("update", news.get("create")))

    async def delete(self, call: Call, _resource_id: str, state: Object) -> None:
        """Run `delete` with the connection and the input that the resource had last."""
        await self._run(call, state, state.get("delete"))

    async def _run(self, call: Call, properties: Object, command: Any) -> Object:
        if command is None:
            return properties
        # SSH is slow to load, and most runs of the engine start the plugin without any command to run.
        from rehearsal.toolchain.command.run import run

        plain = reveal(properties)
        async with await self._connect(call, plain["connection"]) as connection:
            stdout, stderr = await run(connection, _order(plain, reveal(command)), call)
        return properties | {"stdout": stdout, "stderr": stderr}


def _order(plain: Object, command: str) -> Order:
    from rehearsal.toolchain.command.run import Order

    previous = {"PULUMI_COMMAND_STDOUT": plain.get("stdout", ""), "PULUMI_COMMAND_STDERR": plain.get("stderr", "")}
    return Order(
        command=command,
        stdin=plain.get("stdin", ""),
        needed=plain.get("environment", {}),
        wanted=previous if plain.get("addPreviousOutputInEnv", True) else {},
        logged=frozenset(_LOGGED.get(plain.get("logging"), ())),
    )


class CopyToRemote(_Remote):
    """A file or folder of this machine, copied to the remote host and left there on delete."""

    shape = _COPY

    def check(self, name: str, olds: Object, news: Object) -> Checked:
        """Accept what can be copied unchanged: a file, a text, or an archive that is a path."""
        checked = super().check(name, olds, news)
        return Checked(checked.inputs, [*checked.failures, *_source_mistakes(reveal(news.get("source")))])

    async def create(self, call: Call, news: Object, preview: bool) -> tuple[str, Object]:
        """Copy."""
        if preview:
            return "", news
        await self._copy(call, news)
        return unique_name(""), news

    async def update(self, call: Call, _resource_id: str, state: Object, news: Object, preview: bool) -> Object:
        """Copy again if the content or the place changed."""
        moved = state["remotePath"] != news["remotePath"] or state["source"].get("hash") != news["source"].get("hash")
        if moved and not preview:
            await self._copy(call, news)
        return news

    async def _copy(self, call: Call, news: Object) -> None:
        from rehearsal.toolchain.command.copy import copy

        plain = reveal(news)
        source, place = plain["source"], plain["remotePath"]
        origin = "text asset" if source.get("text") else f"local file {source['path']}"
        await call.debug(f"Creating file: {plain['connection']['host']}:{place} from {origin}")
        async with await self._connect(call, plain["connection"]) as connection:
            await copy(connection, source, place)


def _connection(value: Any) -> Any:
    """Return a connection with defaults, each password marked secret, and the whole marked secret."""
    inner = value["value"] if is_secret(value) else value
    if not isinstance(inner, dict):
        return value
    filled = _DEFAULTS | {key: secret(item) if key in _SECRET else item for key, item in inner.items()}
    if "proxy" in filled:
        filled["proxy"] = reveal_mark(_connection(filled["proxy"]))
    return secret(filled)


def reveal_mark(value: Any) -> Any:
    """Remove only the outermost secret mark."""
    return value["value"] if is_secret(value) else value


def _mistakes(path: str, value: Object, shape: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each property that is missing, unknown or of the wrong type, with the correction."""
    for name in shape.keys() & _REQUIRED.keys() - value.keys():
        yield f"{path}{name}", f"{path}{name} is missing"
    for name, item in value.items():
        place = f"{path}{name}"
        kind = shape.get(name)
        if kind is None:
            yield place, f"{place} is not a property of this resource"
        elif item == UNKNOWN:
            continue
        elif isinstance(kind, dict) and isinstance(item, dict):
            yield from _mistakes(f"{place}.", item, kind)
        elif not _fits(item, kind):
            yield place, f"{place} must be {_WORDS[dict if isinstance(kind, dict) else kind]}"


def _fits(item: Any, kind: Any) -> bool:
    accepted = dict if isinstance(kind, dict) else (float, int) if kind is float else kind
    return isinstance(item, accepted) and (kind is bool or not isinstance(item, bool))


def _source_mistakes(source: Any) -> Iterator[tuple[str, str]]:
    if source in (None, UNKNOWN):
        return
    if signature(source) == ASSET and not (source.get("path") or source.get("text")):
        yield "asset", "asset must be a path-based file asset or a text asset"
    elif signature(source) == ARCHIVE and not source.get("path"):
        yield "archive", "archive must be a path to a file or directory"
    elif signature(source) not in (ASSET, ARCHIVE):
        yield "asset", "either asset or archive must be set"
