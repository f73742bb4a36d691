"""FortiOS's error answers: HTTP status, error number and the command line's text."""

from __future__ import annotations

ENTRY_NOT_FOUND, DUPLICATE, IN_USE = -3, -5, -23
INVALID_LENGTH, NOT_PERMITTED, EMPTY_VALUE, INVALID_VALUE = -1, -37, -56, -651
"""Numbers of the FortiOS REST API's error table."""


class Refused(Exception):
    """A request that the box refuses; `error` and `cli_error` are in the answer's body."""

    def __init__(self, http_status: int, error: int | None = None, cli_error: str = "") -> None:
        super().__init__(cli_error or f"HTTP status {http_status}")
        self.http_status = http_status
        self.error = error
        self.cli_error = cli_error


def missing(path: str, key: object) -> Refused:
    """The entry that the request names does not exist."""
    return Refused(404, ENTRY_NOT_FOUND, f"entry '{key}' not found in table {path}")


def duplicate(path: str, key: object) -> Refused:
    """Another entry of the table has the same key, or another policy the same name."""
    return Refused(500, DUPLICATE, f"entry '{key}' of table {path} exists already")


def in_use(key: object, users: list[str]) -> Refused:
    """The entry cannot be deleted while others reference it."""
    return Refused(500, IN_USE, f"entry '{key}' is used by: {', '.join(users)}")


def not_in_datasource(field: str, name: str, http_status: int) -> Refused:
    """A field references an object that does not exist."""
    text = f"entry not found in datasource\nvalue parse error before '{name}' in {field}"
    return Refused(http_status, ENTRY_NOT_FOUND, text)


def too_long(field: str, limit: object) -> Refused:
    """A value is longer than FortiOS keeps."""
    return Refused(500, INVALID_LENGTH, f"{field}: string exceeds the limit of {limit} characters")


def empty(field: str) -> Refused:
    """A field that must be given is missing or empty."""
    return Refused(500, EMPTY_VALUE, f"{field}: empty values are not allowed")


def invalid(field: str, reason: str) -> Refused:
    """An invalid value for the field, or one that this stand-in does not enforce."""
    return Refused(500, INVALID_VALUE, f"{field}: {reason}\nCommand fail. Return code -651")
