"""The stack's outputs, kept out of the debug messages in which Pulumi's own library would print them in clear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi


def export(outputs: Mapping[str, Any]) -> None:
    """Export every output by its name."""
    _quieten()
    for name, value in outputs.items():
        pulumi.export(name, value)


def _quieten() -> None:
    """Cut resources' properties from debug messages: `pulumi up --debug` and `--json` print those."""
    debug = pulumi.log.debug

    def without_properties(msg: str, *rest: Any, **more: Any) -> None:
        debug(msg.partition(", props=")[0], *rest, **more)

    pulumi.log.debug = without_properties
