"""The bans in the kernel: their table, whom and what it names, and the rules of an earlier agent that it replaces."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labvpn.agent.core import nftables
from labvpn.agent.core.document import Change, parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.nftables import NoNftables
from labvpn.agent.core.paths import BAN_LIST, BAN_ORDERS
from labvpn.agent.daemons.login_guard import LoginGuard
from labvpn.agent.daemons.login_guard_service import HINDERED, LoginGuardService
from labvpn.agent.firewalld.ban_policy import Ban, is_source
from labvpn.agent.firewalld.ban_table import BAN_TABLE, ESP, table
from labvpn.agent.firewalld.earlier_bans import rules_against
from labvpn.agent.firewalld.firewalld import Firewalld
from labvpn.agent.firewalld.packets import Ruleset
from tests.unit.agent.test_ban_faults import guard_said
from tests.unit.agent.test_bans import (
    GUESSER,
    LINE,
    NEIGHBOUR,
    NOW,
    SERVICE,
    Host,
    appended,
    furnished,
    guesses,
    set_up,
)

EARLIER = rules_against(GUESSER, ["vpnserver"])[0]
BY_HAND = f"rule family=ipv4 source address={NEIGHBOUR} service name=vpnserver reject"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return furnished(Host(tmp_path))


def test_a_thousand_sources_are_barred_by_one_change(host: Host) -> None:
    guard = set_up(host)
    guard.round(NOW)
    sources = [f"203.0.{n // 250}.{n % 250 + 1}" for n in range(1000)]
    appended(host, "".join(guesses(10, source) for source in sources))
    changes = host.changes
    said = guard.round(NOW + 10)
    assert len(said) == len(host.banned) == 1000
    assert host.changes == changes + 1


def test_each_kind_of_source_is_in_a_set_of_its_own(host: Host) -> None:
    ban = Ban(NOW + 60, 5)
    sources = ["198.51.100.66", "2001:db8:1:2::/64", "2001:db8:1:2::8"]
    text = "".join(table(dict.fromkeys(sources, ban), ["443/tcp", "1-9/udp", ESP, "; flush"], NOW))
    assert re.findall(r"set (\S+) \{\ntype (\S+)\nflags timeout\nelements = \{ (\S+) timeout 60s \}", text) == [
        ("addresses", "ipv4_addr", "198.51.100.66"),
        ("addresses6", "ipv6_addr", "2001:db8:1:2::8"),
        ("subscribers6", "ipv6_addr", "2001:db8:1:2::"),
    ]
    assert re.findall("(.*) jump banned", text) == ["udp dport 1-9", "tcp dport 443", "meta l4proto esp"]
    assert "flush" not in text


@pytest.mark.parametrize("text", [None, "", "<service", "<service/>"])
def test_a_service_without_ports_is_a_trouble_and_the_other_ports_are_closed(host: Host, text: str | None) -> None:
    handler, name = LoginGuardService(Firewalld(host)), "/etc/firewalld/services/vpnserver.xml"
    handler.apply([Change(parse(LINE.replace("from=vpnserver", "from=vpnserver,992/tcp"))[0], None)])
    host.delete(name) if text is None else host.write(name, text)
    guard = LoginGuard(host)
    appended(host, guesses(10))
    guard.round(NOW + 10)
    assert set(host.banned) == {GUESSER}
    assert "tcp dport 992 jump banned" in host.table
    assert "no port of the service vpnserver" in guard_said(host)
    host.write(name, SERVICE)
    guard.round(NOW + 11)
    assert guard_said(host) == ""


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("198.51.100.66", True),
        ("2001:db8::7", True),
        ("2001:db8:1:2::/64", True),
        ("198.51.100.66/64", False),
        ("198.51.100.0/24", False),
        ("2001:db8::/48", False),
        ("fe80::1%eth0", False),
        ("2001:DB8::7", False),
        ("::ffff:198.51.100.66", False),
        ("a }; flush ruleset", False),
        ("", False),
    ],
)
def test_a_list_names_sources_as_the_guard_writes_them_and_nothing_else_of_it_counts(text: str, known: bool) -> None:
    assert is_source(text) is known


def test_the_bans_are_no_rules_of_the_lab() -> None:
    own = {"family": "inet", "table": BAN_TABLE}
    items = [
        {"table": {"family": "inet", "name": BAN_TABLE}},
        {"chain": {**own, "name": "input", "type": "filter", "hook": "input", "prio": -5, "policy": "accept"}},
        {"rule": {**own, "chain": "input", "expr": [{"jump": {"target": "banned"}}]}},
        {"set": {**own, "name": "addresses", "elem": [GUESSER]}},
    ]
    ruleset = Ruleset(json.dumps({"nftables": items}))
    assert (ruleset.tables, ruleset.chains, ruleset.rules, ruleset.sets) == (set(), {}, {}, {})


def taken_over(host: Host, bans: dict[str, list[float]]) -> LoginGuard:
    """A host as an earlier agent leaves it, with its rules and its list."""
    guard_orders(host)
    host.write(BAN_LIST, json.dumps(bans))
    return LoginGuard(host)


def guard_orders(host: Host) -> None:
    LoginGuardService(Firewalld(host)).apply([Change(parse(LINE)[0], None)])


@pytest.mark.parametrize("spelling", [EARLIER, EARLIER.replace("=ipv4", '="ipv4"'), EARLIER.replace("reject", "drop")])
def test_rules_of_an_earlier_agent_go_once_the_table_has_their_bans(host: Host, spelling: str) -> None:
    host.rules = {spelling, BY_HAND}
    guard = taken_over(host, {GUESSER: [NOW + 60, 5]})
    assert guard.round(NOW) == []
    assert host.banned == {GUESSER: 60}
    assert host.rules == {BY_HAND}


def test_many_rules_of_an_earlier_agent_go_a_few_in_each_round_so_that_the_log_is_read(host: Host) -> None:
    sources = [f"203.0.113.{number}" for number in range(1, 46)]
    host.rules = {rules_against(source, ["vpnserver"])[0] for source in sources}
    guard = taken_over(host, {source: [NOW + 60, 5] for source in sources})
    left = [len(host.rules) for _ in range(3) if guard.round(NOW) == []]
    assert left == [25, 5, 0]
    asked = len(host.asked)
    guard.round(NOW + 1)
    assert len(host.asked) == asked


def test_a_ban_that_is_over_or_exempt_now_leaves_no_earlier_rule(host: Host) -> None:
    host.rules = {EARLIER}
    taken_over(host, {GUESSER: [NOW - 60, 5]}).round(NOW)
    assert (host.rules, host.banned) == (set(), {})


def test_a_preview_takes_no_rule_of_an_earlier_agent_for_somebody_elses(host: Host) -> None:
    host.rules = {EARLIER, BY_HAND}
    taken_over(host, {GUESSER: [NOW + 60, 5]})
    assert Firewalld(host).for_now_only() == {"public": ["--add-rich-rule=" + BY_HAND]}


def test_the_guard_that_goes_takes_an_earlier_agents_rules_with_it(host: Host) -> None:
    host.rules = {EARLIER, BY_HAND}
    taken_over(host, {GUESSER: [NOW + 60, 5]})
    LoginGuardService(Firewalld(host)).remove([])
    assert (host.rules, host.table) == ({BY_HAND}, "")
    assert not host.path(BAN_ORDERS).exists()


def test_a_host_that_takes_no_rules_of_nft_is_drift_and_loses_its_guard_all_the_same(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, (line,) = LoginGuardService(Firewalld(host)), parse(LINE)
    guard_orders(host)

    def refuse(commands: str) -> None:
        raise NoNftables("libnftables.so.1 is missing on the VPN host")

    monkeypatch.setattr(host, "nft", refuse)
    with pytest.raises(AgentError):
        LoginGuard(host).round(NOW)
    assert "libnftables.so.1 is missing" in guard_said(host)
    assert (handler.read(line) or {})["active"] == HINDERED
    handler.remove([line])
    assert not host.path(BAN_ORDERS).exists()


def test_without_libnftables_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nftables, "LIBRARY", "libnftables-not-there.so.1")
    with pytest.raises(NoNftables, match=r"install it \(libnftables1 on Debian, nftables elsewhere\)"):
        nftables.carry_out("")


def test_a_firewalld_that_is_down_stops_no_takeover(host: Host) -> None:
    guard = taken_over(host, {GUESSER: [NOW + 60, 5]})
    host.down = True
    guard.round(NOW)
    assert host.banned == {GUESSER: 60}
