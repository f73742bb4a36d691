"""A small twin of SoftEther's JSON-RPC: it answers as 4.44, 5.01 and 5.02 do, as far as the agent asks.

What it knows was measured on those servers. `test_twin.py` runs the agent on it, and the rehearsal compares it with
a real 5.01 by the same contract, so that it cannot drift.
"""

from __future__ import annotations

import base64
import copy
from typing import Any

from labvpn.agent.softether.config_file import Tree
from labvpn.agent.softether.hashes import password_hash, user_hash
from labvpn.agent.softether.rpc import HUB_NOT_FOUND, OBJECT_NOT_FOUND, Answer, RpcError
from tests.unit.agent.fakes import SECRETS

UNKNOWN_METHOD = 33
STARTED = "2026-11-30T00:00:00.000Z"
BUILDS = {444: 9807, 501: 9674, 502: 5187}


def boolean(value: Any) -> str:
    return "true" if value else "false"


class Twin:
    """One server: its configuration as a tree, changed by calls."""

    def __init__(self, version: int) -> None:
        self.version = version
        settings: Tree = {"HashedPassword": password_hash(str(SECRETS["administrator"])), "ServerCert": ""}
        if version < 500:
            settings |= {"DisableOpenVPNServer": "false", "DisableSSTPServer": "false", "OpenVPN_UdpPortList": "1194"}
        else:
            protocols: Tree = {"OpenVPN": {"Enabled": "true"}, "SSTP": {"Enabled": "true"}}
            if version >= 502:
                protocols["WireGuard"] = {"Enabled": "true", "PresharedKey": "random"}
            settings |= {"PortsUDP": "1194", "Proto": protocols}
        self.tree: Tree = {"ServerConfiguration": settings, "VirtualHUB": {}, "IPsec": {}, "ListenerList": {}}
        self.heard = False
        """Whether syslog is sent: 5.x forgets the target at each start."""
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, method: str, **given: Any) -> Answer:
        """Answer a call, or raise as the client does for an error."""
        self.calls.append((method, given))
        if not hasattr(self, method):
            raise RpcError(method, UNKNOWN_METHOD, "the twin does not know it")
        answer: Answer | None = getattr(self, method)(given)
        return copy.deepcopy(answer) if answer is not None else dict(given)

    def restart(self) -> None:
        self.heard = self.heard and self.version < 500

    @property
    def settings(self) -> Tree:
        found: Tree = self.tree["ServerConfiguration"]
        return found

    def hub(self, given: dict[str, Any], key: str = "HubName_str") -> Tree:
        hubs: dict[str, Tree] = self.tree["VirtualHUB"]
        if given[key] not in hubs:
            raise RpcError("", HUB_NOT_FOUND, "no such hub")
        return hubs[given[key]]

    # The server

    def GetServerInfo(self, _: dict[str, Any]) -> Answer:
        return {"ServerVerInt_u32": self.version, "ServerBuildInt_u32": BUILDS[self.version]}

    def GetServerStatus(self, _: dict[str, Any]) -> Answer:
        return {"StartTime_dt": STARTED, "CurrentTime_dt": STARTED, "CurrentTick_u64": 0}

    def Flush(self, _: dict[str, Any]) -> None:
        """It is saved."""

    def GetOpenVpnSstpConfig(self, _: dict[str, Any]) -> Answer:
        if self.version >= 500:
            on = {name: block["Enabled"] == "true" for name, block in self.settings["Proto"].items()}
            return {"EnableOpenVPN_bool": on["OpenVPN"], "EnableSSTP_bool": on["SSTP"]}
        return {
            "EnableOpenVPN_bool": self.settings["DisableOpenVPNServer"] != "true",
            "EnableSSTP_bool": self.settings["DisableSSTPServer"] != "true",
            "OpenVPNPortList_str": self.settings["OpenVPN_UdpPortList"],
        }

    def SetOpenVpnSstpConfig(self, given: dict[str, Any]) -> None:
        for name, key in (("OpenVPN", "EnableOpenVPN_bool"), ("SSTP", "EnableSSTP_bool")):
            if self.version >= 500:
                self.settings["Proto"][name]["Enabled"] = boolean(given[key])
            else:
                self.settings[f"Disable{name}Server"] = boolean(not given[key])
        if self.version < 500:
            self.settings["OpenVPN_UdpPortList"] = given["OpenVPNPortList_str"]

    def GetPortsUDP(self, _: dict[str, Any]) -> Answer:
        self.only(500)
        return {"Ports_u32": [int(port) for port in self.settings["PortsUDP"].replace(",", " ").split()]}

    def SetPortsUDP(self, given: dict[str, Any]) -> None:
        self.only(500)
        self.settings["PortsUDP"] = ", ".join(map(str, given["Ports_u32"]))

    def GetProtoOptions(self, given: dict[str, Any]) -> Answer:
        self.only(500)
        block = self.settings["Proto"].get(given["Protocol_str"])
        if block is None:
            raise RpcError("GetProtoOptions", 38, "no such protocol")
        width = 1 if self.version >= 502 else 4
        value = int(block["Enabled"] == "true").to_bytes(width, "little")
        lists = {"Name_str": ["Enabled"], "Type_u32": [2], "Value_bin": [base64.b64encode(value).decode()]}
        return {"Protocol_str": given["Protocol_str"], **lists}

    def SetProtoOptions(self, given: dict[str, Any]) -> None:
        (now,) = self.GetProtoOptions(given)["Value_bin"]
        for name, _, text in zip(given["Name_str"], given["Type_u32"], given["Value_bin"], strict=True):
            value = base64.b64decode(text)
            if len(value) != len(base64.b64decode(now)):
                raise RpcError("SetProtoOptions", 38, "of another size")
            self.settings["Proto"][given["Protocol_str"]][name] = boolean(any(value))

    def GetServerCert(self, _: dict[str, Any]) -> Answer:
        return {"Cert_bin": self.settings.get("ServerCert", ""), "Key_bin": ""}

    def SetServerCert(self, given: dict[str, Any]) -> None:
        self.settings["ServerCert"] = given["Cert_bin"]
        if (self.version, BUILDS[self.version]) >= (502, 5181):
            chain = given.get("Chain_bin") or []
            self.settings["ServerChain"] = {f"Cert{number}": {"X509": one} for number, one in enumerate(chain)}

    def GetSysLog(self, _: dict[str, Any]) -> Answer:
        block = self.settings.get("SyslogSettings", {"SaveType": "0", "HostName": "", "Port": "514"})
        return {
            "SaveType_u32": int(block["SaveType"]),
            "Hostname_str": block["HostName"],
            "Port_u32": int(block["Port"]),
        }

    def SetSysLog(self, given: dict[str, Any]) -> None:
        self.settings["SyslogSettings"] = {
            "SaveType": str(given["SaveType_u32"]),
            "HostName": given["Hostname_str"],
            "Port": str(given["Port_u32"]),
        }
        self.heard = bool(given["SaveType_u32"])

    # A hub

    def EnumHub(self, _: dict[str, Any]) -> Answer:
        return {"HubList": [{"HubName_str": name} for name in self.tree["VirtualHUB"]]}

    def CreateHub(self, given: dict[str, Any]) -> None:
        self.tree["VirtualHUB"][given["HubName_str"]] = {
            "HashedPassword": password_hash(given["AdminPasswordPlainText_str"]),
            "Online": boolean(given["Online_bool"]),
            "Option": {"DefaultGateway": "0", "DefaultSubnet": "0"} if self.version >= 502 else {},
            "SecurityAccountDatabase": {"UserList": {}},
        }

    def GetHub(self, given: dict[str, Any]) -> Answer:
        block = self.hub(given)
        more = {f"{name}_u32": int(value) for name, value in block["Option"].items()}
        return {"HubName_str": given["HubName_str"], "Online_bool": block["Online"] == "true", "HubType_u32": 0, **more}

    def SetHub(self, given: dict[str, Any]) -> None:
        block = self.hub(given)
        for name in block["Option"]:
            block["Option"][name] = str(given.get(f"{name}_u32", 0))
        if given.get("AdminPasswordPlainText_str"):
            block["HashedPassword"] = password_hash(given["AdminPasswordPlainText_str"])

    def DeleteHub(self, given: dict[str, Any]) -> None:
        self.hub(given)
        del self.tree["VirtualHUB"][given["HubName_str"]]

    def SetHubOnline(self, given: dict[str, Any]) -> None:
        self.hub(given)["Online"] = boolean(given["Online_bool"])

    def GetHubRadius(self, given: dict[str, Any]) -> Answer:
        block = self.hub(given)
        answer: Answer = {
            "HubName_str": given["HubName_str"],
            "RadiusServerName_str": block.get("RadiusServerName", ""),
            "RadiusPort_u32": int(block.get("RadiusServerPort", 1812)),
            "RadiusSecret_str": base64.b64decode(block.get("RadiusSecret", "")).decode(),
            "RadiusRetryInterval_u32": int(block.get("RadiusRetryInterval", 500)),
        }
        return answer | ({"RadiusRetryTimeout_u32": int(block.get("RadiusRetryTimeout", 0))} if self.newest else {})

    def SetHubRadius(self, given: dict[str, Any]) -> None:
        self.hub(given).update(
            RadiusServerName=given["RadiusServerName_str"],
            RadiusServerPort=str(given["RadiusPort_u32"]),
            RadiusSecret=base64.b64encode(given["RadiusSecret_str"].encode()).decode(),
            RadiusRetryInterval=str(given["RadiusRetryInterval_u32"]),
            **({"RadiusRetryTimeout": str(given.get("RadiusRetryTimeout_u32", 0))} if self.newest else {}),
        )

    def EnumSession(self, given: dict[str, Any]) -> Answer:
        self.hub(given)
        return {"SessionList": []}

    def users(self, given: dict[str, Any]) -> dict[str, Tree]:
        found: dict[str, Tree] = self.hub(given)["SecurityAccountDatabase"]["UserList"]
        return found

    def CreateUser(self, given: dict[str, Any]) -> None:
        name = given["Name_str"]
        self.users(given)[name] = {
            "AuthType": str(given["AuthType_u32"]),
            "AuthPassword": user_hash(given.get("Auth_Password_str", ""), name),
            "RealName": given.get("Realname_utf", ""),
            "Note": given.get("Note_utf", ""),
            "ExpireTime": "0",
            "Policy": {"Access": "true"},
        }

    def GetUser(self, given: dict[str, Any]) -> Answer:
        block = self.users(given).get(given["Name_str"])
        if block is None:
            raise RpcError("GetUser", OBJECT_NOT_FOUND, "no such user")
        return {**given, "Realname_utf": block["RealName"], "Note_utf": block["Note"], "AuthType_u32": 1}

    def SetUser(self, given: dict[str, Any]) -> None:
        self.users(given)[given["Name_str"]]["Note"] = given["Note_utf"]

    def DeleteUser(self, given: dict[str, Any]) -> None:
        if self.users(given).pop(given["Name_str"], None) is None:
            raise RpcError("DeleteUser", OBJECT_NOT_FOUND, "no such user")

    @property
    def newest(self) -> bool:
        return self.version >= 502

    def only(self, version: int) -> None:
        if self.version < version:
            raise RpcError("", UNKNOWN_METHOD, "unsupported")
