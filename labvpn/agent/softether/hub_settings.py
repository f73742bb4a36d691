"""The settings of a hub: extended options, logging, trusted CAs, the RADIUS server."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import base64
from typing import Any, Dict, List, Optional, Sequence

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Line, current, yes
from labvpn.agent.core.errors import AgentError
from labvpn.agent.softether.accounts import hub_block
from labvpn.agent.softether.authentication import certificate_of, digest_of
from labvpn.agent.softether.config_file import Tree
from labvpn.agent.softether.server_settings import Setting

# Where the file calls an option otherwise than the call does.
RENAMED = {"NoAddressPollingIPv4": "NoArpPolling", "NoAddressPollingIPv6": "NoIPv6AddrPolling"}
SWITCHES_OF_LOGS = ("never", "second", "minute", "hour", "day", "month")
SAVES = ("none", "header", "all")
PACKET_KINDS = ("tcp-conn", "tcp", "dhcp", "udp", "icmp", "ip", "arp", "ethernet")


class HubSetting(Setting):
    """A setting of a hub, named `HUB` or `HUB/...`; there is none where there is no such hub."""

    def read(self, line: Line) -> Optional[Values]:
        block = hub_block(self.softether, line.name.partition("/")[0])
        values = None if block is None else self.hub_values(line, block)
        return None if values is None else {key: values[key] for key in line.values if key in values}

    def hub_values(self, line: Line, block: Tree) -> Optional[Values]:
        """The values in a hub's configuration."""
        raise NotImplementedError


class HubOption(HubSetting):
    """`option LAB/NoIPv4PacketLog value=1`."""

    kind = "option"

    def hub_values(self, line: Line, block: Tree) -> Optional[Values]:
        name = line.name.partition("/")[2]
        word = str(block.get("Option", {}).get(RENAMED.get(name, name), ""))
        return {"value": str(number_of(word))} if word else None

    def set(self, want: Line) -> None:
        hub, _, name = want.name.partition("/")
        known = [one["Name_str"] for one in self.call("GetHubExtOptions", HubName_str=hub)["AdminOptionList"]]
        if name not in known:
            raise AgentError(
                "this SoftEther has no hub option {}: use one of {}".format(name, ", ".join(sorted(known)))
            )
        option = {"Name_str": name, "Value_u32": int(want.values["value"])}
        self.call("SetHubExtOptions", HubName_str=hub, AdminOptionList=[option])


# What PrivacyFilter and CheckMac rest on: options that have to be so, by the file's names, and what is lost otherwise.
GUARDS = {
    "DropArpInPrivacyFilterMode": ("true", "ARP passes between users who are kept apart"),
    "DropBroadcastsInPrivacyFilterMode": ("true", "broadcasts pass between users who are kept apart"),
    "AllowSameUserInPrivacyFilterMode": ("false", "sessions of one user are not kept apart"),
    "NoArpPolling": ("false", "a silent device's MAC address can be taken by another user"),
    "NoIpTable": ("false", "CheckIP looks at nothing"),
    "DisableCheckMacOnLocalBridge": ("false", "a bridge may take users' MAC addresses"),
}


def weaknesses(hub: str, block: Tree, desired: List[Line]) -> List[str]:
    """What options of a hub take from the policies that keep its users apart; those of the document are known."""
    options = block.get("Option", {})
    apart = any(line.values.get("PrivacyFilter") == "yes" for line in desired if line.name.startswith(hub + "/"))
    stated = {line.name.partition("/")[2] for line in desired if line.kind == "option"}
    known = {RENAMED.get(name, name) for name in stated}
    return [
        "hub {} has the option {} at {}, so {}: set it back".format(hub, name, options[name], lost)
        for name, (right, lost) in GUARDS.items()
        if apart and name not in known and options.get(name, right) != right
    ]


def word_of(words: Sequence[str], number: object) -> str:
    """The word for a number of the configuration, or the number where there is none."""
    text = str(number)
    return words[int(text)] if text.isdigit() and int(text) < len(words) else text


def number_of(word: str) -> int:
    """A value of the configuration as the call has it."""
    return {"true": 1, "false": 0}[word] if word in ("true", "false") else int(word, 0)


