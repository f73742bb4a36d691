"""Servers of others as their vpn_server.config has them, adopted by the agent's and adopt's own code."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from labvpn.adopt.found import Found
from labvpn.adopt.server import server
from labvpn.adopt.users import table
from labvpn.agent.core.concern import observed_text
from labvpn.agent.core.state import State
from labvpn.agent.softether.config_file import escape
from labvpn.agent.softether.hashes import password_hash, user_hash
from labvpn.agent.softether.hub import HubConcern
from labvpn.agent.softether.server import ServerConcern
from labvpn.agent.survey import Survey as HostSurvey
from labvpn.model import accounts
from labvpn.model.lab import Lab
from labvpn.model.users_file import read_users
from labvpn.parse.inventory import read_inventory
from labvpn.render.documents import Concern, documents
from tests.unit.agent.fakes import SECRETS, FakeMachine, FakeSoftEther

Tree = dict[str, Any]

NONE = "0.0.0.0"  # noqa: S104 -- how SoftEther writes that there is no address

BYTES = ("HashedPassword", "AuthPassword", "AuthUserCert", "X509", "RadiusSecret", "EncryptedPassword", "AuthSerial")
"""What the file has as base64 of bytes."""

NETWORK: Tree = {
    "Disabled": False,
    "VirtualHost": {"VirtualHostIp": "192.168.30.1", "VirtualHostIpSubnetMask": "255.255.255.0"},
    "VirtualDhcpServer": {
        "DhcpDnsServerAddress": "192.168.30.1",
        "DhcpDnsServerAddress2": NONE,
        "DhcpDomainName": "",
        "DhcpEnabled": True,
        "DhcpExpireTimeSpan": 7200,
        "DhcpGatewayAddress": "192.168.30.1",
        "DhcpLeaseIPStart": "192.168.30.10",
        "DhcpLeaseIPEnd": "192.168.30.200",
        "DhcpPushRoutes": "",
        "DhcpSubnetMask": "255.255.255.0",
    },
    "VirtualRouter": {"NatEnabled": True},
}


def user(name: str = "jun", **more: Any) -> Tree:
    given = {"AuthType": 1, "AuthPassword": user_hash("his own", name), "RealName": "", "Note": "", **more}
    return {key: value for key, value in given.items() if value is not None}


def policy(**stated: Any) -> Tree:
    return {"Access": True, "MaxConnection": 32, "TimeOut": 20, "AutoDisconnect": 0, "MultiLogins": 0, **stated}


def hub(users: Tree | None = None, groups: Tree | None = None, **more: Any) -> Tree:
    database = {"UserList": {"jun": user()} if users is None else users, "GroupList": groups or {}}
    log = {"SaveSecurityLog": True, "SecurityLogSwitchType": 4, "SavePacketLog": True, "PacketLogSwitchType": 4}
    return {
        "Online": True,
        "LogSetting": log,
        "SecureNAT": NETWORK,
        "SecurityAccountDatabase": database | more.pop("database", {}),
        **more,
    }


def config(hubs: Tree | None = None, **more: Any) -> Tree:
    """A server made by hand; `more` adds to or replaces its blocks, `server` the content of ServerConfiguration."""
    settings = {
        "HashedPassword": password_hash(str(SECRETS["administrator"])),
        "PortsUDP": "1194",
        "Proto": {"OpenVPN": {"Enabled": True}, "SSTP": {"Enabled": False}},
    }
    return {
        "IPsec": {"IPsec_Secret": "of-the-lab-by-hand-and-long", "L2TP_DefaultHub": "LAB", "L2TP_IPsec": True},
        "ListenerList": {f"Listener{port}": {"Enabled": True, "Port": port} for port in (443, 5555)},
        "ServerConfiguration": {**settings, **more.pop("server", {})},
        "VirtualHUB": {"LAB": hub()} if hubs is None else hubs,
        **more,
    }


def text_of(tree: Tree) -> str:
    return "# Software Configuration File\ndeclare root\n{\n" + "".join(_lines(tree)) + "}\n"


def _lines(tree: Tree) -> list[str]:
    lines: list[str] = []
    for name, value in tree.items():
        if value is None:
            continue
        if isinstance(value, dict):
            lines += [f"declare {escape(name)}\n", "{\n", *_lines(value), "}\n"]
        elif isinstance(value, bool):
            lines.append(f"bool {name} {str(value).lower()}\n")
        elif isinstance(value, int):
            lines.append(f"{'uint64' if name.endswith('Time') else 'uint'} {name} {value}\n")
        else:
            lines.append(f"{'byte' if name in BYTES else 'string'} {name} {escape(value)}\n")
    return lines


class TakenOver:
    """What became of a server: what was found, the lab that the written files make, and what would change."""

    def __init__(self, folder: Path, tree: Tree) -> None:
        self.softether = FakeSoftEther(FakeMachine(folder), text_of(tree))
        survey = read_inventory(HostSurvey(self.softether.machine, self.softether).report())
        assert survey is not None
        self.found = Found({"server": {"address": "203.0.113.20", "install": "present"}})
        server(self.found, survey)
        self.csv = table(self.found.users)
        users, problems = read_users(self.csv, "users.csv", self.found.files.__getitem__)
        assert [str(problem) for problem in problems] == []
        lab = Lab.model_validate(self.found.sections, context={"files": self.found.files.get})
        self.lab = lab.model_copy(update={"users": users})
        assert [str(problem) for problem in accounts.problems(self.lab)] == []

    @property
    def vpn(self) -> Tree:
        section: Tree = self.found.sections["vpn"]
        return section

    @property
    def hubs(self) -> Tree:
        section: Tree = self.found.sections["hubs"]
        return section

    def said(self, words: str) -> bool:
        return any(words in remark for remark in self.found.remarks)

    def changes(self) -> set[str]:
        """The lines in which the server differs from what the stack declares."""
        secrets = self.softether.secrets
        secrets.ipsec = self.found.secrets.get("presharedKey", "")
        secrets.radius = {
            key.removeprefix("radiusSecrets").strip('.["]'): secret
            for key, secret in self.found.secrets.items()
            if key.startswith("radiusSecrets")
        }
        wanted = documents(self.lab, "")
        machine = self.softether.machine
        server_, hub_ = (
            ServerConcern(State(machine, "server"), self.softether),
            HubConcern(State(machine, "hub"), self.softether),
        )
        differing: set[str] = set()
        for concern, document in ((server_, wanted[Concern.SERVER]), (hub_, wanted[Concern.HUB])):
            assert concern.refusals([]) == []
            differing |= set(observed_text(concern, document).splitlines()) ^ set(document.splitlines())
        return differing


def secret(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
