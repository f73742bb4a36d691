"""The settings of the SoftEther server itself, one handler for each kind of line."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Any, Dict, List, Optional, Tuple

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line, current, yes
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import Remembered
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.config_file import Tree
from labvpn.agent.softether.hashes import password_hash
from labvpn.agent.softether.initial_config import TLS_FLAGS, flag, tls_flags
from labvpn.agent.softether.rpc import UNSUPPORTED, RpcError

# Name in the document: block of a 5.x configuration, switch of a 4.x configuration, name in the call.
PROTOCOLS = {
    "openvpn": ("OpenVPN", "DisableOpenVPNServer", "EnableOpenVPN_bool"),
    "sstp": ("SSTP", "DisableSSTPServer", "EnableSSTP_bool"),
}


class Setting(Handler):
    """A handler of one part of the server's configuration."""

    def __init__(self, softether: SoftEther) -> None:
        self.softether = softether

    def branch(self, *path: str) -> Tree:
        """A block of the configuration, empty where it is missing."""
        tree = self.softether.tree()
        for name in path:
            tree = tree.get(name, {})
        return tree

    def call(self, method: str, **parameters: Any) -> Dict[str, Any]:
        """Call the server."""
        return self.softether.call(method, **parameters)

    def read(self, line: Line) -> Optional[Values]:
        """The values of a setting that every server has, once it is installed and has a configuration."""
        if not self.softether.installed or not self.softether.tree():
            return None
        values = self.values(line)
        return {key: values[key] for key in line.values if key in values}

    def values(self, line: Line) -> Values:
        """All values of this setting."""
        raise NotImplementedError

    def apply(self, changes: List[Change]) -> None:
        """Settings have one value each, so their changes come one by one."""
        for change in changes:
            if change.want:
                self.set(change.want)

    def set(self, want: Line) -> None:
        """Apply one setting."""
        raise NotImplementedError

    def remove(self, lines: List[Line]) -> None:
        """A setting cannot go, it only has another value; one that came with the server stays."""


class Administrator(Setting):
    """`administrator password=current`."""

    kind = "administrator"

    def values(self, line: Line) -> Values:
        stored = self.branch("ServerConfiguration").get("HashedPassword")
        same = stored == password_hash(self.softether.secrets.administrator)
        if same and self.softether.forgot:
            return {"password": "forgotten"}
        return {"password": current(same and not self.softether.locked_out)}

    def set(self, want: Line) -> None:
        self.call("SetServerPassword", PlainTextPassword_str=self.softether.secrets.administrator)
        self.softether.close()
        self.softether.keep_password()

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        """The former password is not known, and the server must not become open: it keeps ours."""


class UdpPorts(Setting):
    """`udp ports=1194`: the ports on which OpenVPN is spoken by UDP; `none` where there are none."""

    kind = "udp"

    def values(self, line: Line) -> Values:
        settings = self.branch("ServerConfiguration")
        ports = settings.get("PortsUDP", settings.get("OpenVPN_UdpPortList"))
        return {"ports": ",".join(str(ports or "").replace(",", " ").split()) or "none"}

    def set(self, want: Line) -> None:
        ports = [] if want.values["ports"] == "none" else want.values["ports"].split(",")
        if self.softether.generation >= 5:
            self.call("SetPortsUDP", Ports_u32=[int(port) for port in ports])
        else:
            settings = self.call("GetOpenVpnSstpConfig")
            self.call("SetOpenVpnSstpConfig", **dict(settings, OpenVPNPortList_str=", ".join(ports)))


class Protocol(Setting):
    """`protocol openvpn enabled=yes`, `protocol sstp enabled=no`."""

    kind = "protocol"

    def values(self, line: Line) -> Values:
        block, switch, _ = self.known(line)
        settings = self.branch("ServerConfiguration")
        if switch in settings:
            return {"enabled": yes(settings[switch] != "true")}
        return {"enabled": yes(settings.get("Proto", {}).get(block, {}).get("Enabled", "true") == "true")}

    def set(self, want: Line) -> None:
        settings = self.call("GetOpenVpnSstpConfig")
        settings[self.known(want)[2]] = want.values["enabled"] == "yes"
        self.call("SetOpenVpnSstpConfig", **settings)

    def known(self, line: Line) -> Tuple[str, str, str]:
        """The names of a protocol that can be switched."""
        if line.name not in PROTOCOLS:
            raise AgentError("the agent cannot switch the protocol {}: use openvpn or sstp".format(line.name))
        return PROTOCOLS[line.name]


