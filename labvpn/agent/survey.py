"""What a lab made by hand has, in the words of the documents, for whoever takes it over; nothing is changed."""

import base64
import binascii
import json
from typing import Any, Dict, Iterator, List, Tuple

from labvpn.agent.access import OUR_MEMO
from labvpn.agent.document import Line, line_of, render
from labvpn.agent.firewalld import SETTINGS, SHIPPED, Firewalld
from labvpn.agent.generation import shown_generation
from labvpn.agent.guard import needed
from labvpn.agent.hub import Hub
from labvpn.agent.logins import KEPT, WAYS, digest_of
from labvpn.agent.machine import Machine
from labvpn.agent.openings import Openings
from labvpn.agent.server import Server
from labvpn.agent.softether import SoftEther
from labvpn.agent.state import State
from labvpn.agent.users import TEXTS
from labvpn.agent.vpnconfig import Tree

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
)
# Kind of each line of a hub that is called after it, and its keys.
HUB_ASKED = {
    "hub": "online",
    "securenat": "enabled mode address mask dhcp nat first last lease gateway dns domain routes",
    "log": "security security-switch packet packet-switch packets",
    "radius": "server port retry",
}
# A user's login by SoftEther's number of it, and the keys that tell it.
LOGINS = {WAYS["password"]: "password", WAYS["certificate"]: "certificate", WAYS["radius"]: "radius"}
SIGNED = WAYS["signed"]


class Survey:
    """One look at a host that this stack need not know yet."""

    def __init__(self, machine: Machine, softether: SoftEther) -> None:
        self.machine = machine
        self.softether = softether
        self.server = Server(State(machine, "server"), softether)
        self.hub = Hub(State(machine, "hub"), softether)
        self.firewalld = Firewalld(machine)

    def report(self) -> str:
        """Everything as JSON; secrets are among it, so it is for the caller's eyes alone."""
        if not self.softether.installed:
            return json.dumps({"installed": False}) + "\n"
        lines = [*self.of_server(), *self.of_hubs()]
        answer = {
            "installed": True,
            "generation": int(shown_generation(self.softether)),
            "lines": render(lines),
            "defaultHub": str(self.ipsec().get("L2TP_DefaultHub", "")),
            "presharedKey": str(self.ipsec().get("IPsec_Secret", "")),
            "radiusSecrets": dict(self.radius_secrets()),
            "certificates": dict(self.certificates()),
            "rules": {name: self.rules(name) for name in self.hubs()},
            "notes": self.softether.notes(),
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

    def of_server(self) -> Iterator[Line]:
        """The lines of the server itself."""
        yield from self.server.handlers["listener"].strays()
        for kind, name, keys in SERVER_ASKED:
            values = self.server.handlers[kind].show(line_of(kind, name, dict.fromkeys(keys, "")))
            yield line_of(kind, name, values or {})

    def of_hubs(self) -> Iterator[Line]:
        """The lines of every hub, with its groups and users."""
        for name, block in self.hubs().items():
            for kind, keys in HUB_ASKED.items():
                values = self.hub.handlers[kind].show(line_of(kind, name, dict.fromkeys(keys.split(), "")))
                if values is not None:
                    yield line_of(kind, name, values)
            accounts = block.get("SecurityAccountDatabase", {})
            for digest in sorted(self.authorities(block)):
                yield line_of("authority", name + "/" + digest, {"trusted": "yes"})
            for group in accounts.get("GroupList", {}):
                yield self.shown("group", name + "/" + group, {})
            for user, record in self.hub.users.accounts(name).items():
                yield self.of_user(name + "/" + user, record)

    def shown(self, kind: str, name: str, asked: Dict[str, str]) -> Line:
        """A group or user: its texts, what is asked beside them, and the policies that are not the usual ones."""
        asked = dict(asked, **dict.fromkeys(TEXTS, ""))
        return line_of(kind, name, self.hub.handlers[kind].show(line_of(kind, name, asked)) or {})

    def of_user(self, name: str, record: Tree) -> Line:
        """A user; `login=other` for a way to log in that no document has."""
        way = str(record.get("AuthType", ""))
        asked = {"group": "", "expires": ""}
        if way == SIGNED:
            asked.update(signed="", serial="")
        elif way in LOGINS:
            asked[LOGINS[way]] = KEPT
        line = self.shown("user", name, asked)
        known = way in LOGINS or way == SIGNED
        return line if known else line_of("user", name, dict(line.values, login="other"))

    def authorities(self, block: Tree) -> Dict[str, str]:
        """The certificates of the CAs that a hub trusts, in base64, by SHA-256."""
        held = block.get("SecurityAccountDatabase", {}).get("CertList", {}).values()
        return {digest_of(str(one.get("X509", ""))): str(one.get("X509", "")) for one in held}

    def certificates(self) -> Iterator[Tuple[str, str]]:
        """Every certificate that a line names, by its SHA-256."""
        for name, block in self.hubs().items():
            yield from self.authorities(block).items()
            for record in self.hub.users.blocks(name).values():
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
        return [memo for memo in self.hub.access.strangers(hub) if not memo.startswith(OUR_MEMO)]

    def of_firewalld(self) -> Any:
        """What firewalld lets in, permanently, and who may reach SoftEther by it; None where it is not installed."""
        if not self.firewalld.installed:
            return None
        folder = self.machine.path(SETTINGS + "/services")
        names = sorted(path.stem for path in folder.glob("*.xml")) if folder.is_dir() else []
        openings = Openings(self.firewalld, lasting=True)
        ways = {port: [list(one) for one in openings.of_port(port)] for port in self.ports()}
        return {
            "running": self.firewalld.running(),
            "default": self.firewalld.default_zone(),
            "zones": self.firewalld.zones(lasting=True),
            "services": {name: self.firewalld.permanent_service(name) for name in names},
            "shipped": [
                name for name in names if self.machine.path("{}/services/{}.xml".format(SHIPPED, name)).exists()
            ],
            "arriving": openings.arriving(),
            "ways": ways,
        }

    def ports(self) -> List[str]:
        """The ports by which users may dial."""
        return list(dict.fromkeys([*needed(list(self.of_server())), "1194/udp", "500/udp", "4500/udp"]))
