"""A file is replaced in one step, with the mode and the owner that it has; no draft of ours is in another's place."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def replace_file(file: Path, data: bytes, mode: int | None = None) -> None:
    """Replace a file, or make it: with `mode`, else as it was, else as new files are. OSError leaves the old one."""
    place = file.resolve()  # a link to the file stays one
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(handle)
        before = place.stat() if place.exists() else None
        if before is not None:
            # Whoever runs this as root leaves the file to its owner.
            with suppress(PermissionError):
                os.chown(draft, before.st_uid, before.st_gid)
        draft.chmod(mode or (before.st_mode & 0o7777 if before else 0o666 & ~_umask()))
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
