"""What the engine prints during `make lab`, each message once.

A plain preview followed by an up prints every resource three times, every message four times and the outputs twice.
Here the preview prints its messages and its summary; the up prints each resource when it is done, messages that the
preview did not have, the outputs and its summary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
HEADING = re.compile(r"[A-Z][A-Za-z ]*:")
DONE = re.compile(r"\b(created|updated|deleted|replaced|failed)\b")
MESSAGE = re.compile(r"\b(warning|error|info|debug): ")
SOURCE = re.compile(r"  \S.*:")
"""The line above a resource's messages in the section `Diagnostics`."""


@dataclass
class EngineOutput:
    """The lines of several runs of the engine; `printed` are the messages that were printed so far."""

    printed: set[str] = field(default_factory=set)

    def of_preview(self, lines: Iterable[str]) -> Iterator[str]:
        """A preview without its rows, which the up prints, and without its outputs, which are not known yet."""
        yield from self._of(lines, rows=False, outputs=False)

    def of_up(self, lines: Iterable[str]) -> Iterator[str]:
        """An up with a row for each resource that is done, and with the outputs."""
        yield from self._of(lines, rows=True, outputs=True)

    def _of(self, lines: Iterable[str], *, rows: bool, outputs: bool) -> Iterator[str]:
        section, source = "", ""
        for line in lines:
            plain = ESCAPES.sub("", line).rstrip()
            if HEADING.fullmatch(plain):
                section = plain.removesuffix(":")
                if section != "Diagnostics" and (outputs or section != "Outputs"):
                    yield line
            elif section == "Diagnostics":
                if SOURCE.fullmatch(plain):
                    source = line
                elif plain and plain not in self.printed:
                    self.printed.add(plain)
                    yield from [source, line] if source else [line]
                    source = ""
            elif section == "Outputs":
                if outputs and plain:
                    yield line
            elif section or not plain.startswith(("@", " ", "+", "-", "~")):
                if plain:
                    yield line
            elif rows and DONE.search(plain) and not MESSAGE.search(plain):
                yield line
