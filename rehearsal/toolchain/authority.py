"""An ACME authority for the lab, Let's Encrypt's Pebble, built with Go from the pinned module."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from .cache import Report, alone, cache

PIN = Path(__file__).with_name("authority")
PACKAGE = "github.com/letsencrypt/pebble/v2/cmd/pebble"
SECONDS = 600


class AuthorityMissingError(Exception):
    """No authority is available; the text says why and what to do."""


def built() -> Path:
    """The place in the cache for the program built from exactly this go.mod and go.sum, whether or not it exists."""
    digest = hashlib.sha256((PIN / "go.mod").read_bytes() + (PIN / "go.sum").read_bytes()).hexdigest()
    return cache() / "authority" / digest[:12] / "pebble"


def ensure(report: Report) -> Path:
    """The authority's program, built once, which takes a minute; raises AuthorityMissingError."""
    target = built()
    with alone(report):
        if not target.exists():
            _build(target, report)
    return target


def _build(target: Path, report: Report) -> None:
    go = shutil.which("go")
    if go is None:
        raise AuthorityMissingError(
            "the ACME authority is built here, and `go` is not on PATH; install Go 1.25 or newer"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    report(f"authority: building Pebble with {go}, once")
    made = target.with_name("pebble.partial")
    env = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    line = [go, "build", "-o", str(made), PACKAGE]
    done = subprocess.run(line, cwd=PIN, env=env, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        words = " / ".join(done.stderr.splitlines()[-3:])
        raise AuthorityMissingError(f"`go build` of the ACME authority failed ({words}); Go 1.25 or newer is needed")
    made.rename(target)
