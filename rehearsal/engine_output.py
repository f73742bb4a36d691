"""What the engine prints during `make lab`, each message once and in few lines.

A plain preview followed by an up prints every resource three times, every message several times and the outputs twice.
Here the preview prints its messages and its summary; the up prints each resource when it is done, messages that the
preview did not have, the outputs' names, and its summary.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

WIDTH = 118
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
HEADING = re.compile(r"[A-Z][A-Za-z ]*:")
DONE = re.compile(r"\b(created|updated|deleted|replaced|failed)\b")
MESSAGE = re.compile(r"\b(warning|error|info|debug): ")
SOURCE = re.compile(r"  \S.*:")
"""The line above a resource's messages in the section `Diagnostics`."""

OUTPUT = re.compile(r"    (\w+) *: ")
ADDED = re.compile(r" +\+ (\S.*)")
INTERNAL = re.compile(r"pulumi-python:dynamic:Resource|pulumi:providers:")
"""Resources that change nothing outside the state."""


@dataclass
class EngineOutput:
    """The lines of several runs of the engine; `printed` are the messages that were printed so far."""

    printed: set[str] = field(default_factory=set)

    def of_preview(self, lines: Iterable[str]) -> Iterator[str]:
        """A preview without its rows, which the up prints, and without its outputs, which are not known yet."""
        yield from joined(self._chosen(lines, done=False))

    def of_up(self, lines: Iterable[str]) -> Iterator[str]:
        """An up with a row for each resource that is done, and with the outputs' names."""
        yield from self._chosen(lines, done=True)

    def _chosen(self, lines: Iterable[str], *, done: bool) -> Iterator[str]:
        section, source = "", ""
        values: list[str] = []
        for line in lines:
            plain = ESCAPES.sub("", line).rstrip()
            if HEADING.fullmatch(plain):
                yield from named(values)
                values, section = [], plain.removesuffix(":")
                if section not in ("Diagnostics", "Outputs"):
                    yield line
            elif not plain:
                continue
            elif section == "Diagnostics":
                if SOURCE.fullmatch(plain):
                    source = line
                elif plain not in self.printed:
                    self.printed.add(plain)
                    yield from [source, line] if source else [line]
                    source = ""
            elif section == "Outputs":
                values += [plain] if done else []
            elif section or not plain.startswith(("@", " ", "+", "-", "~")):
                yield line
            elif done and DONE.search(plain) and not MESSAGE.search(plain) and not INTERNAL.search(plain):
                yield line.rstrip()
        yield from named(values)


def joined(lines: Iterable[str]) -> Iterator[str]:
    """Lines with consecutive additions in one list; `    + user A` and `    + user B` become `    + user A, user B`."""
    held = ""
    for line in lines:
        plain = ESCAPES.sub("", line).rstrip()
        added = ADDED.fullmatch(plain)
        if added and held and len(held) + len(added[1]) + 2 <= WIDTH:
            held += f", {added[1]}"
            continue
        if held:
            yield held
        held = plain if added and plain.startswith("    + ") else ""
        if not held:
            yield line
    if held:
        yield held


def named(lines: Iterable[str]) -> Iterator[str]:
    """The section `Outputs` as a list of names, at the width of a terminal; their values are one command away."""
    names = [found[1] for line in lines if (found := OUTPUT.match(line))]
    if names:
        yield "Outputs, for `pulumi stack output NAME`:"
        yield from textwrap.wrap(", ".join(names), WIDTH, initial_indent="    ", subsequent_indent="    ")
