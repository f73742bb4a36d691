"""The rich rules by which an earlier agent banned sources; each has an end of its own, so none is anybody else's."""

from typing import Collection, List, Set

from labvpn.agent.core.lists import entries
from labvpn.agent.core.machine import Machine
from labvpn.agent.firewalld.ban_list import ban_orders, bans_of
from labvpn.agent.firewalld.ban_table import ESP

ACTIONS = ("reject", "drop")
"""What such a rule did; the second kind replaced the first while that got another end."""


def earlier_rules(machine: Machine) -> Set[str]:
    """Every rule by which an earlier agent may have banned a source of the ban list."""
    opened = entries(ban_orders(machine).get("from", ""))
    return {rule for source in bans_of(machine) for action in ACTIONS for rule in rules_against(source, opened, action)}


def rules_against(source: str, opened: Collection[str], action: str = ACTIONS[0]) -> List[str]:
    """The rules that kept a source from what lets users dial in: a service's name, ports (`443/tcp`), ESP."""
    family = "ipv6" if ":" in source else "ipv4"
    return ["rule family={} source address={} {} {}".format(family, source, end_of(one), action) for one in opened]


def end_of(opened: str) -> str:
    """What a rule names for an entry of the list."""
    if "/" in opened:
        return "port port={} protocol={}".format(*opened.split("/"))
    return "protocol value=esp" if opened == ESP else "service name=" + opened
