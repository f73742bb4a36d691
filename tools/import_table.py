"""The table of docs/design.md that says who may import whom, from ALLOWED of tests/test_architecture.py.

Alone it prints the table; with `--write` it puts it into docs/design.md.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
DOCUMENT = PROJECT / "docs/design.md"
HEADER = "| part | may import of ours | third parties |\n|---|---|---|\n"

Rows = Mapping[str, tuple[set[str], set[str]]]


def table(allowed: Rows) -> str:
    """The whole table, a row for each part in the order of `allowed`."""
    rows = (f"| `{part}` | {_cell(ours)} | {_cell(others)} |\n" for part, (ours, others) in allowed.items())
    return HEADER + "".join(rows)


def replaced(text: str, allowed: Rows) -> str:
    """A document with its table as `allowed` has it."""
    before, _, rest = text.partition(HEADER)
    after = rest.splitlines(keepends=True)
    while after and after[0].startswith("|"):
        del after[0]
    return before + table(allowed) + "".join(after)


def _cell(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"


def main() -> None:
    """Print the table, or write it."""
    sys.path.insert(0, str(PROJECT))
    from tests.test_architecture import ALLOWED

    if sys.argv[1:] == ["--write"]:
        DOCUMENT.write_text(replaced(DOCUMENT.read_text(), ALLOWED))
    else:
        print(table(ALLOWED), end="")


if __name__ == "__main__":
    main()
