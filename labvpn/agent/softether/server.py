"""The concern `server`: the SoftEther server's own settings."""
# ruff: noqa: D102 -- what a concern overrides is documented where it is declared

import time
from typing import Any, Dict, List

from labvpn.agent.acme.report import RenewalReport
from labvpn.agent.acme.service import RenewalService
from labvpn.agent.core.concern import Concern, Handler
from labvpn.agent.core.document import Change, Line, parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.paths import KEPT_PASSWORD
from labvpn.agent.core.state import State
from labvpn.agent.softether.backups import back_up
from labvpn.agent.softether.certificate import CertificateSetting, CipherSetting
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.crashes import crash_warnings
from labvpn.agent.softether.generation import Generation
from labvpn.agent.softether.hashes import password_hash
from labvpn.agent.softether.listeners import Listeners
from labvpn.agent.softether.rpc import WrongPassword
from labvpn.agent.softether.server_settings import (
    Administrator,
    Azure,
    Ipsec,
    KeepAlive,
    Protocol,
    SwitchSetting,
    TlsSetting,
    UdpPorts,
)
from labvpn.agent.softether.syslog import SyslogSetting, silent_syslog
from labvpn.agent.softether.wireguard import WireGuard


class ServerConcern(Concern):
    """The server's own settings; the set of listeners is ours alone."""

    def __init__(self, state: State, softether: SoftEther) -> None:
        self.softether = softether
        settings = "ServerConfiguration"
        self.listeners = Listeners(softether)
        self.renewal = RenewalReport(softether.machine)
        self.acme = RenewalService(softether)
        self.wireguard = WireGuard(softether)
        self.certificate = CertificateSetting(softether)
        handlers: List[Handler] = [Generation(softether), Administrator(softether), self.acme]
        handlers += [self.certificate, self.listeners]
        handlers += [
            kind(softether)
            for kind in (UdpPorts, Protocol, Ipsec, Azure, KeepAlive, TlsSetting, CipherSetting, SyslogSetting)
        ]
        handlers += [
            self.wireguard,
            SwitchSetting(softether, "dynamic-dns", "DDnsClient", "Disabled"),
            SwitchSetting(softether, "nat-traversal", settings, "DisableNatTraversal"),
            SwitchSetting(softether, "aggressive-mode", settings, "DisableIPsecAggressiveMode"),
        ]
        super().__init__(state, handlers)

    def prepare(self, changes: List[Change]) -> bool:
        """Have the server running and the administrator let in."""
        require(self.softether)
        self.softether.start()
        back_up(self.softether)
        try:
            self.softether.call("GetServerInfo")
        except WrongPassword:
            # Someone changed it by hand on a server that this agent has managed: root may set it again.
            if not self.state.machine.path(KEPT_PASSWORD).exists():
                raise
            hashed = password_hash(self.softether.secrets.administrator)
            self.softether.edit_stopped({("ServerConfiguration", "HashedPassword"): ("byte", hashed)})
            self.softether.keep_password()
            return True
        return False

    def converge(self, text: str) -> List[str]:
        """As every concern; then the password is known for later, also where it had not to be set."""
        for what, remedy in self.refusals(parse(text)):
            raise AgentError("the VPN host {}: {}".format(what, remedy))
        said = super().converge(text)
        if self.softether.installed and not self.softether.locked_out:
            self.softether.keep_password()
        return [*said, self.acme.trouble] if self.acme.trouble else said

    def notes(self, desired: List[Line]) -> List[str]:
        return self.softether.notes() + self.renewal.notes()

    def warnings(self, desired: List[Line]) -> List[str]:
        found = self.softether.taken_ports() + self.listeners.missed(desired)
        found += self.wireguard.warnings() + silent_syslog(self.softether, desired)
        now = time.time()
        return found + self.renewal.warnings(now) + crash_warnings(self.state.machine, now)

    def software(self) -> Dict[str, Any]:
        return {"release": self.softether.release() if self.softether.installed else None}

    def refusals(self, desired: List[Line]) -> List[List[str]]:
        return self.listeners.refused(desired) + self.softether.inaccessible() + self.acme.refusals(desired)

    def finish(self, changes: List[Change]) -> None:
        self.softether.flush()

    def refresh(self) -> None:
        self.softether.refresh()

    def remove(self) -> List[str]:
        return super().remove() if self.softether.installed else []


def require(softether: SoftEther) -> None:
    """AgentError where SoftEther is not installed."""
    if not softether.installed:
        raise AgentError("SoftEther is not installed on the VPN host: the host step comes first; run `pulumi up` again")
