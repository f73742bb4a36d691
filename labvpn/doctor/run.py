"""One run of the probe: the name, this machine and every other vantage point, all at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from labvpn.doctor import names, report, vantage, views
from labvpn.doctor.names import Resolution
from labvpn.doctor.report import Report
from labvpn.doctor.targets import TargetError, Targets
from labvpn.doctor.vantage import Vantage
from labvpn.doctor.views import PLACES, View


def place(text: str) -> str:
    """A place where a vantage point can stand; raises TargetError."""
    if text not in PLACES:
        raise TargetError(f"--here: {text!r} is no place; write one of {', '.join(PLACES)}")
    return text


def probe(wanted: Targets, here: str, there: Sequence[Vantage], resolver: str | None = None) -> Report:
    """Probe from this machine, which stands `here`, and from every vantage point `there`; raises TargetError."""
    began, clock = time.time(), time.monotonic()
    address = wanted.address
    resolution: Resolution | None = None
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(names.resolve, wanted.name, resolver) if wanted.name else None
        if address is None:
            # Only the name leads to the address: everything waits for it.
            resolution = asked.result() if asked else None
            address = resolution.address if resolution else wanted.host
        seen = _views(pool, wanted, address, here, there) if address else ()
        resolution = asked.result() if asked else None
    return report.report(wanted, address or "", seen, resolution, began, time.monotonic() - clock)


def _views(
    pool: ThreadPoolExecutor, wanted: Targets, address: str, here: str, there: Sequence[Vantage]
) -> tuple[View, ...]:
    away = [pool.submit(vantage.look, point, wanted, address) for point in there]
    own = views.look("here", here, address, (*wanted.opened, *wanted.closed), wanted.name)
    return (own, *(view.result() for view in away))
