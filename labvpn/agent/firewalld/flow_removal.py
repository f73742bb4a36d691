"""Removes the flows of banned sources from the kernel, but for those of live sessions.

firewalld evaluates no rule for a packet of a flow that the kernel knows, so a source could go on guessing from the same
port despite its ban; and the server's own answers to it create such a flow again.
"""

import base64
import time
from ipaddress import ip_address, ip_network
from typing import Collection, Container, Dict, Iterable, List, NamedTuple, Set

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.firewalld.ban_policy import SUBSCRIBER_BITS, plain
from labvpn.agent.firewalld.flows import Flow, Kernel
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.rpc import OBJECT_NOT_FOUND, Answer, RpcError
from labvpn.agent.softether.session_limits import is_users

KNOWN_SECONDS = 10.0
"""Seconds for which a flow of a live session is not looked up again."""

IPSEC_PORTS = {500, 1701, 4500}


class Transport(NamedTuple):
    """A live session: by which port of its source it came, and by what: `port`, `tcp`, `ipsec`, or '' for unknown."""

    port: int
    by: str


class FlowRemoval:
    """The flows of banned sources on this host."""

    def __init__(self, machine: Machine, hubs: List[str]) -> None:
        self.machine = machine
        self.hubs = hubs
        self.softether = SoftEther(machine, Secrets({}))
        self.kept: Dict[bytes, float] = {}

    def forget(self, ports: Set[str], banned: Collection[str]) -> str:
        """Remove the flows of these sources to these ports; a sentence where that failed, '' otherwise."""
        if str(self.machine.root) != "/":
            # The kernel under the agent is not that of another root.
            return ""
        now = time.monotonic()
        self.kept = {key: until for key, until in self.kept.items() if until > now}
        try:
            with Kernel() as kernel:
                flows = [
                    one
                    for one in kernel.flows(near(banned))
                    if one.key not in self.kept and source_of(one, ports, banned)
                ]
                self.settle(kernel, {flow: source_of(flow, ports, banned) for flow in flows}, now)
        except OSError as error:
            return "the kernel does not let its flows be removed ({}), so a banned source goes on using them".format(
                error
            )
        except AgentError as error:
            self.softether.close()
            return "no flow of a banned source is removed, since the sessions cannot be listed: {}".format(error)
        return ""

    def settle(self, kernel: Kernel, flows: Dict[Flow, str], now: float) -> None:
        """Forget what belongs to no session."""
        sessions = self.sessions(set(flows.values())) if flows else {}
        for flow, source in flows.items():
            if any(carries(one, flow) for one in sessions.get(source, [])):
                self.kept[flow.key] = now + KNOWN_SECONDS
            else:
                kernel.forget(flow)

    def sessions(self, sources: Set[str]) -> Dict[str, List[Transport]]:
        """The live sessions of these addresses."""
        found: Dict[str, List[Transport]] = {}
        for hub in self.hubs:
            listed = self.softether.call("EnumSession", HubName_str=hub).get("SessionList", [])
            for one in listed:
                if is_users(one) and plain(str(one.get("ClientIP_ip", ""))) in {*sources, "0.0.0.0"}:  # noqa: S104
                    status = self.status(hub, str(one["Name_str"]))
                    found.setdefault(plain(address_in(status)), []).append(transport_of(str(one["Name_str"]), status))
        return found

    def status(self, hub: str, name: str) -> Answer:
        """What the server knows of a session; nothing of one that has just ended."""
        try:
            return self.softether.call("GetSessionStatus", HubName_str=hub, Name_str=name)
        except RpcError as error:
            if error.code != OBJECT_NOT_FOUND:
                raise
            return {}


def near(banned: Iterable[str]) -> Set[bytes]:
    """The first bytes of these addresses: an IPv4 address, or an IPv6 subscriber's prefix."""
    addresses = [ip_address(source.partition("/")[0]) for source in banned]
    return {one.packed[: 4 if one.version == 4 else SUBSCRIBER_BITS // 8] for one in addresses}


def source_of(flow: Flow, ports: Set[str], banned: Container[str]) -> str:
    """The banned address that a flow to these ports belongs to, whoever began it; '' if there is none."""
    for address, port in ((flow.source, flow.port), (flow.destination, flow.source_port)):
        if "{}/{}".format(port, flow.protocol) in ports or flow.protocol == "esp":
            source = plain(address)
            network = (
                str(ip_network("{}/{}".format(source, SUBSCRIBER_BITS), strict=False)) if ":" in source else source
            )
            if source in banned or network in banned:
                return source
    return ""


def address_in(status: Answer) -> str:
    """The address of a session; an IPv6 one has a field of its own."""
    six = base64.b64decode(str(status.get("ClientIpAddress6_bin") or ""))
    return str(ip_address(six)) if len(six) == 16 and any(six) else str(status.get("ClientIpAddress_ip", ""))


def transport_of(name: str, status: Answer) -> Transport:
    """How a session is transported; its name has the protocol (SID-GUEST1-[OPENVPN_L3]-3), but for SoftEther's own."""
    # The server gives the port with its bytes the other way round.
    port = int.from_bytes(int(status.get("ClientPort_u32") or 0).to_bytes(4, "big"), "little")
    kind = name.rpartition("-[")[2] if "-[" in name else ""
    if not kind:
        return Transport(port, "tcp")
    if kind.startswith(("L2TP", "ETHERIP", "IPSEC")):
        return Transport(port, "ipsec")
    return Transport(port, "port" if port and kind.startswith(("OPENVPN", "SSTP")) else "")


def carries(session: Transport, flow: Flow) -> bool:
    """Whether a flow may be the session's."""
    ends = {flow.source_port, flow.port}
    if session.by == "ipsec":
        return flow.protocol == "esp" or bool(ends & IPSEC_PORTS)
    # SoftEther's own client opens further connections for a session, and the server names but the first.
    return session.by == "" or session.port in ends or (session.by == "tcp" and flow.protocol == "tcp")
