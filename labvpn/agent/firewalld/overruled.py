"""Rules beside firewalld that take the VPN's packets before its users reach it, whatever firewalld opens."""

import json
import re
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from labvpn.agent.core.lists import covers
from labvpn.agent.firewalld.foreign_rules import Rules, rules_of
from labvpn.agent.firewalld.kernel_rules import POLICY_TABLE, STRANGER, TABLE, KernelRules
from labvpn.agent.firewalld.packets import ACCEPT, DROP, SILENT, Packet, Ruleset, the_one

LEADS_AWAY = re.compile(r"-j DNAT .*--to-destination (\S+)")
ARRIVES = re.compile(r"(?<!!) -i (\S+)")
FOR_SOME = re.compile(
    r"(^| )((-[sd]|--(source|destination|src|dst|sports?|source-ports?|tcp-flags|syn)) |! --dports? "
    r"|-m (?!(tcp|udp|multiport|comment|addrtype) ))"
)
"""Conditions by which a rule may be about a part of the packets: other addresses or ports, and what is not read."""


def overruled(kernel: KernelRules, ports: Iterable[str]) -> Iterator[str]:
    """One sentence for each table that drops ports of the VPN, and for each rule that leads one elsewhere."""
    single = [port for port in ports if port.partition("/")[0].isdigit()]
    ruleset = kernel.ruleset()
    if ruleset is not None:
        yield from dropped(ruleset, kernel.outside(), single)
        yield from led_away_by_nft(ruleset, kernel.outside(), single)
    saved = kernel.machine.run(["iptables-save", "-t", "nat"])
    yield from led_away(rules_of(saved.output if saved.status == 0 else ""), kernel.outside(), single)


def dropped(ruleset: Ruleset, outside: List[str], ports: List[str]) -> Iterator[str]:
    """The tables that surely drop what a stranger sends: in nft an accept of firewalld's does not help there."""
    for table in sorted({name for _, name in ruleset.tables} - {TABLE, POLICY_TABLE}):
        closed: Dict[str, List[str]] = {}
        for port in ports:
            for interface in entrances(ruleset, outside, port):
                if ruleset.verdicts(packet(interface, port), {table}) == {DROP}:
                    closed.setdefault(interface, []).append(port)
        for interface, those in sorted(closed.items()):
            text = "table {} of nft, beside firewalld, drops {} on {}, so no user reaches the VPN by it; open it there"
            yield text.format(table, ", ".join(those), interface)


def entrances(ruleset: Ruleset, outside: List[str], port: str) -> List[str]:
    """The interfaces on which firewalld lets a port in; all of them where it does so on none yet."""
    return [one for one in outside if ruleset.verdicts(packet(one, port), {TABLE}) == {ACCEPT}] or outside


def packet(interface: str, port: str) -> Packet:
    """What a stranger sends to a port; users dial by IPv4."""
    number, _, transport = port.partition("/")
    return Packet(interface, STRANGER["ip"], transport, int(number))


def led_away(rules: Rules, outside: List[str], ports: List[str]) -> Iterator[str]:
    """Ports of containers (Docker, podman, the host ports of Kubernetes), which need no program that listens."""
    for rule in [rule for place in rules.values() for rule in place]:
        found, arrives = LEADS_AWAY.search(rule), ARRIVES.search(rule)
        if found and not FOR_SOME.search(rule) and (arrives is None or arrives.group(1) in outside):
            for port in [port for port in ports if is_for(rule, port)]:
                text = "a rule of iptables leads {} to {}, so users arrive there and not at the VPN: {}; {}"
                yield text.format(port, found.group(1), rule, "give that service another port")


def led_away_by_nft(ruleset: Ruleset, outside: List[str], ports: List[str]) -> Iterator[str]:
    """The same by rules of nft all of whose conditions surely hold of a stranger's packet, the port among them."""
    for key in [key for key in ruleset.rules if key[1] != TABLE]:
        for rule in ruleset.rules[key]:
            target = next((to for word, to in map(the_one, rule) if word == "dnat" and isinstance(to, dict)), None)
            for port in ports if target and '"dport"' in json.dumps(rule) else []:
                if any(is_about(ruleset, key, rule, packet(one, port)) for one in outside):
                    text = "table {} of nft leads {} to {}, so users arrive there and not at the VPN; {}"
                    yield text.format(key[1], port, place_of(target), "give that service another port")


def is_about(ruleset: Ruleset, key: Tuple[str, str, str], rule: List[Any], sent: Packet) -> bool:
    """Whether every condition of a rule surely is true of a packet."""
    words = [the_one(one) for one in rule]
    known = all(word in SILENT or word in ("match", "dnat") for word, _ in words)
    return known and all(ruleset.fits(key, body, sent) is True for word, body in words if word == "match")


def place_of(target: Optional[Dict[str, Any]]) -> str:
    """Where a rule of nft leads packets to."""
    address, port = (target or {}).get("addr"), (target or {}).get("port")
    return "{}:{}".format(address, port) if port else str(address)


def is_for(rule: str, port: str) -> bool:
    """Whether a rule names this port as the one that was dialled."""
    transport = port.partition("/")[2]
    named = re.search(r"-p (\w+) .*--dports? (\S+)", rule)
    given = named.group(2).replace(":", "-").split(",") if named and named.group(1) == transport else []
    return any(covers("{}/{}".format(one, transport), port) for one in given)
