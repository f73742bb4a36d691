"""A lab whose hops are given random rules in turn, and packets of its machines and VPN users sent through them."""

from __future__ import annotations

import json
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any, NamedTuple

from labvpn.model.lab import Lab
from labvpn.model.ports import Port, Transport
from labvpn.parse.fortigate import tables
from labvpn.plan.fortigate.comparison import PolicyList
from labvpn.reach.firewalld import HostRules
from labvpn.reach.gate import Gate
from labvpn.reach.hub import HubState
from labvpn.reach.model import HostModel, Origin, ReachModel
from labvpn.render.documents import Concern, documents
from labvpn.state.document import read
from rehearsal.fortigate import ruleset
from rehearsal.fortigate.box import StandIn
from tests.rehearsal import reach_random
from tests.rehearsal.agent_host import SECRETS
from tests.rehearsal.hub_lab import HubHost
from tests.unit import boxes
from tests.unit.samples import lab

SENDERS = {
    "internet": ("198.51.100.10", "198.51.100.30", "198.18.0.5", "198.19.0.5"),
    "campus": ("203.0.113.140", "203.0.113.150", "203.0.113.200"),
    "workstation": ("203.0.113.21",),
}
TARGETS = {
    "server": "203.0.113.20",
    "workstation": "203.0.113.21",
    "campus": "203.0.113.140",
    "internet": "198.51.100.10",
}
USERS = ("owner", "guest1", "guest2")
INNER = "192.168.31.1"
WAITS = (0.9, 3.0, 15.0)
"""Seconds for an answer, and for one that the model expects and that did not come: then again for a busy machine."""

SERVICES = [
    {"name": "jupyterhub", "to": "203.0.113.21", "port": 8000},
    {"name": "page", "to": INNER, "port": 9000},
    {"name": "web", "to": "198.51.100.0/24", "port": 80},
    {"name": "campus", "to": "203.0.113.140", "protocol": "any"},
]


def declared() -> Lab:
    """The lab whose hub the users are in."""
    # A hundred thousand packets take longer than a session of the lab's defaults.
    users: list[dict[str, Any]] = [
        {"name": "owner", "reach": "free", "MultiLogins": 0, "AutoDisconnect": 0},
        {"name": "guest1", "group": "guests", "AutoDisconnect": 0},
        {"name": "guest2", "AutoDisconnect": 0},
    ]
    nat = {"secureNat": {"routes": [], "hostAddress": INNER}}
    return lab(users=users, hubs={"LAB": {"services": SERVICES, "groups": {"guests": {}}}}, vpn=nat, firewall=None)


