"""A lab made by hand as lines of a document, for `labvpn adopt`; nothing is changed."""

import base64
import binascii
import json
from typing import Any, Dict, Iterator, List, Tuple

from labvpn.agent.core.concern import Handler
from labvpn.agent.core.document import Line, line_of, render
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.state import State
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.found import FoundFirewalld
from labvpn.agent.firewalld.prechecks import ignored, needed
from labvpn.agent.softether.access_list import OUR_MEMO
from labvpn.agent.softether.authentication import KEPT, WAYS, digest_of, unlocked
from labvpn.agent.softether.bridges import attached
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.config_file import Tree
from labvpn.agent.softether.hashes import password_hash
from labvpn.agent.softether.hub import HubConcern
from labvpn.agent.softether.listeners import BLOCKED
from labvpn.agent.softether.server import ServerConcern
from labvpn.agent.softether.users import TEXTS

SWITCHED = ("enabled",)
# Kind and name of each line of the server, and its keys.
SERVER_ASKED: Tuple[Tuple[str, str, Tuple[str, ...]], ...] = (
    ("udp", "", ("ports",)),
    ("protocol", "openvpn", SWITCHED),
    ("protocol", "sstp", SWITCHED),
    ("ipsec", "", ("l2tp", "raw", "etherip")),
    ("dynamic-dns", "", SWITCHED),
    ("azure", "", SWITCHED),
    ("nat-traversal", "", SWITCHED),
    ("keep-alive", "", SWITCHED),
    ("aggressive-mode", "", SWITCHED),
    ("tls", "", ("minimum",)),
    ("wireguard", "", SWITCHED),
)
# Kind of each line of a hub that is called after it, and its keys.
HUB_ASKED = {
    "hub": "online",
    "securenat": "enabled mode address mask dhcp nat first last lease gateway dns domain routes",
    "log": "security security-switch packet packet-switch packets",
    "radius": "server port retry",
}
# The key of a user's way to log in, by SoftEther's number of it.
LOGINS = {WAYS["password"]: "password", WAYS["certificate"]: "certificate", WAYS["radius"]: "radius"}
SIGNED = WAYS["signed"]
# What a handler raises for values in the file that it cannot read.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError)
CLUSTER = {"1": "controls a cluster", "2": "is a member of a cluster"}


