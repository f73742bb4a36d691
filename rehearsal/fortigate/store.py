"""The box's configuration on disk: `config.json` in the state folder, replaced atomically."""

from __future__ import annotations

import json
import os
from pathlib import Path

from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.initial import box_of, initial

NAME = "config.json"


def load(folder: Path) -> StandIn:
    """The last saved configuration, or the initial one."""
    file = folder / NAME
    if not file.exists():
        return initial()
    saved = json.loads(file.read_text())
    return box_of(saved["version"], saved["tables"])


def save(folder: Path, box: StandIn) -> None:
    """Write the configuration, readable only by the owner; a crash leaves the old or the new one."""
    rows = {path: ",\n".join(entry.text for entry in entries) for path, entries in box.tables.items()}
    tables = ",\n".join(f"{json.dumps(path)}: [\n{text}\n]" for path, text in rows.items())
    text = f'{{"version": {json.dumps(box.version)}, "tables": {{\n{tables}\n}}}}\n'
    partial = folder / f"{NAME}.partial"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(folder / NAME)
