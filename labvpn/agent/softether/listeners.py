"""The TCP ports on which the SoftEther server listens."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import time
from typing import Dict, Iterable, List, Optional, Set, Tuple

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Change, Line, line_of, yes
from labvpn.agent.core.errors import AgentError
from labvpn.agent.firewalld.listening_ports import owners_of
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.config_file import Tree, is_port, listeners_of
from labvpn.agent.softether.rpc import LISTENER_EXISTS, LISTENER_NOT_FOUND, RpcError
from labvpn.agent.softether.server_settings import Setting

LISTENER_SECONDS = 10.0
SERVER_PROGRAM = "vpnserver"
UNKNOWN_PROGRAM = "?"
IPSEC = ("500", "4500")
# A document's value for a listener that stays as it is, and the machine's for one that cannot listen.
LEFT_ALONE, BLOCKED = "kept", "blocked"


class Listeners(Setting):
    """`listener 443 enabled=yes`; the set of listeners is ours alone, but for those that are `kept` as they are.

    The machine may show `enabled=blocked`: SoftEther is told to listen there, and another program has the port.
    """

    kind = "listener"

    def __init__(self, softether: SoftEther) -> None:
        super().__init__(softether)
        self.cached: Tuple[Optional[Tree], Dict[str, str]] = (None, {})

    def ports(self) -> Dict[str, str]:
        """The listeners: whether each is enabled, and can listen."""
        tree = self.softether.tree() if self.softether.installed else {}
        if self.cached[0] is not tree:
            enabled = {port: state for port, state in listeners_of(tree).items() if is_port(port)}
            ours, others = self.holding([port for port in enabled if enabled[port]])
            blocked = {port for port in enabled if enabled[port] and port not in ours and (ours or port in others)}
            self.cached = (tree, {port: BLOCKED if port in blocked else yes(enabled[port]) for port in enabled})
        return self.cached[1]

    def holding(self, ports: Iterable[str], transport: str = "tcp") -> Tuple[Set[str], Dict[str, str]]:
        """On which of these ports SoftEther listens, and which another program has: its name and unit."""
        held = owners_of(self.softether.machine, {"{}/{}".format(port, transport) for port in ports})
        programs = {key.partition("/")[0]: pairs for key, pairs in held.items()}
        ours = {port for port, pairs in programs.items() if serves(pairs)}
        # An unknown program may be SoftEther itself, unless that is found elsewhere or is not installed.
        sure = bool(ours) or not self.softether.installed
        others = {port: owner for port, pairs in programs.items() for owner in other_programs(pairs, sure)[:1]}
        return ours, {port: name for port, name in others.items() if port not in ours}

    def read(self, line: Line) -> Optional[Values]:
        if line.values.get("enabled") == LEFT_ALONE:
            return {"enabled": LEFT_ALONE}
        enabled = self.ports().get(line.name)
        return None if enabled is None else {"enabled": enabled}

    def unmanaged(self) -> List[Line]:
        return [line_of("listener", port, {"enabled": enabled}) for port, enabled in self.ports().items()]

    def unread(self) -> List[str]:
        """What the file has in the place of a listener's port and is none; it stays as it is."""
        return [port for port in listeners_of(self.softether.tree()) if not is_port(port)]

    def refused(self, desired: List[Line]) -> List[List[str]]:
        """Why SoftEther cannot listen where a document wants it to: pairs of what is wrong and what to do."""
        wanted = [one.name for one in desired if one.kind == self.kind and one.values.get("enabled") == "yes"]
        return [
            [
                "has {} on TCP port {}, where vpn.listeners wants SoftEther to listen".format(owner, port),
                "remove {} from vpn.listeners, or give that program another port".format(port),
            ]
            for port, owner in self.holding(wanted)[1].items()
        ]

    def missed(self, desired: List[Line]) -> List[str]:
        """The UDP ports of OpenVPN and IPsec that another program has, so that SoftEther does not answer there."""
        wanted = [port for one in desired if one.kind == "udp" for port in one.values["ports"].split(",")]
        wanted += [port for one in desired if one.kind == "ipsec" and one.values["l2tp"] == "yes" for port in IPSEC]
        return [
            "{} has UDP port {}, where SoftEther should answer: give that program another port, or switch the protocol "
            "off (vpn.protocols), since every hop opens it".format(owner, port)
            for port, owner in self.holding(wanted, "udp")[1].items()
        ]

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want and change.want.values.get("enabled") != LEFT_ALONE:
                self.open(int(change.want.name), change.want.values.get("enabled") == "yes", change.have is None)
        self.wait([int(change.line.name) for change in changes if change.line.values.get("enabled") == "yes"])

    def open(self, port: int, enabled: bool, new: bool) -> None:
        """Create a listener or switch it."""
        if new:
            try:
                self.call("CreateListener", Port_u32=port, Enable_bool=enabled)
            except RpcError as error:
                if error.code != LISTENER_EXISTS:
                    raise
        self.call("EnableListener", Port_u32=port, Enable_bool=enabled)

    def wait(self, ports: List[int]) -> None:
        """Wait until these listeners listen; AgentError names a port that another program has."""
        end = time.monotonic() + LISTENER_SECONDS
        while True:
            listeners = self.call("EnumListener")["ListenerList"]
            failed = [one["Ports_u32"] for one in listeners if one["Errors_bool"] and one["Ports_u32"] in ports]
            if not failed:
                return
            if time.monotonic() > end:
                owner = self.holding([str(failed[0])])[1].get(
                    str(failed[0]), "another program, which `ss -lntp` shows,"
                )
                raise AgentError(
                    "SoftEther cannot listen on TCP port {} of the VPN host, since {} has it: "
                    "stop that program or remove the port from the listeners".format(failed[0], owner)
                )
            time.sleep(0.2)

    def remove(self, lines: List[Line]) -> None:
        going = {int(line.name) for line in lines}
        left = [int(port) for port, enabled in self.ports_now().items() if enabled and int(port) not in going]
        if not left:
            raise AgentError(
                "SoftEther would have no listener left, so the agent could not reach it: keep at least one"
            )
        self.softether.move_to(left[0])
        for port in sorted(going):
            try:
                self.call("DeleteListener", Port_u32=port)
            except RpcError as error:
                if error.code != LISTENER_NOT_FOUND:
                    raise

    def ports_now(self) -> Dict[str, bool]:
        """The listeners after what was just made: whether each listens."""
        listed = self.call("EnumListener")["ListenerList"]
        return {str(one["Ports_u32"]): one["Enables_bool"] and not one["Errors_bool"] for one in listed}


def is_server(owner: str) -> bool:
    """Whether the owner of a socket is the SoftEther server: `vpnserver, softether-vpnserver.service`."""
    return owner.partition(",")[0] == SERVER_PROGRAM


def serves(pairs: List[Tuple[str, str]]) -> bool:
    """Whether SoftEther has a port: by IPv4, where it binds apart from IPv6, or it alone has it."""
    ours = {table for table, owner in pairs if is_server(owner)}
    return any(not table.endswith("6") for table in ours) or (bool(ours) and len(ours) == len(pairs))


def other_programs(pairs: List[Tuple[str, str]], sure: bool) -> List[str]:
    """The programs other than SoftEther; `sure` where an unknown program cannot be SoftEther."""
    named = [owner for _, owner in pairs if owner != UNKNOWN_PROGRAM and not is_server(owner)]
    return named or (["another program"] if sure and any(owner == UNKNOWN_PROGRAM for _, owner in pairs) else [])
