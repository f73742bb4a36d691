"""The engine's protocol files, without the SDK around them.

`pulumi.runtime.proto` is generated code that needs nothing else, but importing it runs the whole SDK first, which takes
four times as long as everything else in a stand-in, and every engine run starts several of them. So the two outer
packages are empty ones while the protocol files load, unless the SDK is loaded already.
"""

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType


def _empty(name: str, place: Path) -> ModuleType:
    module = ModuleType(name)
    module.__path__ = [str(place)]
    return module


def _load() -> None:
    """Load the protocol files; then remove the empty packages, so that importing the SDK itself works as usual."""
    spec = None if "pulumi" in sys.modules else find_spec("pulumi")
    if spec is None or not spec.submodule_search_locations:
        return
    home = Path(spec.submodule_search_locations[0])
    outer = {"pulumi": _empty("pulumi", home), "pulumi.runtime": _empty("pulumi.runtime", home / "runtime")}
    sys.modules.update(outer)
    try:
        importlib.import_module("pulumi.runtime.proto")
        # The package does not load this one itself, so that taking it from there would load the SDK.
        importlib.import_module("pulumi.runtime.proto.status_pb2")
    finally:
        for name in outer:
            del sys.modules[name]


_load()

from pulumi.runtime.proto import (  # noqa: E402  (only quick from here on)
    engine_pb2,
    engine_pb2_grpc,
    language_pb2,
    language_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "language_pb2",
    "language_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "status_pb2",
]
