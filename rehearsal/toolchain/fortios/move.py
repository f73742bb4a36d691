"""The resource `PolicyMove`: one policy stands right before or after another.

The real plugin reads the order back and writes what it finds wrong into the property `statePolicySrcdstPos`, which no
program sets; so a changed order is a difference that the next update repairs. Deleting it sends nothing.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from rehearsal.toolchain.fortios.box import BoxError, FortiosClient
from rehearsal.toolchain.fortios.entry import framed, refreshed
from rehearsal.toolchain.fortios.fields import known
from rehearsal.toolchain.kind import Call, Checked, Difference, Kind, Observed
from rehearsal.toolchain.values import UPDATE, Object

_POLICIES = "firewall/policy"
_FOUND = "statePolicySrcdstPos"
_REQUIRED = ("policyidSrc", "policyidDst", "move")
_KNOWN = {*_REQUIRED, _FOUND, "comment", "vdomparam", "__defaults"}


class PolicyMove(Kind):
    """The place of one policy next to another."""

    replacing = frozenset({"vdomparam"})

    def __init__(self, box: Callable[[], FortiosClient]) -> None:
        self._box = box

    def check(self, name: str, _olds: Object, news: Object) -> Checked:
        """Ask for the three arguments; whether `move` is one of its two words only the run tells."""
        missing = [
            f"Missing required argument. Examine values at '{name}.{key}'." for key in _REQUIRED if key not in news
        ]
        strange = [f"Invalid or unknown key. Examine values at '{name}.{key}'." for key in news if key not in _KNOWN]
        defaults: Object = {} if _FOUND in news else {_FOUND: ""}
        return Checked(defaults | news | {"__defaults": [*defaults]}, [("", reason) for reason in missing + strange])

    def diff(self, _olds: Object, news: Object, state: Object) -> Difference:
        """Compare the arguments, and what was found wrong with nothing wrong."""
        names = [name for name in (*_REQUIRED, "comment", _FOUND) if news.get(name, "") != state.get(name, "")]
        return dict.fromkeys(names + ["vdomparam"] * (news.get("vdomparam") != state.get("vdomparam")), UPDATE)

    async def create(self, call: Call, news: Object, preview: bool) -> tuple[str, Object]:
        """Move, then read the order back."""
        if preview:
            return "", known(news) | {"id": ""}
        with self._framed(""):
            await self._move(news)
        return str(int(news["policyidSrc"])), await self._confirmed(call, "creating", news)

    async def update(self, call: Call, _resource_id: str, state: Object, news: Object, preview: bool) -> Object:
        """Move again."""
        if preview:
            return known(news) | {"id": state.get("id", "")}
        with self._framed(f"updating {call.urn}: "):
            await self._move(news)
        return await self._confirmed(call, "updating", news)

    async def _move(self, news: Object) -> None:
        source, target, word = int(news["policyidSrc"]), int(news["policyidDst"]), news["move"]
        if word not in ("before", "after"):
            raise BoxError("<move> param should be only 'after' or 'before'")
        extra = f"&action=move&{word}={target}"
        try:
            await self._box().ask("PUT", f"{_POLICIES}/{source}", vdom=self._vdom(news), extra=extra)
        except BoxError as error:
            raise self._refused(error) from error

    def _framed(self, prefix: str) -> AbstractContextManager[None]:
        return framed(prefix)

    def _refused(self, error: BoxError) -> BoxError:
        return BoxError(f"Error Altering FirewallPolicy Moveuence: {error}", error.status)

    async def _confirmed(self, call: Call, doing: str, news: Object) -> Object:
        key = str(int(news["policyidSrc"]))
        with self._framed(f"{doing} {call.urn}: "):
            return known(news) | {"id": key, _FOUND: await self._found(news)}

    async def read(self, call: Call, resource_id: str, inputs: Object, state: Object) -> Observed | None:
        """Read the order of all policies."""
        with self._framed(f"refreshing {call.urn}: "):
            outputs = state | {"id": resource_id, _FOUND: await self._found(state)}
        return Observed(outputs, refreshed(inputs, outputs))

    async def _found(self, state: Object) -> str:
        """Say what is wrong with the order, or nothing."""
        reply = await self._box().ask("GET", f"{_POLICIES}/", vdom=self._vdom(state), extra="&format=policyid")
        order = [int(row["policyid"]) for row in reply.get("results", [])]
        source, target = int(state.get("policyidSrc", 0)), int(state.get("policyidDst", 0))
        titles = {
            name: f"FirewallPolicy with policyid_{name}({key})" for name, key in (("src", source), ("dst", target))
        }
        gone = [titles[name] for name, key in (("src", source), ("dst", target)) if key not in order]
        if len(gone) == 2:
            return f"{gone[0]}  and {gone[1].removeprefix('FirewallPolicy with ')} were deleted"
        if gone:
            return f"{gone[0]} was deleted"
        distance = order.index(source) - order.index(target)
        if distance == {"before": -1, "after": 1}.get(state["move"], distance):
            return ""
        side = "behind" if distance > 0 else "ahead of"
        return f"{titles['src']} is {abs(distance)} {side} {titles['dst']}"

    def _vdom(self, properties: Object) -> str:
        return str(properties.get("vdomparam", self._box().vdom))
