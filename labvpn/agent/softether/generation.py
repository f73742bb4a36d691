"""Which generation of SoftEther runs: 4.x and 5.x push a split tunnel to OpenVPN in two ways, so profiles differ."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Any, Dict

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.server_settings import Setting

USUAL = "5"


class Generation(Setting):
    """`generation number=4`: only compared, and written only where a configuration overrules what is found out."""

    kind = "generation"

    def values(self, line: Line) -> Values:
        return {"number": detected_generation(self.softether)}

    def set(self, want: Line) -> None:
        raise AgentError(mismatch(detected_generation(self.softether)))

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        """What is only compared is not restored."""


def detected_generation(softether: SoftEther) -> str:
    """The generation, as the configuration of the server shows it; a fresh one's holds the words of both."""
    settings = softether.tree().get("ServerConfiguration", {})
    return "4" if "OpenVPN_UdpPortList" in settings and "PortsUDP" not in settings else USUAL


def mismatch(number: str) -> str:
    """What to do where the stack takes it for another."""
    return (
        "SoftEther on the VPN host is of generation {}: remove `generation` from the stack's server, since it is found "
        "out, or OpenVPN's profiles do not fit a split tunnel".format(number)
    )
