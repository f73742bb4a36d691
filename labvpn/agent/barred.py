"""Who is barred from the VPN now, as the guard wrote it down, and the rules of firewalld that do it."""

import json
from typing import Any, Dict, Iterator, List, Set

from labvpn.agent.guesses import Bar
from labvpn.agent.lists import entries
from labvpn.agent.machine import Machine
from labvpn.agent.state import HOME

BAN_ORDERS = HOME + "/bans.json"
"""What the guard is told."""

BARRED = HOME + "/barred.json"
"""Who is barred now: source, end in seconds since 1970, failed logins."""


def ban_orders(machine: Machine) -> Dict[str, Any]:
    """What the guard was told; empty where there is none."""
    orders: Dict[str, Any] = json.loads(machine.read(BAN_ORDERS) or "{}")
    return orders


def bars_of(machine: Machine) -> Dict[str, Bar]:
    """Who is barred."""
    held = json.loads(machine.read(BARRED) or "{}")
    return {source: Bar(float(until), int(count)) for source, (until, count) in held.items()}


def rules_against(source: str, opened: List[str]) -> List[str]:
    """The rules that keep a source from what lets users dial in: a service's name, or ports such as `443/tcp`."""
    family = "ipv6" if ":" in source else "ipv4"
    ends = [
        "port port={} protocol={}".format(*one.split("/")) if "/" in one else "service name=" + one for one in opened
    ]
    return ["rule family={} source address={} {} reject".format(family, source, end) for end in ends]


def bar_rules(machine: Machine) -> Set[str]:
    """Every rule that bars somebody now."""
    opened = entries(ban_orders(machine).get("from", ""))
    return {rule for source in bars_of(machine) for rule in rules_against(source, opened)}


def bars_again(machine: Machine, now: float) -> Iterator[List[str]]:
    """The options of firewall-cmd that bring every bar back for the time that is left of it."""
    orders = ban_orders(machine)
    for source, bar in bars_of(machine).items():
        rules = ["--add-rich-rule=" + rule for rule in rules_against(source, entries(orders.get("from", "")))]
        for zone in entries(orders.get("zones", "")) if bar.until > now else []:
            yield ["--zone=" + zone, "--timeout={:.0f}".format(max(1.0, bar.until - now)), *rules]
