"""Paths as the rehearsal's processes see them, on its own /run."""

from __future__ import annotations

from pathlib import Path

RUN = Path("/run/labvpn")
LOGS = RUN / "log"
PIDS = RUN / "pid"
FORTIGATE = RUN / "fortigate"
SERVER = RUN / "server"
"""The first VPN host's folder; the second one has its own beside it."""
IMAGE = SERVER / "image"