class Worker:
    """A process on a machine that does what it is asked, one request at a time."""

    def __init__(self, line: list[str], environment: dict[str, str]) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(line, env=environment, **pipes)

    def ask(self, what: str, **words: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"do": what, **words}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def run(self, *command: str, text: str = "") -> str:
        status, output = self.ask("run", command=command, text=text)
        assert status == 0, output
        return str(output)

    def end(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Packet(NamedTuple):
    """A packet to try: by whom (a machine's address or a user), where to, at which port."""

    machine: str
    who: str
    target: str
    port: Port

    def __str__(self) -> str:
        return f"{self.who} -> {self.target}:{self.port}"


class Given(NamedTuple):
    """What a model is made of: a box's rows, a host's facts, and access rules made by hand beside the lab's own."""

    lab: Lab
    rows: Any
    facts: dict[str, Any]
    rules: list[dict[str, str]]

    def model(self) -> ReachModel:
        """The model of these rules."""
        assert self.lab.fortigate
        inventory = tables.inventory(self.rows)
        gate = Gate(self.lab.fortigate, inventory, PolicyList.of(inventory), lambda _policy: False)
        hub = HubState.of("LAB", read(documents(self.lab, "")[Concern.HUB]), tuple(self.rules))
        assert hub
        inner = frozenset((IPv4Address(INNER),))
        server = self.lab.server
        host = HostModel(server, server.address, {"LAB": hub}, HostRules.of(self.facts), "", inner)
        return ReachModel(self.lab, (host,), gate)


@dataclass
class ReachLab:
    """The machines' workers, and the rules that their hops have now."""

    host: HubHost
    workers: dict[str, Worker]
    base: list[dict[str, Any]]
    facts: dict[str, Any] = field(default_factory=dict)
    lab: Lab = field(default_factory=declared)

    def settle(self, box: StandIn, host: tuple[Any, Any] | None, rules: list[dict[str, str]]) -> Given:
        """Give the hops these rules (None: firewalld keeps those that it has), and return what the model is made of."""
        clear = f"{ruleset.TABLE} {{\n}}\ndelete {ruleset.TABLE}\n"
        self.workers["fortigate"].run("nft", "-f", "-", text=clear + ruleset.script(box, ()))
        if host is not None:
            self.facts = self.workers["server"].ask("settle", zones=host[0], policies=host[1])
        self.call("SetAccessList", {"HubName_str": "LAB", "AccessList": [*self.base, *map(_as_call, rules)]})
        return Given(self.lab, boxes.rows(box), self.facts, rules)

    def call(self, method: str, parameters: dict[str, Any]) -> Any:
        answer = self.workers["server"].ask(
            "call", password=SECRETS["administrator"], method=method, parameters=parameters
        )
        assert "error" not in answer, answer
        return answer["result"]

    def sent(self, packets: list[Packet], wait: float) -> dict[Packet, bool]:
        """Which of these packets were answered, all sent at once."""
        machines = {one.machine for one in packets}
        with ThreadPoolExecutor(len(machines)) as pool:
            found = pool.map(
                lambda name: self._sent(name, [one for one in packets if one.machine == name], wait), machines
            )
            return {packet: came for each in found for packet, came in each.items()}

    def _sent(self, machine: str, packets: list[Packet], wait: float) -> dict[Packet, bool]:
        lines = [
            [one.port.transport, "" if machine == "vpn" else one.who, one.target, one.port.number, _device(one)]
            for one in packets
        ]
        return dict(zip(packets, self.workers[machine].ask("send", packets=lines, wait=wait), strict=True))


def _device(one: Packet) -> str:
    return f"tun{USERS.index(one.who)}" if one.machine == "vpn" else ""


def _as_call(rule: dict[str, str]) -> dict[str, Any]:
    """An access rule as SoftEther's call has it."""
    first, _, last = rule.get("port", "0").partition("-")
    made: dict[str, Any] = {
        "Note_utf": rule["title"],
        "Active_bool": rule.get("active") != "no",
        "Priority_u32": int(rule["priority"]),
        "Discard_bool": rule["action"] == "discard",
        "IsIPv6_bool": False,
        "Protocol_u32": {"tcp": 6, "udp": 17, "icmp": 1}.get(rule.get("protocol", ""), 0),
        "SrcUsername_str": rule.get("user", ""),
        "DestPortStart_u32": int(first),
        "DestPortEnd_u32": int(last or first),
    }
    for key, side in (("from", "Src"), ("to", "Dest")):
        network = IPv4Network(rule.get(key, "0.0.0.0/0"))
        made |= {f"{side}IpAddress_ip": str(network.network_address), f"{side}SubnetMask_ip": str(network.netmask)}
    return made


def packets(dice: random.Random, stored: StandIn, count: int) -> list[Packet]:
    """Random packets between machines that are not the same, also to the addresses of VIPs in use."""
    vips = sorted(address for _, address in ruleset.vip_addresses(stored))
    found: set[Packet] = set()
    while len(found) < count:
        machine = dice.choice(("internet", "internet", "campus", "workstation", "vpn", "vpn"))
        who = dice.choice(USERS if machine == "vpn" else SENDERS[machine])
        targets = [address for name, address in TARGETS.items() if name != machine]
        targets += [INNER] if machine == "vpn" else vips if machine == "internet" else []
        if machine == "vpn":
            targets.remove(TARGETS["server"])
        port = Port(dice.choice(reach_random.PORTS), dice.choice(list(Transport)))
        found.add(Packet(machine, who, dice.choice(targets), port))
    return sorted(found)


def verdict(model: ReachModel, one: Packet) -> tuple[bool | None, str]:
    """What the model says of a packet, and its hops in words."""
    user = next((user for user in model.lab.users if user.name == one.who), None)
    origin = Origin(one.who, "LAB", user) if user else Origin(one.who, source=IPv4Address(one.who))
    routes = list(model.routes(origin, IPv4Address(one.target), one.port))
    said = {route.passes for route in routes}
    words = "; ".join(str(hop) for route in routes for hop in route.hops) or "nothing in between"
    return (said.pop() if len(said) == 1 else None), words
