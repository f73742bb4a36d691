"""SoftEther's PACK: named elements with values, as its own protocol sends them (published source, Pack.c)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

INTEGER, DATA, STRING, UNICODE, INTEGER64 = range(5)
MOST_ELEMENTS = 10_000

Value = int | bytes | str


def encoded(values: Mapping[str, Value]) -> bytes:
    """A PACK with one value for each name."""
    return struct.pack(">I", len(values)) + b"".join(_element(name, value) for name, value in values.items())


def _element(name: str, value: Value) -> bytes:
    head = struct.pack(">I", len(name) + 1) + name.encode("ascii")
    if isinstance(value, int):
        return head + struct.pack(">III", INTEGER, 1, value)
    kind, data = (DATA, value) if isinstance(value, bytes) else (STRING, value.encode())
    return head + struct.pack(">III", kind, 1, len(data)) + data


def decoded(data: bytes) -> dict[str, Value]:
    """The first value of each element, as far as the bytes are whole."""
    found: dict[str, Value] = {}
    try:
        (count,) = struct.unpack_from(">I", data)
        at = 4
        for _ in range(min(count, MOST_ELEMENTS)):
            at = _read_element(data, at, found)
    except (struct.error, ValueError):
        pass
    return found


def _read_element(data: bytes, at: int, found: dict[str, Value]) -> int:
    (size,) = struct.unpack_from(">I", data, at)
    name = _slice(data, at + 4, size - 1).decode("ascii", "replace")
    at += 3 + size
    kind, number = struct.unpack_from(">II", data, at)
    at += 8
    for index in range(min(number, MOST_ELEMENTS)):
        value, at = _read_value(data, at, kind)
        if index == 0:
            found[name] = value
    return at


def _read_value(data: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind in (INTEGER, INTEGER64):
        form = ">I" if kind == INTEGER else ">Q"
        return int(struct.unpack_from(form, data, at)[0]), at + struct.calcsize(form)
    (size,) = struct.unpack_from(">I", data, at)
    content = _slice(data, at + 4, size)
    text = content.rstrip(b"\0").decode("utf-8", "replace")
    return (content if kind == DATA else text), at + 4 + size


def _slice(data: bytes, start: int, size: int) -> bytes:
    if size < 0 or start + size > len(data):
        raise ValueError("cut short")
    return data[start : start + size]