class Survey:
    """Reads a host that need not belong to this stack yet."""

    def __init__(self, machine: Machine, softether: SoftEther) -> None:
        self.machine = machine
        self.softether = softether
        self.server = ServerConcern(State(machine, "server"), softether)
        self.hub = HubConcern(State(machine, "hub"), softether)
        self.firewalld = Firewalld(machine)
        # What could not be read, in words: it is left as it is.
        self.unread: List[str] = []

    def report(self) -> str:
        """Everything as JSON; secrets are among it, so it is for the caller's eyes alone."""
        if not self.softether.installed:
            return json.dumps({"installed": False}) + "\n"
        lines = [*self.of_server(), *self.of_hubs()]
        answer = {
            "installed": True,
            "lines": render(lines),
            "defaultHub": str(self.ipsec().get("L2TP_DefaultHub", "")),
            "presharedKey": str(self.ipsec().get("IPsec_Secret", "")),
            "radiusSecrets": dict(self.radius_secrets()),
            "certificates": dict(self.certificates()),
            "rules": {name: self.rules(name) for name in self.hubs()},
            "notes": [*self.softether.notes(), *self.unread, *self.notes()],
            "firewalld": self.of_firewalld(),
        }
        return json.dumps(answer) + "\n"

    def hubs(self) -> Dict[str, Tree]:
        """Every hub as the configuration has it."""
        hubs: Dict[str, Tree] = self.softether.tree().get("VirtualHUB", {})
        return hubs

    def ipsec(self) -> Tree:
        """The configuration's block of IPsec."""
        block: Tree = self.softether.tree().get("IPsec", {})
        return block

    def read(self, handler: Handler, kind: str, name: str, asked: Dict[str, str]) -> Iterator[Line]:
        """A line as the host shows it; one that cannot be read is noted and skipped."""
        try:
            values = handler.read(line_of(kind, name, asked))
        except UNREADABLE as error:
            self.unread.append(
                "{} {} cannot be read ({}) and stays as it is".format(kind, name, error).replace("  ", " ")
            )
            return
        if values is not None:
            yield line_of(kind, name, values)

    def of_server(self) -> Iterator[Line]:
        """The lines of the server itself."""
        yield from self.server.handlers["listener"].unmanaged()
        for kind, name, keys in SERVER_ASKED:
            yield from self.read(self.server.handlers[kind], kind, name, dict.fromkeys(keys, ""))

    def of_hubs(self) -> Iterator[Line]:
        """The lines of every hub, with its groups and users."""
        for name, block in self.hubs().items():
            for kind, keys in HUB_ASKED.items():
                yield from self.read(self.hub.handlers[kind], kind, name, dict.fromkeys(keys.split(), ""))
            accounts = block.get("SecurityAccountDatabase", {})
            for digest in sorted(self.authorities(block)):
                yield line_of("authority", name + "/" + digest, {"trusted": "yes"})
            for group, record in accounts.get("GroupList", {}).items():
                for line in self.account_lines("group", name + "/" + group, {}):
                    policies = {"policies": "own" if "Policy" in record else "none"}
                    yield line_of("group", line.name, dict(policies, **line.values))
            for user, record in self.hub.users.accounts(name).items():
                yield from self.of_user(name + "/" + user, record)

    def account_lines(self, kind: str, name: str, asked: Dict[str, str]) -> Iterator[Line]:
        """A group or user: its texts, what is asked beside them, and the policies that are not the usual ones."""
        return self.read(self.hub.handlers[kind], kind, name, dict(asked, **dict.fromkeys(TEXTS, "")))

    def of_user(self, name: str, record: Tree) -> Iterator[Line]:
        """A user; `login=other` for a way to log in that no document has."""
        way = str(record.get("AuthType", ""))
        asked = {"group": "", "expires": "", "policies": ""}
        if way == SIGNED:
            asked.update(signed="", serial="")
        elif way in LOGINS:
            asked[LOGINS[way]] = KEPT
        known = way in LOGINS or way == SIGNED
        for line in self.account_lines("user", name, asked):
            yield line if known else line_of("user", name, dict(line.values, login="other"))

    def notes(self) -> Iterator[str]:
        """What whoever takes this lab over should know, and what the stack leaves as it is."""
        settings = self.softether.tree().get("ServerConfiguration", {})
        if settings.get("HashedPassword") == password_hash(""):
            yield "SoftEther has no administrator password; the first `pulumi up` sets administratorPassword"
        if str(settings.get("ServerType", "0")) in CLUSTER:
            role = CLUSTER[str(settings["ServerType"])]
            yield "SoftEther {}, and the stack manages a single server: the other servers stay as they are".format(role)
        for what, remedy in self.softether.inaccessible():
            yield "the host {}, so the preview refuses it: {}".format(what, remedy)
        for port in self.server.listeners.unread():
            yield "SoftEther's list of listeners has {}, which is not a TCP port; it stays as it is".format(port)
        listed = self.server.listeners.ports()
        blocked = [port for port in listed if listed[port] == BLOCKED]
        for port, owner in self.server.listeners.holding(blocked)[1].items():
            yield "SoftEther's listener {} cannot listen, since {} has that port".format(port, owner)
        yield from map(ignored, self.firewalld.unread())
        for hub in self.hubs():
            for way in attached(self.softether.tree(), hub):
                yield "the hub {} has {}, which stays as it is".format(hub, way)
            yield from unlocked(hub, self.hub.users.accounts(hub), [])

    def authorities(self, block: Tree) -> Dict[str, str]:
        """The certificates of the CAs that a hub trusts, in base64, by SHA-256."""
        held = block.get("SecurityAccountDatabase", {}).get("CertList", {}).values()
        return {digest_of(str(one.get("X509", ""))): str(one.get("X509", "")) for one in held}

    def certificates(self) -> Iterator[Tuple[str, str]]:
        """Every certificate that a line names, by its SHA-256."""
        for name, block in self.hubs().items():
            yield from self.authorities(block).items()
            for record in self.hub.users.listed.of(name).values():
                if record.get("AuthUserCert"):
                    yield digest_of(str(record["AuthUserCert"])), str(record["AuthUserCert"])

    def radius_secrets(self) -> Iterator[Tuple[str, str]]:
        """The secret of each hub's RADIUS server."""
        for name, block in self.hubs().items():
            if block.get("RadiusServerName"):
                try:
                    yield name, base64.b64decode(str(block.get("RadiusSecret", ""))).decode("utf-8")
                except (ValueError, binascii.Error):
                    continue

    def rules(self, hub: str) -> List[str]:
        """The access rules of a hub that this stack did not make."""
        return [memo for memo in self.hub.access.unmanaged_titles(hub) if not memo.startswith(OUR_MEMO)]

    def of_firewalld(self) -> Any:
        """What firewalld lets in, permanently, and who may reach SoftEther by it; None where it is not installed."""
        if not self.firewalld.installed:
            return None
        return FoundFirewalld(self.firewalld).answer(self.ports())

    def ports(self) -> List[str]:
        """The ports by which users may dial."""
        return list(dict.fromkeys([*needed(list(self.of_server())), "1194/udp", "500/udp", "4500/udp"]))
