"""The interface for one resource type of a stand-in for a Pulumi plugin."""

import abc
import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from rehearsal.toolchain.protocol import engine_pb2
from rehearsal.toolchain.values import Object, changes

Difference = Mapping[str, str]  # path -> ADD, DELETE or UPDATE
Log = Callable[[int, str, str, bool], Awaitable[None]]  # severity, message, urn, only shown while the operation lasts


class ProviderError(Exception):
    """The message to the user if an operation fails."""


class Unfinished(ProviderError):
    """A resource that exists but could not be confirmed; the state keeps it, so the next run can repair it."""

    def __init__(self, message: str, resource_id: str, outputs: Object) -> None:
        super().__init__(message)
        self.resource_id, self.outputs = resource_id, outputs


@dataclass(frozen=True)
class Checked:
    """A resource's arguments with defaults filled in, and the mistakes in them: (place, reason)."""

    inputs: Object
    failures: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Observed:
    """A resource as it was found: its outputs, and the inputs that would produce it."""

    outputs: Object
    inputs: Object


@dataclass(frozen=True)
class Call:
    """One operation on one resource, with the functions that report to the user."""

    urn: str
    log: Log
    cancelled: asyncio.Event

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rpartition("::")[2]

    async def debug(self, message: str) -> None:
        """Write into the engine's debug log."""
        await self.log(engine_pb2.DEBUG, message, self.urn, False)

    async def status(self, message: str) -> None:
        """Show a line while the operation lasts."""
        await self.log(engine_pb2.INFO, message, self.urn, True)

    async def warn(self, message: str) -> None:
        """Report a problem that is not fatal."""
        await self.log(engine_pb2.WARNING, message, self.urn, False)

    async def error(self, message: str) -> None:
        """Report a problem in addition to the error that ends the operation."""
        await self.log(engine_pb2.ERROR, message, self.urn, False)


class Kind(abc.ABC):
    """One resource type: its rules and its operations."""

    replacing: frozenset[str] = frozenset()  # paths whose change makes a new resource

    @abc.abstractmethod
    def check(self, name: str, olds: Object, news: Object) -> Checked:
        """Return the arguments with defaults, and every mistake in them."""

    def diff(self, olds: Object, news: Object, _state: Object) -> Difference:
        """Return where new arguments differ from old ones."""
        return dict(changes(olds, news))

    def delete_first(self, _news: Object) -> bool:
        """Say whether a replacement can only be created once the old resource is gone."""
        return False

    @abc.abstractmethod
    async def create(self, call: Call, news: Object, preview: bool) -> tuple[str, Object]:
        """Create the resource; return its id and its outputs."""

    async def read(self, _call: Call, _resource_id: str, inputs: Object, state: Object) -> Observed | None:
        """Return what is there now, or None if it is gone; a type that cannot read returns what is recorded."""
        return Observed(state, inputs)

    @abc.abstractmethod
    async def update(self, call: Call, resource_id: str, state: Object, news: Object, preview: bool) -> Object:
        """Change the resource in place; return its outputs."""

    async def delete(self, _call: Call, _resource_id: str, _state: Object) -> None:
        """Remove the resource; a type without remains has nothing to do."""
        return


def unique_name(prefix: str) -> str:
    """Return the prefix with eight random hexadecimal digits."""
    return f"{prefix}{secrets.token_hex(4)}"
