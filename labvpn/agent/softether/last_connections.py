"""Who was connected when the server crashed, as the kernel knows it for a while.

The server's log proves nothing: a stranger can write whole lines into it before any login (OpenVPN's option string),
and the server writes it a moment after the fact. A first packet proves nothing either, since it can have any source.
"""

from ipaddress import ip_address
from typing import Collection, Dict, Iterable, List, Optional, Set, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.firewalld.ban_policy import plain
from labvpn.agent.firewalld.flows import Flow, Kernel
from labvpn.agent.softether.client import SoftEther

CLOSING = {4: "fin_wait", 5: "close_wait", 6: "last_ack", 7: "time_wait", 8: "close"}
"""The states of a TCP connection that one end has closed, as the kernel does for a process that ended, with the names
of their timeouts (linux/netfilter/nf_conntrack_tcp.h, Documentation/networking/nf_conntrack-sysctl.rst)."""

TIMEOUTS = {
    "tcp_timeout_fin_wait": 120,
    "tcp_timeout_close_wait": 60,
    "tcp_timeout_last_ack": 30,
    "tcp_timeout_time_wait": 120,
    "tcp_timeout_close": 10,
    "udp_timeout": 30,
    "udp_timeout_stream": 120,
}
"""Seconds for which the kernel remembers a flow in such a state, where it does not say otherwise (the same source)."""


def connected_at_the_end(
    flows: Iterable[Flow], served: Collection[str], members: Collection[str], seconds: float, timeouts: Dict[str, int]
) -> Tuple[List[str], bool]:
    """The sources that may have ended the server within the last `seconds`, and whether it is certain which one.

    `served` are its ports, such as `443/tcp`, and `members` the sources from which a user has logged in. It is certain
    where there was one source alone, or one alone that is not a member, and its TCP connection, which both ends had
    confirmed, was open until the end. Whoever sent a datagram then may have been it, but nobody is found guilty by one.
    """
    ended: Set[str] = set()
    heard: Set[str] = set()
    for one in flows:
        idle = quiet_seconds(one, timeouts)
        source = plain(one.source)
        if "{}/{}".format(one.port, one.protocol) not in served or idle is None or idle > seconds:
            continue
        if ip_address(source).is_loopback or one.source == one.destination:
            continue
        (ended if one.protocol == "tcp" else heard).add(source)
    everyone = ended | heard
    strangers = everyone - {*members}
    alone = everyone if len(everyone) == 1 else strangers
    certain = len(alone) == 1 and alone <= ended
    return sorted(alone if certain else everyone), certain


def quiet_seconds(flow: Flow, timeouts: Dict[str, int]) -> Optional[float]:
    """For how long no packet of a flow has come; None for one that cannot have been the server's end.

    That is a TCP connection that is still open, since the kernel closed all of the process that ended.
    """
    if flow.protocol == "tcp":
        name = "tcp_timeout_" + CLOSING[flow.state] if flow.assured and flow.state in CLOSING else ""
    else:
        name = {"udp": "udp_timeout_stream" if flow.assured else "udp_timeout"}.get(flow.protocol, "")
    return max(0, timeouts[name] - flow.remaining) if name else None


def timeouts_of(machine: Machine) -> Dict[str, int]:
    """The kernel's timeouts of flows, in seconds."""
    found = {name: machine.read("/proc/sys/net/netfilter/nf_conntrack_" + name) or "" for name in TIMEOUTS}
    return {name: int(text) if text.strip().isdigit() else TIMEOUTS[name] for name, text in found.items()}


def flows_of(machine: Machine) -> List[Flow]:
    """The kernel's flows; none where it cannot be asked, or where it is not that of the machine."""
    if str(machine.root) != "/":
        return []
    try:
        with Kernel() as kernel:
            return list(kernel.flows(None))
    except OSError:
        return []


def listeners_of(machine: Machine) -> List[str]:
    """The TCP ports of the server's listeners, by its configuration's file."""
    return ["{}/tcp".format(port) for port in SoftEther(machine, Secrets({})).ports()]
