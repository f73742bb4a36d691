"""One run of the probe: the name, this machine and every other vantage point, all at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from labvpn.doctor import names, report, vantage, views
from labvpn.doctor.report import Report
from labvpn.doctor.targets import TargetError, Targets
from labvpn.doctor.vantage import Vantage
from labvpn.doctor.views import PLACES, View

NOWHERE = "none"


def place(text: str, there: Sequence[Vantage]) -> str:
    """Where this machine stands, or NOWHERE if it only asks the vantage points `there`; raises TargetError."""
    if text not in (*PLACES, NOWHERE):
        raise TargetError(f"--here: {text!r} is no place; write one of {', '.join(PLACES)} or {NOWHERE}")
    if text == NOWHERE and not there:
        raise TargetError(f"--here {NOWHERE}: then somebody else must probe; name a vantage point with --vantage")
    return text


def probe(wanted: Targets, here: str, there: Sequence[Vantage], resolver: str | None = None) -> Report:
    """Probe from this machine, which stands `here`, and from every vantage point `there`."""
    began, clock = time.time(), time.monotonic()
    with ThreadPoolExecutor(max_workers=len(there) + 2) as pool:
        asks = here != NOWHERE or not wanted.address
        asked = pool.submit(names.resolve, wanted.name, resolver) if wanted.name and asks else None
        # Where only the name leads to the address, everything waits for it.
        address = wanted.address or (asked.result().address if asked else wanted.host)
        seen = _views(pool, wanted, address, here, there) if address else ()
        resolution = asked.result() if asked else None
    return report.report(wanted, address or "", seen, resolution, began, time.monotonic() - clock)


def _views(
    pool: ThreadPoolExecutor, wanted: Targets, address: str, here: str, there: Sequence[Vantage]
) -> tuple[View, ...]:
    away = [pool.submit(vantage.look, point, wanted, address) for point in there]
    own = () if here == NOWHERE else (views.look("here", here, address, wanted),)
    return (*own, *(view.result() for view in away))
