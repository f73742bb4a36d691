"""Every system that a VPN host can have, and every way in which SoftEther comes onto it: the tests of each, in turn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from rehearsal import images, places
from rehearsal.soak.lab import Lab
from rehearsal.soak.trial import Outcome, Trial

WAYS = ("package", "tarball", "present")
TESTS, OWN_TESTS = "tests/rehearsal/test_hosts.py", ("tests/rehearsal/test_lab.py", "tests/rehearsal/test_archive.py")
"""Those of the other systems, and those of Debian 12."""

SECONDS = 3600


def trials(lab: Lab, seed: int) -> Iterator[Trial]:
    """One trial for each system and way; Debian 13 has no package."""
    for system in images.HOSTS:
        for way in WAYS:
            if system != "debian-12" and (system, way) != ("debian-13", "package"):
                yield Trial(f"{system} with install: {way}", partial(_run, [TESTS, "-k", f"{system}-{way}"]))
    yield Trial("debian-12", partial(_run, list(OWN_TESTS)))


def _run(words: list[str]) -> Outcome:
    """Run tests on machines of their own; a row that was skipped has failed, since nothing was tried."""
    line = [sys.executable, "-m", "pytest", "-q", "-rsf", *words]
    environment = {**os.environ, "LABVPN_MATRIX": "1"}
    done = subprocess.run(line, cwd=places.PROJECT, env=environment, capture_output=True, text=True, timeout=SECONDS)
    kept = done.returncode == 0 and " passed" in done.stdout
    complaints = [one for one in done.stdout.splitlines() if one.startswith(("FAILED", "ERROR", "SKIPPED"))]
    return Outcome(found=int(kept), repaired=int(kept), complaints=() if kept else (*complaints, done.stdout[-500:]))
