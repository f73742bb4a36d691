"""The engine built with Go from the pinned module, if the official download is not available."""

import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from .cache import Report, cache, session

PIN = Path(__file__).with_name("engine")
PACKAGE = "github.com/pulumi/pulumi/pkg/v3"
# Set by the linker, as in the official build; without it `pulumi version` prints nothing.
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
LIMIT = 45 * 60.0
STEP = 20.0


class EngineMissingError(Exception):
    """No engine is available; the text says why and what to do."""


def pinned_version(pin: Path = PIN) -> str:
    """The version of the engine that go.mod requires, as `v3.259.0`."""
    found = re.search(rf"^\s*{re.escape(PACKAGE)} (v\S+)", (pin / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise EngineMissingError(f"{pin / 'go.mod'} does not require {PACKAGE}; put that line back")
    return found[1]


def built(pin: Path = PIN) -> Path:
    """The place in the cache for the engine built from exactly this go.mod and go.sum, whether or not it exists."""
    digest = hashlib.sha256((pin / "go.mod").read_bytes() + (pin / "go.sum").read_bytes()).hexdigest()
    return cache() / "engine" / f"{pinned_version(pin)}-{digest[:12]}" / "pulumi"


def build(report: Report, pin: Path = PIN) -> Path:
    """Build the engine into the cache and return it; an interrupted build leaves none there."""
    go = shutil.which("go")
    if go is None:
        raise EngineMissingError(
            "the Pulumi engine can be neither downloaded nor built here, since `go` is not on PATH; "
            "install Go 1.25.11 or newer, or Pulumi 3.216 or newer, and run this again"
        )
    target = built(pin)
    target.parent.mkdir(parents=True, exist_ok=True)
    report(f"engine: building {pinned_version(pin)} with {go}, once; this takes four to ten minutes on two cores")
    made = target.with_name("pulumi.partial")
    _compile(go, made, pin, report)
    made.rename(target)
    return target


def _compile(go: str, made: Path, pin: Path, report: Report) -> None:
    """Run `go build`; raises EngineMissingError with the end of go's output if it fails."""
    stamp = f"-X {VERSION_VARIABLE}={pinned_version(pin)}"
    command = [go, "build", "-v", "-ldflags", stamp, "-o", str(made), f"{PACKAGE}/cmd/pulumi"]
    # A user's settings for other projects must not affect this build.
    env = {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    log = made.with_name("build.log")
    with log.open("w") as output, session(command, output, pin, env) as child:
        status = _watch(child, log, report)
    if status != 0:
        words = " / ".join(log.read_text(errors="replace").splitlines()[-3:])
        raise EngineMissingError(f"`go build` of the Pulumi engine failed ({words}); Go 1.25.11 or newer is needed")


def _watch(child: "subprocess.Popen[str]", log: Path, report: Report) -> int | None:
    """Wait for the build and report its progress; returns its exit status, or None if LIMIT ended it."""
    began = time.monotonic()
    while (elapsed := time.monotonic() - began) < LIMIT:
        try:
            status = child.wait(STEP)
        except subprocess.TimeoutExpired:
            lines = log.read_text(errors="replace").count("\n")
            report(f"engine: {lines} packages fetched or compiled, {time.monotonic() - began:.0f} s")
        else:
            report(f"engine: `go build` ended after {time.monotonic() - began:.0f} s")
            return status
    log.write_text(f"not finished after {elapsed:.0f} s\n")
    return None
