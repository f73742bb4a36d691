"""The licences of all pinned Python packages as a table, and those that are not approved.

It rewrites docs/licences.md; with `--check` it only compares. Exit status: 1 if a licence is not approved below, or the
table is out of date.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TABLE = PROJECT / "docs/licences.md"
LOCKS = ("requirements.lock", "tools/uv.lock", "tools/pulumiverse.lock")

AGREED = {
    *("Apache-2.0", "MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "PSF-2.0"),
    # Copyleft by file: these packages are used as they are, none is changed or copied into this project.
    *("MPL-2.0", "EPL-2.0"),
}
"""Licences under which a package may be used beside a project under Apache-2.0 (SPDX identifiers)."""

OTHERWISE = {
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Names used by packages from before SPDX identifiers."""

HEAD = """\
# Licences

This project is under the Apache License 2.0 ([LICENSE](../LICENSE)). These are the packages that
`requirements.lock`, `tools/uv.lock` and `tools/pulumiverse.lock` pin, each with its own licence as
the package states it. `make licences` writes the table again, and a test fails on a package whose
licence is none of those agreed to in `tools/licences.py`. Where a package offers a choice, the
agreed one is taken (`asyncssh`: EPL-2.0). None is copied into this project.

What runs beside it as a program of its own, and is neither copied nor linked: Pulumi's engine and
its plugins `command` and `terraform-provider` or `fortios` (Apache-2.0), Fortinet's provider
(MPL-2.0), SoftEther VPN (Apache-2.0), firewalld (GPL-2.0-or-later), BIND (MPL-2.0).

| package | version | licence |
|---|---|---|
"""


def main(words: list[str]) -> int:
    """Write the table, or compare it."""
    text, strange = table()
    for line in strange:
        print(f"licences: {line}; use another package, or approve it in tools/licences.py", file=sys.stderr)
    if "--check" not in words:
        TABLE.write_text(text)
    elif TABLE.read_text() != text:
        print("licences: docs/licences.md is out of date; run `make licences`", file=sys.stderr)
        return 1
    return 1 if strange else 0


def table() -> tuple[str, list[str]]:
    """The whole page, and the packages whose licence is not approved."""
    there = {_folded(each.metadata["Name"]): each for each in distributions()}
    rows, strange = list[str](), list[str]()
    for name, version in sorted(pinned().items()):
        # A package that only other systems need is not installed here.
        if (package := there.get(name)) is None:
            continue
        licence = licence_of(package)
        rows.append(f"| {name} | {version} | {licence} |")
        if not is_agreed(licence):
            strange.append(f"{name} {version} is under '{licence}'")
    return HEAD + "\n".join(rows) + "\n", strange


def pinned() -> dict[str, str]:
    """Every pinned package with its version."""
    lines = [line for lock in LOCKS for line in (PROJECT / lock).read_text().splitlines()]
    found = [re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;]+)", line) for line in lines]
    return {_folded(each[1]): each[2] for each in found if each}


def licence_of(package: Distribution) -> str:
    """A package's licence as an SPDX expression, or as the package states it."""
    said = package.metadata
    classifiers = [
        each.rpartition(" :: ")[2] for each in said.get_all("Classifier") or [] if each.startswith("License")
    ]
    stated = said.get("License-Expression") or said.get("License") or next(iter(classifiers), "not stated")
    return OTHERWISE.get(stated.strip(), stated.strip().splitlines()[0])


def is_agreed(licence: str) -> bool:
    """Whether an expression can be satisfied by approved licences: all of an AND, one of an OR."""
    plain = licence.strip("()")
    return any(all(part.strip(" ()") in AGREED for part in choice.split(" AND ")) for choice in plain.split(" OR "))


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
