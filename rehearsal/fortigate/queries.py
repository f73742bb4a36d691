"""FortiOS's query parameters `filter` and `format` over a list of results."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rehearsal.fortigate.refusals import Refused

Body = dict[str, Any]

_FILTER = re.compile(r"(?P<field>[a-z0-9-]+)(?P<operator>==|!=|=@|!@)(?P<pattern>.*)", re.DOTALL)
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "==": lambda value, pattern: value == pattern,
    "!=": lambda value, pattern: value != pattern,
    "=@": lambda value, pattern: pattern in value,
    "!@": lambda value, pattern: pattern not in value,
}


def filtered(results: list[Body], filters: list[str]) -> list[Body]:
    """The results that match every filter; alternatives within one are separated by commas."""
    return [body for body in results if all(any(_meets(body, each) for each in text.split(",")) for text in filters)]


def formatted(results: list[Body], fields: str) -> list[Body]:
    """The results with only the fields in `format`, separated by `|`; all fields if it is empty."""
    wanted = {field for field in fields.split("|") if field} | {"q_origin_key"}
    return [{key: body[key] for key in body if key in wanted} for body in results] if fields else results


def _meets(body: Body, text: str) -> bool:
    parsed = _FILTER.fullmatch(text)
    if not parsed:
        raise Refused(400, cli_error=f"filter '{text}' is not supported")
    return _OPERATORS[parsed["operator"]](str(body.get(parsed["field"], "")), parsed["pattern"])
