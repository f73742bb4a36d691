"""Drive a stand-in as the engine does: protocol messages in, plain values out, nothing on the network."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import json_format
from pulumi.runtime.proto import engine_pb2, provider_pb2

from rehearsal.toolchain.kind import Log
from rehearsal.toolchain.provider import StandIn
from rehearsal.toolchain.values import to_wire

_REQUESTS = {"CheckConfig": "CheckRequest", "DiffConfig": "DiffRequest"}


class Refused(Exception):
    """What the engine is told instead of an answer; `unfinished` says whether a state came with it."""

    def __init__(self, message: str, unfinished: bool = False) -> None:
        super().__init__(message)
        self.unfinished = unfinished


class _Context:
    async def abort(self, _code: Any, message: str) -> None:
        raise Refused(message)

    async def abort_with_status(self, status: grpc.Status) -> None:
        raise Refused(status.details, unfinished=True)


class Engine:
    """One stand-in, and all that it said meanwhile as (severity, message, only shown while it lasts)."""

    def __init__(self, make: Callable[[Log], StandIn]) -> None:
        self.said: list[tuple[str, str, bool]] = []
        self.plugin = make(self._hear)

    async def _hear(self, severity: Any, message: str, _urn: str, passing: bool) -> None:
        self.said.append((engine_pb2.LogSeverity.Name(severity), message, passing))

    def ask(self, method: str, **fields: Any) -> dict[str, Any]:
        """Call one method; dictionaries travel as property values."""
        return asyncio.run(self.asked(method, **fields))

    async def asked(self, method: str, **fields: Any) -> dict[str, Any]:
        """Call one method inside a running loop."""
        message = getattr(provider_pb2, _REQUESTS.get(method, f"{method}Request"))
        sent = {name: to_wire(value) if isinstance(value, dict) else value for name, value in fields.items()}
        answer = await getattr(self.plugin, method)(message(**sent), _Context())
        return json_format.MessageToDict(answer)


def urn(token: str, name: str = "it") -> str:
    """Return the URN of a resource of a type."""
    return f"urn:pulumi:lab::labvpn::{token}::{name}"
