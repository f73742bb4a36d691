"""What goes wrong on the FortiGate while it is changed, in words: refusals, and minutes without an answer."""

from __future__ import annotations

import asyncio
import threading

import pulumi
from pulumi.runtime.proto.resource_pb2 import RESOURCE_MONITOR_FEATURE_ERROR_HOOKS
from pulumi.runtime.proto.resource_pb2_grpc import ResourceMonitorStub
from pulumi.runtime.settings import get_monitor, monitor_supports_feature

from labvpn.connect import fortigate as api
from labvpn.connect.errors import HopError
from labvpn.model.fortigate import FortiGate as Settings
from labvpn.plan.fortigate.error_text import refusal_text, waiting


def explained(name: str, host: str) -> pulumi.ResourceHookBinding | None:
    """Hooks that explain why the FortiGate refused something; None where the engine takes none, as mocks do."""
    return pulumi.ResourceHookBinding(on_error=[Refusals(name, host)]) if takes_hooks() else None


def takes_hooks() -> bool:
    """Whether the engine calls hooks on errors."""
    engine = isinstance(get_monitor(), ResourceMonitorStub)
    return engine and monitor_supports_feature(RESOURCE_MONITOR_FEATURE_ERROR_HOOKS)


class Refusals(pulumi.ErrorHook):
    """Explains why the FortiGate refused something, each cause once; the run then fails as it would anyway."""

    def __init__(self, name: str, host: str) -> None:
        super().__init__(name, self._say)
        self._host, self._said = host, set[str]()

    def _say(self, failure: pulumi.ErrorHookArgs) -> bool:
        inputs = failure.new_inputs or failure.old_inputs or {}
        sentence = refusal_text(self._host, str(inputs.get("name", failure.name)), failure.errors[0])
        cause = sentence.partition(", at ")[0]
        if cause not in self._said:
            self._said.add(cause)
            pulumi.log.error(sentence)
        return False


def watch(settings: Settings, token: str, ca: str) -> None:
    """Warn when the FortiGate stops answering during a run: the provider itself waits silently for minutes."""

    def ask() -> None:
        try:
            asyncio.run(api.keeps_answering(settings, token, ca))
        except HopError as error:
            pulumi.log.warn(waiting(str(error)))

    threading.Thread(target=ask, name="fortigate", daemon=True).start()
