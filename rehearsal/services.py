"""The servers of the light machines: name servers, pages and the FortiGate's stand-in."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from rehearsal import guest_paths, names, network, nsenter, pages, process, values
from rehearsal.places import PROJECT


@dataclass(frozen=True)
class Service:
    """A long-running program on a machine, and the TCP address at which it answers."""

    name: str
    machine: str
    command: tuple[str, ...]
    answers: tuple[str, int]

    @property
    def pid(self) -> Path:
        """The file with the number of its process."""
        return guest_paths.PIDS / self.name

    @property
    def log(self) -> Path:
        """Its output."""
        return guest_paths.LOGS / f"{self.name}.log"

    @property
    def alive(self) -> bool:
        """Whether it is running; to be called inside the rehearsal."""
        return process.noted(self.pid) is not None


def _named(name: str, address: str) -> Service:
    # In the foreground, its messages on stderr; one thread serves a lab.
    command = ("named", "-f", "-g", "-4", "-n", "1", "-c", str(guest_paths.RUN / "names" / name / "named.conf"))
    return Service(f"named-{name}", "names", command, (address, 53))


def _knot() -> Service:
    command = ("knotd", "-c", str(guest_paths.RUN / "names" / "knot" / "knot.conf"))
    return Service("knot", "names", command, (network.KNOT, 53))


def _page(page: str, machine: str, address: str, port: int) -> Service:
    return Service(page, machine, (sys.executable, pages.__file__, page, address, str(port)), (address, port))


def services() -> list[Service]:
    """All of them; the VPN host's are started by its systemd."""
    box = (sys.executable, "-m", "rehearsal.fortigate", "--state", str(guest_paths.FORTIGATE))
    return [
        _named("root", network.ROOT),
        _named("primary", network.PRIMARY),
        _named("resolver", network.RESOLVER),
        _knot(),
        _page("whoami", "internet", network.WHOAMI, 80),
        _page("portal", "workstation", network.WORKSTATION, network.PORTAL_PORT),
        Service("fortigate", "fortigate", box, (network.FORTIGATE, 443)),
    ]


def ensure(state: Path) -> list[str]:
    """Start those that are not running and return their names."""
    for folder in (guest_paths.PIDS, guest_paths.LOGS):
        folder.mkdir(parents=True, exist_ok=True)
    if not (guest_paths.RUN / "names").exists():
        names.place(guest_paths.RUN / "names", values.read(state)["dnsKey"])
    path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    dead = [service for service in services() if not service.alive]
    for service in dead:
        pid = nsenter.spawn(service.machine, service.command, service.log, {"PYTHONPATH": path})
        service.pid.write_text(str(pid))
    return [service.name for service in dead]
