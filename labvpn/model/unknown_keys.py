"""Keys of the configuration that nothing reads, and what is meant by them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any

from labvpn.model.credentials import Credentials
from labvpn.model.keys import PUBLIC
from labvpn.model.lab import Lab
from labvpn.model.places import names
from labvpn.model.problems import Problem
from labvpn.model.wording import nearest

NOT_KEYS = frozenset({"users", "mayRemove", "passwords.version"})
"""Parts of the settings that are not at the top of the configuration."""

KNOWN = tuple(key for key in ("users", *names(Lab), *names(Credentials)) if key not in NOT_KEYS - {"users"})

OTHERS = frozenset(
    {"pulumi", "fortios", "command", "aws", "azure", "azure-native", "gcp", "google-native", "kubernetes"}
)
"""Known names: Pulumi's own, and its providers'."""


def unknown_keys(project: str, everything: Mapping[str, Any]) -> tuple[list[str], list[Problem]]:
    """Misspelt keys of ours, ours below another name, and ours set as a path: those that are meant, and why not."""
    meant, problems = list[str](), list[Problem]()
    for whole, value in sorted(everything.items()):
        space, _, key = whole.rpartition(":")
        top = re.split(r"[.\[]", key)[0]
        near = top if top in KNOWN else nearest(key, KNOWN)
        if space == project and key not in KNOWN:
            why, remedy = "there is no such setting, so it would have no effect", _remedy(project, key, top, near)
        elif space != project and _is_meant_for(project, space, key, value):
            why, remedy = f"is not read, since the project is {project}", f"did you mean '{project}:{near or key}'?"
        else:
            continue
        meant.append(near or key)
        problems.append(Problem(whole, f"{why}; {remedy}"))
    return meant, problems


def _remedy(project: str, key: str, top: str, near: str | None) -> str:
    if top == near != key:
        secret = "--secret " if top in {*names(Credentials)} - PUBLIC else ""
        remove = f"pulumi config rm {quote(f'{project}:{key}')}"
        return (
            f"set it below {top} by --path (pulumi config set {secret}--path {quote(key)}), and remove this: {remove}"
        )
    return f"did you mean '{project}:{near}'?" if near else f"remove it; known here: {', '.join(KNOWN)}"


def one_level_too_deep(project: str, everything: Mapping[str, Any]) -> Iterator[Problem]:
    """A block below the project's own name that holds the settings: whatever is then missing is in there."""
    for whole, value in sorted(everything.items()):
        space, _, key = whole.rpartition(":")
        inside = _block(value).keys() & {*KNOWN} if space == project and key in (project, "config") else ()
        if inside:
            first = next(name for name in KNOWN if name in inside)
            why = f"holds the settings, such as {first}, one level too deep"
            yield Problem(whole, f"{why}; write each below `config:` as `{project}:{first}:`, and so on")


def _block(value: Any) -> dict[str, Any]:
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_meant_for(project: str, space: str, key: str, value: Any) -> bool:
    """Whether a key below another name is one of ours; Pulumi's own and providers' names are left alone."""
    if space in OTHERS:
        return False
    block = isinstance(value, str) and value.lstrip().startswith(("{", "["))
    return nearest(space, [project]) is not None or (block and key in names(Lab))
