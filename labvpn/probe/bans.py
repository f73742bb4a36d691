"""Which vantage points the server bans: its firewall refuses them by a rule of their own. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from labvpn.probe import text
from labvpn.probe.observation import OPEN, REJECTED
from labvpn.probe.scan import VantageView
from labvpn.probe.targets import ProbedPort

_PORT_UNREACHABLE = 3
MESSAGE = "refused to this source alone: it is banned"
REMEDY = (
    "A source that guesses passwords is banned for some time: `labvpn status` shows the ban and its end. Dial with the "
    "right password afterwards; a network that is trusted can be exempt in the configuration."
)


def banned(views: Sequence[VantageView], opened: Sequence[ProbedPort], address: str) -> tuple[str, ...]:
    """The names of the vantage points that are banned.

    A ban rejects every port of the VPN with ICMP's "port unreachable", TCP too. A machine without a listener resets
    TCP, and firewalld's zones answer "prohibited", so nothing else looks like it. Some answers may be missing, since
    their number a second is limited.
    """
    return tuple(view.name for view in views if view.place != "host" and _is_banned(view, opened, address))


def _is_banned(view: VantageView, opened: Sequence[ProbedPort], address: str) -> bool:
    seen = [one for one in view.observations if one.port in opened]
    refusals = [(one.port.protocol, one.refusal) for one in seen if one.state == REJECTED]
    by_server = all(
        refusal is not None and (refusal.code, refusal.offender) == (_PORT_UNREACHABLE, view.address or address)
        for _, refusal in refusals
    )
    return by_server and all(one.state != OPEN for one in seen) and "tcp" in {protocol for protocol, _ in refusals}


def problem(view: VantageView) -> str:
    """What is wrong at a banned vantage point."""
    return f"{text.place(view.name, view.place)} is banned by the server, so it says nothing of the hops on its way"
