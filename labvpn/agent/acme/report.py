"""How the renewal goes, as it is written down on the host: for the preview, the check and the status."""

import time
from typing import Any, Dict, List, Optional

from labvpn.agent.acme.orders import orders_file
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import ACME_REPORT
from labvpn.agent.core.state_file import StateFile, is_number

LATE = 2 * 24 * 3600
"""Seconds without a run after which its timer is missed; it runs four times a day."""


TIMES = ("begins", "ends", "next", "renewed", "since", "tried")


def is_report(value: Any) -> bool:
    """Whether a value is what the runs of the renewal write down."""
    return isinstance(value, dict) and all(is_number(value.get(name) or 0) for name in TIMES)


class RenewalReport:
    """What the runs of the renewal wrote down."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.file = StateFile(machine, ACME_REPORT, "delete it; the next run writes it again", is_report)

    def read(self) -> Dict[str, Any]:
        """What was written down; a damaged file counts as none, since every run writes it again."""
        return dict(self.file.read_unchecked() or {})

    def note(self, **news: Any) -> None:
        """Write something down."""
        self.file.write(dict(self.read(), **news))

    @property
    def ordered(self) -> bool:
        """Whether this host renews its certificate by itself."""
        return orders_file(self.machine).read_unchecked() is not None

    def status(self) -> Optional[Dict[str, Any]]:
        """How the renewal goes, times in seconds since 1970 (0: never); None where none was ordered."""
        if not self.ordered:
            return None
        report = self.read()
        times = {name: float(report.get(name) or 0) for name in ("renewed", "next", "tried", "since")}
        trouble = "; ".join(self.warnings(time.time()))
        return dict(
            times, authority=str(report.get("directory") or ""), by=str(report.get("by") or ""), trouble=trouble
        )

    def warnings(self, now: float) -> List[str]:
        """That the certificate is not being renewed, in words; nothing where none was ordered."""
        if not self.ordered:
            return []
        report = self.read()
        left = report.get("left")
        return self.of_runs(report, now) + (
            ["a challenge's record is left in the zone: {}".format(left)] if left else []
        )

    def of_runs(self, report: Dict[str, Any], now: float) -> List[str]:
        """What is wrong with the runs themselves."""
        if report.get("failed"):
            return [
                "the certificate has not been renewed since {}: {}; {}".format(
                    day(report["since"]), report["failed"], valid(report.get("ends"))
                )
            ]
        if now - float(report.get("tried") or 0) > LATE:
            return ["the renewal of the certificate does not run: see `systemctl status labvpn-renew.timer` there"]
        return []

    def notes(self) -> List[str]:
        """When it was renewed, until when it is valid and when it is renewed next."""
        report = self.read()
        if not report.get("renewed") or not self.ordered:
            return []
        return [
            "certificate of {}: renewed {}, {}, next renewal about {}".format(
                report.get("directory"), day(report["renewed"]), valid(report.get("ends")), day(report.get("next"))
            )
        ]


def valid(ends: Optional[float]) -> str:
    """Until when a certificate is valid, in words."""
    return "valid until {}".format(day(ends)) if ends else "the server shows another one until then"


def day(moment: Any) -> str:
    """A moment as its day in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(float(moment or 0)))
