"""The connections that a server which crashed had not written down: the kernel knows them a while longer.

SoftEther writes its log a moment after the fact, so the connection that crashed it may be missing there.
"""

from ipaddress import ip_address
from typing import Iterable, List, NamedTuple, Set, Tuple

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.firewalld.ban_policy import plain
from labvpn.agent.firewalld.flows import Flow, Kernel
from labvpn.agent.softether.client import SoftEther

MOST_LOGGED = 20000
"""The connections that are remembered of one start."""

End = Tuple[str, int]
"""A client's end of a connection: its address and port."""


class Start(NamedTuple):
    """The connections since one start of the server; `whole` says that the log was read from that start on."""

    ends: Set[End]
    whole: bool


class LoggedConnections:
    """The connections that the log has since the server's last start and since the one before."""

    def __init__(self) -> None:
        self.before = Start(set(), True)
        self.current = Start(set(), False)

    def begin(self) -> None:
        """The log has a start of the server, or its orderly end."""
        if self.current.ends:
            self.before = self.current
        self.current = Start(set(), True)

    def add(self, source: str, port: int) -> None:
        """The log has a connection; beyond the most that are remembered nothing is certain any more."""
        if len(self.current.ends) >= MOST_LOGGED:
            self.current = Start(set(), False)
        self.current.ends.add((plain(source), port))

    def missing(self, flows: Iterable[Flow], ports: Iterable[int], started: bool) -> List[str]:
        """The sources of connections to these ports that the log of the server which ended should have and does not.

        `started` says that the log has the next start already. None are found where the log was not read from that
        server's start on. Only a connection that both ends confirmed counts: a first packet can have any source.
        """
        if not (self.before if started else self.current).whole:
            return []
        known, served = self.before.ends | self.current.ends, set(ports)
        strangers = {
            plain(one.source)
            for one in flows
            if one.protocol == "tcp" and one.assured and one.port in served
            if one.source != one.destination and (plain(one.source), one.source_port) not in known
        }
        return sorted(one for one in strangers if not ip_address(one).is_loopback)


def flows_of(machine: Machine) -> List[Flow]:
    """The kernel's flows; none where it cannot be asked, or where it is not that of the machine."""
    if str(machine.root) != "/":
        return []
    try:
        with Kernel() as kernel:
            return list(kernel.flows(None))
    except OSError:
        return []


def ports_of(machine: Machine) -> List[int]:
    """The TCP ports of the server's listeners, by its configuration's file."""
    return SoftEther(machine, Secrets({})).ports()
