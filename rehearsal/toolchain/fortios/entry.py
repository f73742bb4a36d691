"""A resource that is one entry of a FortiOS table: a service, an address, a group, a policy, a virtual IP."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from urllib.parse import quote

from rehearsal.toolchain.fortios.box import INSTALL, BoxError, FortiosClient
from rehearsal.toolchain.fortios.fields import LIST, Field, Table, known
from rehearsal.toolchain.kind import Call, Checked, Difference, Kind, Observed, ProviderError, Unfinished
from rehearsal.toolchain.values import UNKNOWN, UPDATE, Object

_DEFAULTS = {"dynamicSortSubtable": "false", "getAllTables": "false"}
_UNCHECKED = ("vdomparam", "__defaults")
_TYPES: dict[str, tuple[type, ...]] = {"text": (str,), "number": (int, float), "list": (list,)}


class Entry(Kind):
    """One entry of a table, managed as the program declares it; undeclared properties are the box's."""

    replacing = frozenset({"vdomparam", "policyid"})

    def __init__(self, table: Table, box: Callable[[], FortiosClient]) -> None:
        self._table, self._box = table, box

    def check(self, name: str, olds: Object, news: Object) -> Checked:
        """Name an object that has no name after its resource, with a hexadecimal ending that it keeps."""
        defaults = dict(_DEFAULTS)
        if "schedule" in self._table.fields:
            defaults["schedule"] = "always"
        if "name" in self._table.fields:
            defaults["name"] = olds.get("name") or f"{name}-{secrets.token_hex(4)[:7]}"
        taken = sorted(defaults.keys() - news.keys())
        inputs = {key: defaults[key] for key in taken} | {key: _marked(value) for key, value in news.items()}
        return Checked(inputs | {"__defaults": taken}, [*self._mistakes(name, news)])

    def _mistakes(self, name: str, news: Object) -> Iterator[tuple[str, str]]:
        for missing in sorted(self._table.required - news.keys()):
            yield "", f"Missing required argument. Examine values at '{name}.{missing}'."
        for key, value in news.items():
            reason = "" if value in (UNKNOWN, _DEFAULTS.get(key)) or key in _UNCHECKED else self._mistake(key, value)
            if reason:
                yield "", f"{reason} Examine values at '{name}.{key}'."

    def _mistake(self, key: str, value: Any) -> str:
        field = self._table.fields.get(key)
        if field is None:
            return f"This stand-in does not know this use of {key}; the real plugin may: {INSTALL}."
        if not isinstance(value, _TYPES[field.kind]) or isinstance(value, bool):
            return f"The value must be a {field.kind}."
        limit = self._table.limits.get(key)
        if limit and len(str(value)) > limit:
            return f"expected length of {key} to be in the range (0 - {limit}), got {value}."
        return ""

    def diff(self, _olds: Object, news: Object, state: Object) -> Difference:
        """Compare actual and desired properties; a property that is neither given nor cleared is not compared."""
        found = dict(self._table.differences(news, state))
        if "vdomparam" in news and news["vdomparam"] != state.get("vdomparam"):
            found["vdomparam"] = UPDATE
        return found

    def delete_first(self, news: Object) -> bool:
        """Return whether the old entry must be deleted first: two entries cannot have one name."""
        return "name" not in news.get("__defaults", ["name"])

    async def create(self, call: Call, news: Object, preview: bool) -> tuple[str, Object]:
        """POST, then read back; an entry that cannot be read back is recorded as unfinished."""
        if preview:
            return "", known(news) | {"id": ""}
        vdom = news.get("vdomparam", self._box().vdom)
        body = self._table.body({}, news)
        with self._framed(""), self._operation("creating"):
            reply = await self._box().ask("POST", self._table.path, vdom=vdom, body=body)
        key = str(reply.get("mkey") or self._table.title)
        placed = known(news) | {"vdomparam": vdom} if vdom else known(news)
        return key, await self._confirmed(call, "creating", key, placed)

    async def _confirmed(self, call: Call, doing: str, key: str, placed: Object) -> Object:
        try:
            with self._framed(f"{doing} {call.urn}: "):
                found = await self._found(key, placed, fresh=doing == "creating")
        except ProviderError as error:
            raise Unfinished(str(error), key, placed | {"id": key}) from error
        if found is None:
            raise ProviderError(f"{doing} {call.urn}: the box has no {self._table.title} {key} after it was told of it")
        return found

    async def read(self, call: Call, resource_id: str, inputs: Object, state: Object) -> Observed | None:
        """GET by id; with nothing but the id, import: the inputs are then all that the box holds a value for."""
        importing = not state
        with self._framed(f"refreshing {call.urn}: "):
            outputs = await self._found(resource_id, state)
        if outputs is None:
            await call.debug(f"[WARN] resource ({resource_id}) not found, removing from state")
            return None
        return Observed(outputs, self._imported(outputs) if importing else self._refreshed(inputs, outputs))

    async def _found(self, key: str, state: Object, *, fresh: bool = False) -> Object | None:
        """Return the outputs of an entry as it is now."""
        vdom = state.get("vdomparam", self._box().vdom)
        with self._operation("reading"):
            reply = await self._box().ask("GET", f"{self._table.path}/{quote(key, safe='')}", vdom=vdom)
        if not reply.get("results"):
            return None
        entry = reply["results"][0]
        outputs = {name: state[name] for name in _DEFAULTS if name in state} | {"id": key}
        if vdom:
            outputs["vdomparam"] = vdom
        for name, field in self._table.fields.items():
            value = self._seen(state, field, field.from_wire(entry.get(field.wire), state.get(name)), fresh=fresh)
            if value is not None:
                outputs[name] = value
        return outputs

    def _seen(self, state: Object, field: Field, value: Any, *, fresh: bool) -> Any:
        """A value as it is read.

        Trap kept: what stands in a list that the state has empty is not seen, save on import; and the empty list itself
        appears among the outputs only with the first refresh.
        """
        if field.kind == LIST and not state.get(field.name) and state:
            return None if fresh else []
        return value

    def _imported(self, outputs: Object) -> Object:
        default = {"schedule": "always"}
        kept = {name: _marked(value) for name, value in outputs.items() if value and default.get(name) != value}
        return {name: value for name, value in kept.items() if name != "id"} | {"__defaults": []}

    def _refreshed(self, inputs: Object, outputs: Object) -> Object:
        return refreshed(inputs, outputs)

    def _framed(self, prefix: str) -> AbstractContextManager[None]:
        return framed(prefix)

    async def update(self, call: Call, resource_id: str, state: Object, news: Object, preview: bool) -> Object:
        """PUT all that is wanted and all else that was read, then read back; the id stays what it was."""
        plan = (
            {"vdomparam": state.get("vdomparam", self._box().vdom)}
            | self._table.plan(state, news)
            | {"id": resource_id}
        )
        if preview:
            return known(plan)
        body = self._table.body(state, plan)
        path = f"{self._table.path}/{quote(resource_id, safe='')}"
        with self._framed(f"updating {call.urn}: "), self._operation("updating"):
            reply = await self._box().ask("PUT", path, vdom=plan["vdomparam"], body=body)
        return await self._confirmed(call, "updating", str(reply.get("mkey") or resource_id), known(plan))

    async def delete(self, call: Call, resource_id: str, state: Object) -> None:
        """DELETE by id; an entry that is already gone is an error, as with the real plugin."""
        path = f"{self._table.path}/{quote(resource_id, safe='')}"
        with self._framed(f"deleting {call.urn}: "), self._operation("deleting"):
            await self._box().ask("DELETE", path, vdom=state.get("vdomparam", self._box().vdom))

    @contextmanager
    def _operation(self, doing: str) -> Iterator[None]:
        """Say which operation on which kind of object the box refused."""
        try:
            yield
        except BoxError as error:
            if str(error).startswith("[Warning]"):
                raise
            raise BoxError(f"Error {doing} {self._table.title} resource: {error}", error.status) from error


@contextmanager
def framed(prefix: str) -> Iterator[None]:
    """Frame the box's refusal as the real plugin's bridge does."""
    try:
        yield
    except BoxError as error:
        raise ProviderError(f"{prefix}1 error occurred:\n\t* {error}\n\n") from error


def refreshed(inputs: Object, outputs: Object) -> Object:
    """Return the inputs with the values found, and without the marks of defaults that are no longer so."""
    fresh = {name: _marked(outputs[name]) for name in inputs if name in outputs}
    defaults = [name for name in inputs.get("__defaults", []) if fresh.get(name) == inputs.get(name)]
    return fresh | {"__defaults": defaults}


def _marked(value: Any) -> Any:
    """Mark each object in a list as the real plugin's bridge does, so that a state fits both."""
    if not isinstance(value, list):
        return value
    return [item | {"__defaults": []} if isinstance(item, dict) else item for item in value]
