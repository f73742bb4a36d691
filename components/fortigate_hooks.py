"""What the FortiGate refuses while it is changed, in words."""

from __future__ import annotations

import pulumi
from pulumi.runtime.proto.resource_pb2 import RESOURCE_MONITOR_FEATURE_ERROR_HOOKS
from pulumi.runtime.proto.resource_pb2_grpc import ResourceMonitorStub
from pulumi.runtime.settings import get_monitor, monitor_supports_feature

from labvpn.model.untrusted import for_engine, plain
from labvpn.plan.fortigate.error_text import refusal_text


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
            pulumi.log.error(for_engine(plain(sentence)))
        return False
