"""Paths as the processes of the rehearsal see them, on the fresh /run that ends with it."""

from __future__ import annotations

from pathlib import Path

RUN = Path("/run/labvpn")
LOGS = RUN / "log"
PIDS = RUN / "pid"
FORTIGATE = RUN / "fortigate"
SERVER = RUN / "server"
"""The first VPN host's folder; the second one has its own beside it."""
IMAGE = SERVER / "image"
