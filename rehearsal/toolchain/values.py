"""Property values as they travel between engine and provider, in plain Python.

A value stays in its wire form: a secret is an object with a signature, an unknown a fixed string, an asset or archive
too an object with a signature. So a secret cannot lose its mark by being passed on; only `reveal` takes marks away.
The signatures are those of Pulumi's provider protocol.
"""

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format, struct_pb2

Value = Any
Object = dict[str, Any]

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark of the protocol, not a secret
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

ADD, DELETE, UPDATE = "add", "delete", "update"


def from_wire(struct: Any) -> Object:
    """Return the properties of a protocol message; a property that is null counts as not given."""
    return {key: _without_nulls(value) for key, value in json_format.MessageToDict(struct).items() if value is not None}


def to_wire(properties: Object) -> Any:
    """Return properties as a protocol message."""
    return json_format.ParseDict(_without_nulls(properties), struct_pb2.Struct())


def _without_nulls(value: Value) -> Value:
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def signature(value: Value) -> str | None:
    """Return what makes an object special (secret, asset, archive), or None."""
    found = value.get(SIGNATURE) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def is_secret(value: Value) -> bool:
    """Say whether the value as a whole is marked secret."""
    return signature(value) == SECRET


def secret(value: Value) -> Value:
    """Mark a value as secret, once."""
    return value if is_secret(value) else {SIGNATURE: SECRET, "value": value}


def reveal(value: Value) -> Value:
    """Return the value without any mark of secrecy, at any depth."""
    if is_secret(value):
        return reveal(value["value"])
    if isinstance(value, list):
        return [reveal(item) for item in value]
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    return value


def has_unknown(value: Value) -> bool:
    """Return whether any part of the value is not known before the run."""
    if isinstance(value, list):
        return any(map(has_unknown, value))
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    return bool(value == UNKNOWN)


def changes(old: Value, new: Value, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each place where two values differ, as its path and ADD, DELETE or UPDATE; secrets count as one place."""
    if _is_plain_object(old) and _is_plain_object(new):
        for key in sorted({**old, **new}):
            yield from _change(old.get(key), new.get(key), join(path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _change(_item(old, index), _item(new, index), f"{path}[{index}]")
    elif _essence(old) != _essence(new):
        yield path, UPDATE


def _change(old: Value, new: Value, path: str) -> Iterator[tuple[str, str]]:
    if old is None and new is None:
        return
    if old is None or new is None:
        yield path, ADD if old is None else DELETE
    else:
        yield from changes(old, new, path)


def _item(items: list[Value], index: int) -> Value:
    return items[index] if index < len(items) else None


def _is_plain_object(value: Value) -> bool:
    return isinstance(value, dict) and signature(value) is None


def _essence(value: Value) -> Value:
    """Return the compared part: of an asset or archive the digest of its content, not its path."""
    if signature(value) in (ASSET, ARCHIVE) and value.get("hash"):
        return signature(value), value["hash"]
    return value


def join(path: str, key: str) -> str:
    """Return the path of a property inside the value at `path`, quoted where the engine's syntax needs it."""
    if re.search(r'[."\[\]]', key):
        quoted = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{quoted}"]'
    return f"{path}.{key}" if path else key
