"""One entry of a FortiOS table, and a policy's position, as the bridge hands them to Fortinet's provider 1.25.0."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rehearsal.toolchain.fortios.box import BoxError
from rehearsal.toolchain.fortios.entry import Entry
from rehearsal.toolchain.fortios.fields import LIST, Field, known
from rehearsal.toolchain.fortios.move import PolicyMove
from rehearsal.toolchain.kind import Call, Checked, Difference, Observed, ProviderError
from rehearsal.toolchain.values import UNKNOWN, UPDATE, Object

SUBTABLES = ("dynamicSortSubtable", "getAllTables")


class BridgedEntry(Entry):
    """An entry: what the program leaves out is cleared, or the box's if the provider computes it."""

    def check(self, _name: str, _olds: Object, news: Object) -> Checked:
        """The arguments as they are, a property that no type has among them."""
        return Checked(news)

    def diff(self, _olds: Object, news: Object, state: Object) -> Difference:
        """Which properties differ; the two that an import leaves empty do where their default applies."""
        found = dict.fromkeys(dict(self._table.differences(news, state)), UPDATE)
        found |= {name: UPDATE for name in SUBTABLES if news.get(name, "false") != state.get(name, "")}
        return found

    def delete_first(self, _news: Object) -> bool:
        """Never: a name is always given."""
        return False

    async def create(self, call: Call, news: Object, preview: bool) -> tuple[str, Object]:
        """As the older one does it; a preview does not know a policy's number."""
        key, outputs = await super().create(call, news, preview)
        computed = {"policyid": UNKNOWN} if preview and "policyid" in self._table.fields else {}
        return key, computed | outputs

    def _seen(self, _state: Object, field: Field, value: Any, *, fresh: bool) -> Any:
        """A value as it is read: what is in a list that the state has empty is seen too."""
        return None if field.kind == LIST and not value and fresh else value

    def _imported(self, outputs: Object) -> Object:
        return {name: value for name, value in outputs.items() if value and name != "id"}

    def _refreshed(self, inputs: Object, outputs: Object) -> Object:
        return {name: outputs[name] for name in inputs if name in outputs}

    @contextmanager
    def _framed(self, _prefix: str) -> Iterator[None]:
        with plainly():
            yield


class BridgedMove(PolicyMove):
    """The position of a policy; a refusal names the status without brackets."""

    def check(self, _name: str, _olds: Object, news: Object) -> Checked:
        """The arguments as they are."""
        return Checked(news)

    async def create(self, call: Call, news: Object, preview: bool) -> tuple[str, Object]:
        """Move, then read the order back."""
        if preview:
            return "", known(news) | {"id": UNKNOWN}
        return await super().create(call, news, preview)

    async def read(self, call: Call, resource_id: str, inputs: Object, state: Object) -> Observed | None:
        """Read the order of all policies."""
        found = await super().read(call, resource_id, inputs, state)
        if found is None:
            return None
        return Observed(found.outputs, {name: found.outputs[name] for name in inputs if name in found.outputs})

    @contextmanager
    def _framed(self, _prefix: str) -> Iterator[None]:
        with plainly():
            yield

    def _refused(self, error: BoxError) -> BoxError:
        return BoxError(f"Error Altering FirewallPolicy Moveuence: got error with status {error.status or 'unknown'}")


@contextmanager
def plainly() -> Iterator[None]:
    """The box's refusal as an error of the operation, with the provider's own words alone."""
    try:
        yield
    except BoxError as error:
        raise ProviderError(str(error)) from error
