"""The move itself: the old package's resources leave the state, and the new one imports the same objects.

Nothing is deleted on the FortiGate, since the objects only leave the state; the new package's `up` reads them, and says
the policies' positions once more. Safe to run again after being cut off at any point: the copy of the state lies there
until the move is done, and is what a failure goes back to.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from labvpn.fortigate_provider.engine import MoveError, Stack, write
from labvpn.fortigate_provider.state import State, objections, packages, providers, urns
from labvpn.model.fortios_provider import Provider

Say = Callable[[str], None]

OTHER = {Provider.UPSTREAM: Provider.PULUMIVERSE, Provider.PULUMIVERSE: Provider.UPSTREAM}


def copy_of(stack: Stack) -> Path:
    """The copy of the state before a move that is not done yet."""
    return stack.folder / f"fortigate-provider.{stack.name}.state.json"


def kept(copy: Path, wanted: Provider) -> Path:
    """The copy's name once the move is done."""
    return copy.with_name(copy.name.replace(".state.json", f".before-{wanted}.state.json"))


def steps(stack: Stack, wanted: Provider) -> list[str]:
    """What the move will do, in words; empty where there is nothing to move."""
    left, copy = OTHER[wanted], copy_of(stack)
    held = packages(stack.export())
    if left not in held and not copy.exists():
        return []
    return [
        f"a copy of the state is kept in {copy.name} (its secrets are encrypted as in the state)",
        f"fortigate.provider becomes {wanted}",
        f"the FortiGate's objects by {left} leave the state; on the FortiGate itself nothing is touched",
        f"`pulumi up` imports the same objects by {wanted}, and says their policies' positions once more",
        "if one of these fails, the copy of the state and the setting are put back",
    ]


def move(stack: Stack, wanted: Provider, say: Say) -> None:
    """Move over, or go on with a move that was cut off. Raises MoveError after it was undone."""
    copy, state = copy_of(stack), stack.export()
    if len(packages(state)) > 1 and copy.exists():
        stack.restore(copy)
        state = stack.export()
    if OTHER[wanted] not in packages(state) and not copy.exists():
        stack.use(wanted)
        return
    try:
        _carry(stack, wanted, state, copy, say)
    except (MoveError, KeyboardInterrupt) as error:
        raise MoveError(f"{error or 'interrupted'}; {_undone(stack, wanted, copy)}") from None
    copy.replace(kept(copy, wanted))


def _carry(stack: Stack, wanted: Provider, state: State, copy: Path, say: Say) -> None:
    left = OTHER[wanted]
    if left in packages(state):
        write(copy, json.dumps(state))
        say(f"copied the state to {copy.name}")
    stack.use(wanted)
    say(f"set fortigate.provider to {wanted}")
    for urn in providers(state, left):
        stack.forget(urn)
        say(f"took the objects by {left} out of the state")
    moving = urns(json.loads(copy.read_text("utf-8"))) - urns(stack.export())
    if found := list(objections(stack.preview(), moving, wanted)):
        listed = ", ".join(found[:5])
        raise MoveError(f"a preview would do more than move the objects ({listed}); run `pulumi up` first")
    stack.up()


def _undone(stack: Stack, wanted: Provider, copy: Path) -> str:
    """Put the state and the setting back, and say so."""
    try:
        if copy.exists():
            stack.restore(copy)
        stack.use(OTHER[wanted])
    except MoveError as error:
        return f"and it could not be undone ({error}): run this again, or `pulumi stack import --file {copy.name}`"
    copy.unlink(missing_ok=True)
    return f"everything is back as it was, by {OTHER[wanted]}"
