"""The gRPC service that every stand-in for a Pulumi plugin shares, called by the engine.

A stand-in is started with the engine's address as argument, prints its own port and serves until stopped. It refuses
what it does not know in one sentence with the command that installs the real plugin.
"""

import argparse
import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any, ClassVar

import grpc
import grpc.aio
from google.protobuf import empty_pb2

from rehearsal.toolchain.kind import Call, Difference, Kind, Log, ProviderError, Unfinished
from rehearsal.toolchain.lifetime import end_at_interrupt, end_with_parent
from rehearsal.toolchain.protocol import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)
from rehearsal.toolchain.values import ADD, DELETE, UPDATE, Object, from_wire, reveal, to_wire

_LIMIT = 400 * 1024 * 1024  # bytes; the engine's own limit for one message
_OPTIONS = [("grpc.max_receive_message_length", _LIMIT), ("grpc.max_send_message_length", _LIMIT)]
_KINDS: dict[str, Any] = {ADD: 0, DELETE: 2, UPDATE: 4}  # of the protocol; one more means "and replaces"

Handler = Callable[[Any, Any, Any], Coroutine[Any, Any, Any]]


def _answering(handler: Handler) -> Handler:
    """Turn a refusal into an error of the call with only its message."""

    @wraps(handler)
    async def answer(self: Any, request: Any, context: Any) -> Any:
        try:
            return await handler(self, request, context)
        except Unfinished as error:
            await self.refused(request.urn, str(error))
            return await context.abort_with_status(_Unfinished(error))
        except ProviderError as error:
            await self.refused(getattr(request, "urn", ""), str(error))
            return await context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return answer


class _Unfinished(grpc.Status):
    """The error that carries a resource's state: the protocol wants it as a status message in the trailing metadata."""

    def __init__(self, error: Unfinished) -> None:
        detail = provider_pb2.ErrorResourceInitFailed(
            id=error.resource_id, properties=to_wire(error.outputs), reasons=[str(error)]
        )
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
        status.details.add().Pack(detail)
        self.code, self.details = grpc.StatusCode.UNKNOWN, str(error)
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """A provider made of kinds; each process serves one."""

    name: ClassVar[str]
    version: ClassVar[str]
    install: ClassVar[str]  # the line that installs the real plugin
    accepts_secrets: ClassVar[bool] = True
    detailed: ClassVar[bool] = True  # whether a difference is given place by place

    def __init__(self, kinds: Mapping[str, Kind], log: Log) -> None:
        self.kinds = kinds
        self.log = log
        self._cancelled = asyncio.Event()

    def check_config(self, _config: Object) -> list[tuple[str, str]]:
        """Return every mistake in the provider's own configuration."""
        return []

    def diff_config(self, _olds: Object, _news: Object) -> Difference:
        """Return where the provider's own configuration changed."""
        return {}

    async def configure(self, config: Object) -> None:
        """Take the provider's configuration before the first operation."""

    def kind(self, urn: str) -> Kind:
        """Return the kind of a resource; raises ProviderError if only the real plugin has it."""
        token = urn.split("::")[2].rpartition("$")[2]
        if token in self.kinds:
            return self.kinds[token]
        known = ", ".join(sorted(self.kinds))
        raise ProviderError(
            f"{token}: this stand-in of the {self.name} plugin knows only {known}; install the real one: {self.install}"
        )

    def taken(self, struct: Any) -> Object:
        """Return the properties of a message in the form that this provider uses."""
        return from_wire(struct) if self.accepts_secrets else reveal(from_wire(struct))

    def ignoring(self, news: Object, state: Object, names: list[str]) -> Object:
        """Return the arguments with what the program ignores; the engine itself has seen to most of it."""
        return news

    async def refused(self, urn: str, message: str) -> None:
        """Say what is said of a refusal beside the operation's own error: nothing."""

    def call(self, urn: str) -> Call:
        """Return the context of one operation."""
        return Call(urn, self.log, self._cancelled)

    async def Handshake(self, request: Any, context: Any) -> Any:
        """Make the engine use its older way of configuring a provider, like the real plugins."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Handshake is not implemented")

    @_answering
    async def Invoke(self, request: Any, context: Any) -> Any:
        """Refuse: no function of the real plugins is needed by a program that these serve."""
        raise ProviderError(
            f"{request.tok}: only the real {self.name} plugin has functions; install it: {self.install}"
        )

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """Return the version of the real plugin."""
        return plugin_pb2.PluginInfo(version=self.version)

    async def GetSchema(self, request: Any, context: Any) -> Any:
        """List the resource types, without their properties: no more is needed to run a program."""
        schema = {"name": self.name, "version": self.version, "resources": {token: {} for token in self.kinds}}
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        """Accept the provider's configuration or name its mistakes."""
        return _check_response(from_wire(request.news), self.check_config(from_wire(request.news)))

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        """Return whether the provider's configuration changed."""
        return _diff_response(self.diff_config(from_wire(request.old_inputs), from_wire(request.news)), frozenset())

    @_answering
    async def Configure(self, request: Any, context: Any) -> Any:
        """Apply the configuration and return the supported features."""
        await self.configure(from_wire(request.args))
        return provider_pb2.ConfigureResponse(acceptSecrets=self.accepts_secrets, supportsPreview=True)

    @_answering
    async def Check(self, request: Any, context: Any) -> Any:
        """Fill in defaults and report mistakes."""
        name = request.urn.rpartition("::")[2]
        checked = self.kind(request.urn).check(name, self.taken(request.olds), self.taken(request.news))
        return _check_response(checked.inputs, checked.failures)

    @_answering
    async def Diff(self, request: Any, context: Any) -> Any:
        """Return what an update would change, and whether it needs a new resource."""
        kind = self.kind(request.urn)
        olds, news, state = (self.taken(part) for part in (request.old_inputs, request.news, request.olds))
        news = self.ignoring(news, state, list(request.ignoreChanges))
        found = _diff_response(kind.diff(olds, news, state), kind.replacing, kind.delete_first(news))
        if not self.detailed:
            found.ClearField("detailedDiff")
            found.hasDetailedDiff = False
        return found

    @_answering
    async def Create(self, request: Any, context: Any) -> Any:
        """Create a resource, or predict its outputs."""
        kind, call = self.kind(request.urn), self.call(request.urn)
        resource_id, outputs = await kind.create(call, self.taken(request.properties), request.preview)
        return provider_pb2.CreateResponse(id=resource_id, properties=to_wire(outputs))

    @_answering
    async def Read(self, request: Any, context: Any) -> Any:
        """Return what is there now; an empty id means that it is gone."""
        kind, call = self.kind(request.urn), self.call(request.urn)
        found = await kind.read(call, request.id, self.taken(request.inputs), self.taken(request.properties))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, properties=to_wire(found.outputs), inputs=to_wire(found.inputs))

    @_answering
    async def Update(self, request: Any, context: Any) -> Any:
        """Change a resource in place, or predict its outputs."""
        kind, call = self.kind(request.urn), self.call(request.urn)
        state, news = self.taken(request.olds), self.taken(request.news)
        news = self.ignoring(news, state, list(request.ignoreChanges))
        outputs = await kind.update(call, request.id, state, news, request.preview)
        return provider_pb2.UpdateResponse(properties=to_wire(outputs))

    @_answering
    async def Delete(self, request: Any, context: Any) -> Any:
        """Remove a resource."""
        await self.kind(request.urn).delete(self.call(request.urn), request.id, self.taken(request.properties))
        return empty_pb2.Empty()

    async def Cancel(self, request: Any, context: Any) -> Any:
        """Stop waiting operations."""
        self._cancelled.set()
        return empty_pb2.Empty()


