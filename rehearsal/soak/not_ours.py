"""Unmanaged objects on every hop, one per line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rehearsal.network import PRIMARY
from rehearsal.soak.by_hand_hub import BY_HAND
from rehearsal.soak.manual_changes import OF_NOW, ManualChanges


class Foreign(NamedTuple):
    """An unmanaged object: the shell command that queries it on a machine, and the expected text."""

    name: str
    machine: str
    query: str
    expected: str


CONFIG = "grep -a 'declare {0}' /var/lib/softether/vpn_server.config"
FIREWALLD = "firewall-cmd --list-all --zone={0}; firewall-cmd --permanent --list-all --zone={0}"


def user(manual: ManualChanges) -> None:
    """A user made by hand in our hub."""
    manual.call("CreateUser", HubName_str="LAB", Name_str="stranger", AuthType_u32=1, Auth_Password_str=BY_HAND)
    manual.call("Flush")


def hub(manual: ManualChanges) -> None:
    """Another hub with its own user."""
    manual.call("CreateHub", HubName_str="OTHER", Online_bool=True, HubType_u32=0)
    manual.call("CreateUser", HubName_str="OTHER", Name_str="elsewhere", AuthType_u32=1, Auth_Password_str=BY_HAND)
    manual.call("Flush")


def policy(manual: ManualChanges) -> None:
    """Another policy with its own address and service, above all others."""
    manual.box("POST", "firewall/address", {"name": "theirs", "subnet": "203.0.113.200 255.255.255.255"})
    manual.box("POST", "firewall.service/custom", {"name": "THEIRS", "tcp-portrange": "8443"})
    ends = {"srcintf": [{"name": "wan1"}], "dstintf": [{"name": "dmz"}], "srcaddr": [{"name": "theirs"}]}
    more = {"dstaddr": [{"name": "all"}], "service": [{"name": "THEIRS"}], "schedule": "always", "action": "accept"}
    manual.box("POST", "firewall/policy", {"name": "their-policy", **ends, **more})
    first = manual.box("GET", "firewall/policy")[0]["policyid"]
    manual.box("PUT", "firewall/policy/{their-policy}", None, f"&action=move&before={first}")


def records(manual: ManualChanges) -> None:
    """Another name in the zone, and other record types at our name."""
    manual.zone("add www.wide.example 60 A 203.0.113.7", "add vpn.wide.example 60 TXT theirs")
    manual.zone("add vpn.wide.example 60 AAAA 2001:db8::9")


def entries(manual: ManualChanges) -> None:
    """Entries in our zone and in another, a service and a rich rule, permanent and runtime ones."""
    ours = (
        "--add-service=http",
        "--add-port=9999/tcp",
        "--add-rich-rule='rule family=ipv4 source address=192.0.2.9 drop'",
    )
    manual.firewalld(
        *ours, "--zone=internal --add-port=7/tcp", "--new-service=theirs", "--service=theirs --add-port=8/tcp"
    )
    manual.shell(f"firewall-cmd -q --add-port={OF_NOW}")


def dig(name: str, kind: str) -> str:
    """A query to the zone's primary."""
    return f"dig +short {name}.wide.example {kind} @{PRIMARY}"


MAKERS = (user, hub, policy, records, entries)
"""The functions that create all of them."""

FOREIGN = (
    Foreign("a user made by hand in our hub", "server", CONFIG.format("stranger"), "stranger"),
    Foreign("another hub", "server", CONFIG.format("OTHER"), "OTHER"),
    Foreign("its user", "server", CONFIG.format("elsewhere"), "elsewhere"),
    Foreign("a service in our zone", "server", FIREWALLD.format("public"), "http"),
    Foreign("a port in our zone", "server", FIREWALLD.format("public"), "9999/tcp"),
    Foreign("a port of now in our zone", "server", FIREWALLD.format("public"), OF_NOW),
    Foreign("a rich rule in our zone", "server", FIREWALLD.format("public"), "192.0.2.9"),
    Foreign("a port in another zone", "server", FIREWALLD.format("internal"), "7/tcp"),
    Foreign("another service", "server", "firewall-cmd --permanent --info-service=theirs", "8/tcp"),
    Foreign("another name in the zone", "admin", dig("www", "A"), "203.0.113.7"),
    Foreign("another type at our name", "admin", dig("vpn", "TXT"), "theirs"),
    Foreign("IPv6 at our name", "admin", dig("vpn", "AAAA"), "2001:db8::9"),
)
"""On the hosts and at the name server; each is checked on its machine."""

ON_THE_BOX = {"firewall/address": "theirs", "firewall.service/custom": "THEIRS", "firewall/policy": "their-policy"}
"""On the FortiGate, by table: its policy stands above all others."""


def again(manual: ManualChanges, names: Sequence[str]) -> None:
    """Create again what a large manual change removed."""
    if "a user made by hand in our hub" in names:
        user(manual)
    if "a port of now in our zone" in names:
        manual.shell(f"firewall-cmd -q --add-port={OF_NOW}")


def lost(manual: ManualChanges) -> list[str]:
    """What is no longer there."""
    tables = manual.work("admin", [["rest", "GET", table, None, ""] for table in ON_THE_BOX])
    expected = {row["name"] for table in tables for row in table}
    gone = [f"{name} on the FortiGate" for name in ON_THE_BOX.values() if name not in expected]
    for machine in ("server", "admin"):
        here = [one for one in FOREIGN if one.machine == machine]
        answers = manual.work(machine, [["shell", f"{{ {one.query}; }} || true"] for one in here])
        gone += [one.name for one, answer in zip(here, answers, strict=True) if one.expected not in answer]
    return gone


COUNT = len(FOREIGN) + len(ON_THE_BOX)
