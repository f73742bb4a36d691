"""Checks every pinned dependency, pip and uv against a database of advisories; reports if none can be reached.

Exit status: 0 without advisories, 1 with some, 2 if no database answered for all packages.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "tools/uv.lock", "tools/pulumiverse.lock")
DATABASES = {"pypi": "pypi.org", "osv": "osv.dev"}
SECONDS = 15
"""Time limit of one query."""

Packages = list[dict[str, Any]]


def main() -> int:
    """Query each database until one knows all packages."""
    with tempfile.TemporaryDirectory() as folder:
        program = _installed(Path(folder))
        if program is None:
            return _say(
                2, "pip-audit cannot be installed, since no package registry can be reached; run this where one can"
            )
        reasons = []
        for database, host in DATABASES.items():
            packages, reason = _asked(program, database, Path(folder) / f"{database}.json")
            if packages:
                return _report(packages, host)
            reasons.append(f"{host}: {reason}")
    remedy = f"run `make audit` where {' or '.join(DATABASES.values())} can be reached"
    return _say(2, f"no database of advisories can be asked from here ({'; '.join(reasons)}); {remedy}")


def _installed(folder: Path) -> Path | None:
    """pip-audit in its own environment, from the pinned files."""
    uv = PROJECT / ".venv/bin/uv"
    lines = [
        [uv, "venv", "-q", "--python", sys.executable, folder / "venv"],
        [uv, "pip", "install", "-q", "--require-hashes", "-r", PROJECT / "tools/audit.lock"],
    ]
    environment = {**os.environ, "VIRTUAL_ENV": str(folder / "venv")}
    for line in lines:
        if subprocess.run(line, env=environment, stderr=subprocess.DEVNULL, check=False).returncode:
            return None
    return folder / "venv/bin/pip-audit"


def _asked(program: Path, database: str, answer: Path) -> tuple[Packages, str]:
    """A database's answer for each package, or the reason why some are missing."""
    files = [word for lock in LOCKS for word in ("-r", str(PROJECT / lock))]
    line = [str(program), *files, "--disable-pip", "--require-hashes", "-s", database, "--timeout", str(SECONDS)]
    line += ["-f", "json", "-o", str(answer), "--progress-spinner", "off"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if not answer.exists():
        said = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        return [], re.sub(r".*: |[()\"']", "", said)[-100:]
    packages: Packages = json.loads(answer.read_text())["dependencies"]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        return [], f"it does not know {len(unknown)} of {len(packages)} packages, {unknown[0]} among them"
    return packages, ""


def _report(packages: Packages, host: str) -> int:
    found = [(package, advisory) for package in packages for advisory in package["vulns"]]
    for package, advisory in found:
        fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {advisory['id']}, fixed in {fixed}")
    if found:
        return _say(1, f"{len(found)} advisories for what is pinned; update them with `make lock` and test")
    return _say(0, f"{len(packages)} packages, and {host} knows no advisory for any")


def _say(status: int, sentence: str) -> int:
    print(f"audit: {sentence}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