def _check_response(inputs: Object, failures: list[tuple[str, str]]) -> Any:
    wrong = [provider_pb2.CheckFailure(property=place, reason=reason) for place, reason in failures]
    return provider_pb2.CheckResponse(inputs=to_wire(inputs), failures=wrong)


def _diff_response(difference: Difference, replacing: frozenset[str], delete_first: bool = False) -> Any:
    detail = {path: _KINDS[change] + (path in replacing) for path, change in difference.items()}
    states = provider_pb2.DiffResponse
    return provider_pb2.DiffResponse(
        changes=states.DIFF_SOME if difference else states.DIFF_NONE,
        diffs=sorted({path.split(".")[0].split("[")[0] for path in difference}),
        replaces=sorted(replacing & set(difference)),
        deleteBeforeReplace=delete_first and not replacing.isdisjoint(difference),
        detailedDiff={path: provider_pb2.PropertyDiff(kind=kind) for path, kind in detail.items()},
        hasDetailedDiff=True,
    )


def _engine_log(address: str) -> Log:
    """Return the function that writes to the engine's log."""
    engine: Any = engine_pb2_grpc.EngineStub(grpc.aio.insecure_channel(address))

    async def log(severity: Any, message: str, urn: str, passing: bool) -> None:
        await engine.Log(engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=passing))

    return log


async def _serve(make: Callable[[Log], StandIn], engine: str) -> None:
    server = grpc.aio.server(options=_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(make(_engine_log(engine)), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    end_at_interrupt()
    print(port, flush=True)
    await server.wait_for_termination()


def main(make: Callable[[Log], StandIn]) -> None:
    """Serve a stand-in to the engine at the address in the program's first argument, until the engine ends."""
    end_with_parent()
    parser = argparse.ArgumentParser(description="a stand-in for a Pulumi provider plugin, started by the engine")
    parser.add_argument("engine", help="the engine's address")
    asyncio.run(_serve(make, parser.parse_known_args()[0].engine))
