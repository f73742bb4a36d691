"""The TCP ports on which the SoftEther server listens."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import time
from typing import Dict, List, Optional

from labvpn.agent.concern import Values
from labvpn.agent.document import Change, Line, line_of
from labvpn.agent.errors import AgentError
from labvpn.agent.rpc import LISTENER_EXISTS, LISTENER_NOT_FOUND, RpcError
from labvpn.agent.settings import Setting, yes

LISTENER_SECONDS = 10.0


class Listeners(Setting):
    """`listener 443 enabled=yes`; the set of listeners is ours alone."""

    kind = "listener"

    def ports(self) -> Dict[str, str]:
        """The listeners: whether each is enabled."""
        blocks = self.branch("ListenerList").values() if self.softether.installed else []
        return {block["Port"]: yes(block.get("Enabled") == "true") for block in blocks}

    def show(self, line: Line) -> Optional[Values]:
        enabled = self.ports().get(line.name)
        return None if enabled is None else {"enabled": enabled}

    def strays(self) -> List[Line]:
        return [line_of("listener", port, {"enabled": enabled}) for port, enabled in self.ports().items()]

    def make(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want:
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
                raise AgentError(
                    "SoftEther cannot listen on TCP port {} of the VPN host, since another program has it: "
                    "`ss -lntp` shows which; stop that or take the port out of the listeners".format(failed[0])
                )
            time.sleep(0.2)

    def drop(self, lines: List[Line]) -> None:
        going = {int(line.name) for line in lines}
        left = [int(port) for port, enabled in self.ports_now().items() if enabled and int(port) not in going]
        if not left:
            raise AgentError(
                "SoftEther would be left without any listener, out of the agent's reach: keep at least one"
            )
        self.softether.move_to(left[0])
        for port in sorted(going):
            try:
                self.call("DeleteListener", Port_u32=port)
            except RpcError as error:
                if error.code != LISTENER_NOT_FOUND:
                    raise

    def ports_now(self) -> Dict[str, bool]:
        """The listeners after what was just made."""
        return {str(one["Ports_u32"]): one["Enables_bool"] for one in self.call("EnumListener")["ListenerList"]}