class Ipsec(Setting):
    """`ipsec l2tp=yes raw=no etherip=no hub=LAB key=current`."""

    kind = "ipsec"

    def values(self, line: Line) -> Values:
        block = self.branch("IPsec")
        return {
            "l2tp": yes(block.get("L2TP_IPsec") == "true"),
            "raw": yes(block.get("L2TP_Raw") == "true"),
            "etherip": yes(block.get("EtherIP_IPsec") == "true"),
            "hub": self.default_hub(line.values.get("hub", ""), block.get("L2TP_DefaultHub", "")),
            "key": current(block.get("IPsec_Secret") == self.softether.secrets.ipsec),
        }

    def default_hub(self, wanted: str, actual: str) -> str:
        """The default hub. SoftEther shows another one, or none, while the wanted hub does not exist."""
        hubs = {name.lower() for name in self.branch("VirtualHUB")}
        return wanted if wanted.lower() not in hubs or wanted.lower() == actual.lower() else actual

    def set(self, want: Line) -> None:
        settings = self.call("GetIPsecServices")
        names = {"l2tp": "L2TP_IPsec_bool", "raw": "L2TP_Raw_bool", "etherip": "EtherIP_IPsec_bool"}
        settings.update({names[key]: value == "yes" for key, value in want.values.items() if key in names})
        if "hub" in want.values:
            settings["L2TP_DefaultHub_str"] = want.values["hub"]
        if want.values.get("key") == "current":
            settings["IPsec_Secret_str"] = self.softether.secrets.ipsec
        self.call("SetIPsecServices", **settings)

    def remember(self, line: Line) -> Remembered:
        return dict(line.values, record=self.call("GetIPsecServices"))

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        self.call("SetIPsecServices", **remembered["record"])


class Azure(Setting):
    """`azure enabled=no`: the vendor's relay."""

    kind = "azure"

    def values(self, line: Line) -> Values:
        return {"enabled": yes(self.branch("ServerConfiguration").get("EnableVpnAzure") == "true")}

    def set(self, want: Line) -> None:
        try:
            self.call("SetAzureStatus", IsEnabled_bool=want.values["enabled"] == "yes")
        except RpcError as error:
            # The relay needs dynamic DNS: where that is off, the call is unsupported and the relay is off.
            if error.code != UNSUPPORTED:
                raise
            name = ("ServerConfiguration", "EnableVpnAzure")
            self.softether.edits[name] = ("bool", flag(want.values["enabled"] == "yes"))


class KeepAlive(Setting):
    """`keep-alive enabled=no`: packets to a host of the vendor."""

    kind = "keep-alive"

    def values(self, line: Line) -> Values:
        return {"enabled": yes(self.branch("ServerConfiguration").get("UseKeepConnect") == "true")}

    def set(self, want: Line) -> None:
        settings = self.call("GetKeep")
        self.call("SetKeep", **dict(settings, UseKeepConnect_bool=want.values["enabled"] == "yes"))


class SwitchSetting(Setting):
    """A switch that no call reaches: it is set in the file of the stopped server."""

    def __init__(self, softether: SoftEther, kind: str, *place: str) -> None:
        super().__init__(softether)
        self.kind = kind
        self.place = place

    def values(self, line: Line) -> Values:
        return {"enabled": yes(self.branch(*self.place[:-1]).get(self.place[-1]) != "true")}

    def set(self, want: Line) -> None:
        self.softether.edits[self.place] = ("bool", flag(want.values["enabled"] != "yes"))


class TlsSetting(Setting):
    """`tls minimum=1.2`."""

    kind = "tls"

    def values(self, line: Line) -> Values:
        settings = self.branch("ServerConfiguration")
        allowed = [one for one in TLS_FLAGS if settings.get("Tls_Disable" + one.replace(".", "_")) != "true"]
        return {"minimum": allowed[0] if allowed else "1.3"}

    def set(self, want: Line) -> None:
        for name, value in tls_flags(want.values["minimum"]).items():
            self.softether.edits["ServerConfiguration", name] = ("bool", value)