class HubLog(HubSetting):
    """`log LAB security=yes security-switch=day packet=yes packet-switch=day packets=tcp-conn:header`."""

    kind = "log"

    def hub_values(self, line: Line, block: Tree) -> Optional[Values]:
        log = block.get("LogSetting", {})
        saved = {kind: str(log.get("PACKET_LOG_" + kind.upper().replace("-", "_"), "0")) for kind in PACKET_KINDS}
        return {
            "security": yes(log.get("SaveSecurityLog") == "true"),
            "security-switch": word_of(SWITCHES_OF_LOGS, log.get("SecurityLogSwitchType", "0")),
            "packet": yes(log.get("SavePacketLog") == "true"),
            "packet-switch": word_of(SWITCHES_OF_LOGS, log.get("PacketLogSwitchType", "0")),
            "packets": ",".join(
                "{}:{}".format(kind, word_of(SAVES, saved[kind])) for kind in saved if saved[kind] != "0"
            )
            or "none",
        }

    def set(self, want: Line) -> None:
        values = want.values
        wanted = dict(word.split(":") for word in values["packets"].split(",") if ":" in word)
        kinds = [SAVES.index(wanted.get(kind, "none")) for kind in PACKET_KINDS]
        self.call(
            "SetHubLog",
            HubName_str=want.name,
            SaveSecurityLog_bool=values["security"] == "yes",
            SecurityLogSwitchType_u32=SWITCHES_OF_LOGS.index(values["security-switch"]),
            SavePacketLog_bool=values["packet"] == "yes",
            PacketLogSwitchType_u32=SWITCHES_OF_LOGS.index(values["packet-switch"]),
            PacketLogConfig_u32=kinds + [0] * (16 - len(kinds)),
        )


class Authority(HubSetting):
    """`authority LAB/SHA-256 trusted=yes`: a CA whose certificates log users in."""

    kind = "authority"

    def hub_values(self, line: Line, block: Tree) -> Optional[Values]:
        held = block.get("SecurityAccountDatabase", {}).get("CertList", {}).values()
        digests = {digest_of(str(one.get("X509", ""))) for one in held}
        return {"trusted": "yes"} if line.name.partition("/")[2] in digests else None

    def set(self, want: Line) -> None:
        hub, _, digest = want.name.partition("/")
        self.call("AddCa", HubName_str=hub, Cert_bin=certificate_of(digest, self.softether.secrets))

    def remove(self, lines: List[Line]) -> None:
        names = {line.name for line in lines}
        for hub in sorted({name.partition("/")[0] for name in names}):
            for listed in self.call("EnumCa", HubName_str=hub).get("CAList", []):
                key = {"HubName_str": hub, "Key_u32": listed["Key_u32"]}
                if hub + "/" + digest_of(str(self.call("GetCa", **key)["Cert_bin"])) in names:
                    self.call("DeleteCa", **key)


class RadiusSetting(HubSetting):
    """`radius LAB server=... port=1812 retry=1000 secret=current`."""

    kind = "radius"

    def hub_values(self, line: Line, block: Tree) -> Optional[Values]:
        server = str(block.get("RadiusServerName", ""))
        secret = base64.b64encode(self.softether.secrets.radius.get(line.name, "").encode("utf-8")).decode("ascii")
        values = {
            "server": server,
            "port": str(block.get("RadiusServerPort", "")),
            "retry": str(block.get("RadiusRetryInterval", "")),
            "secret": current(block.get("RadiusSecret") == secret),
        }
        return values if server else None

    def set(self, want: Line) -> None:
        self.put(want.name, want.values, self.softether.secrets.radius.get(want.name, ""))

    def put(self, hub: str, values: Values, secret: str) -> None:
        """Write what a line states; 5.02 resets whatever else the setting has and the call leaves out."""
        parameters: Dict[str, Any] = {
            **self.call("GetHubRadius", HubName_str=hub),
            "HubName_str": hub,
            "RadiusServerName_str": values.get("server", ""),
            "RadiusPort_u32": int(values.get("port", "1812")),
            "RadiusRetryInterval_u32": int(values.get("retry", "1000")),
        }
        self.call("SetHubRadius", **dict(parameters, RadiusSecret_str=secret))

    def remember(self, line: Line) -> Dict[str, Any]:
        return dict(line.values, record=self.call("GetHubRadius", HubName_str=line.name))

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        self.call("SetHubRadius", **dict(remembered["record"], HubName_str=line.name))

    def remove(self, lines: List[Line]) -> None:
        for line in lines:
            if hub_block(self.softether, line.name) is not None:
                self.put(line.name, {}, "")
