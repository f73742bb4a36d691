"""From what a host shows to the configuration: nothing changes that could stay, and what is uncertain is reported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labvpn.adopt.firewalld import firewall
from labvpn.adopt.found import Found
from labvpn.adopt.server import server
from labvpn.adopt.users import table
from labvpn.model.lab import Lab
from labvpn.model.users_file import read_users
from labvpn.model.vpn import Vpn
from labvpn.parse.inventory import read_inventory
from labvpn.render.documents import Concern, documents
from tests.unit.adopt.samples import LINES, survey


def found(lines: str = LINES, **changes: Any) -> Found:
    one = Found({"server": {"address": "203.0.113.20", "install": "present"}})
    server(one, survey(lines, **changes))
    return one


def lab_of(one: Found) -> Lab:
    users, problems = read_users(table(one.users), "users.csv", one.files.__getitem__)
    assert problems == []
    lab = Lab.model_validate(one.sections, context={"files": one.files.get})
    return lab.model_copy(update={"users": users})


def test_the_configuration_renders_line_for_line_what_the_host_shows() -> None:
    one = found()
    wanted = documents(lab_of(one), "")
    of_host = {line.partition(" ")[0] + " " + line.split()[1]: line for line in LINES.splitlines()}
    for concern in (Concern.SERVER, Concern.HUB):
        for line in wanted[concern].splitlines():
            there = of_host.get(" ".join(line.split()[:2]), "")
            fields = {word for word in line.split()[1:] if not word.startswith(("key=", "hub=", "exclusive="))}
            # A policy that is not named is the usual one, and zero is the usual limit.
            fields -= {"AutoDisconnect=0", "MultiLogins=0", "password=current"}
            assert fields <= set(there.split()) | {'realname=""', 'note=""'}, line
    assert one.remarks == ["The hub SPARE has no user, so the stack leaves it alone"]


def test_what_the_stack_would_change_is_kept_and_nothing_else_is() -> None:
    kept = found().sections["vpn"]["kept"]
    assert kept == ["access", "administration", "hub-password", "dynamic-dns", "nat-traversal", "udp"]


def test_wireguard_that_is_on_stays_on() -> None:
    one = found(LINES + "wireguard enabled=yes\n")
    assert "wireguard" in one.sections["vpn"]["kept"]
    assert "wireguard enabled=kept\n" in documents(lab_of(one), "")[Concern.SERVER]


def test_no_password_and_no_secret_is_in_the_configuration() -> None:
    one = found()
    assert one.secrets == {"presharedKey": "of-the-lab-by-hand"}
    assert "by-hand" not in json.dumps(one.sections) + table(one.users) + repr(one) + repr(survey())
    assert {row["auth"] for row in one.users} == {"kept"}


def test_a_user_states_every_limit_so_that_no_default_of_the_lab_applies() -> None:
    jun, guest = found().users
    assert (jun["AutoDisconnect"], jun["MultiLogins"]) == ("0", "0")
    assert (guest["AutoDisconnect"], guest["MultiLogins"]) == ("1800", "1")


@pytest.mark.parametrize(
    ("line", "other", "words"),
    [
        ("listener 5555 enabled=yes", "listener 5555 enabled=no", "listener 5555 is switched off"),
        ("raw=no", "raw=yes", "L2TP without IPsec is on"),
        ("securenat LAB enabled=yes", "securenat LAB enabled=no", "SecureNAT of LAB is switched off"),
        ("dhcp=yes", "dhcp=no", "SecureNAT of LAB: DHCP is off"),
        ("gateway=192.168.30.1", "gateway=192.168.30.2", "it names another router"),
        ("user LAB/jun password=kept", "user LAB/jun login=other", "jun of LAB is left unchanged: the login is anony"),
        ("LAB/jun password", "LAB/研究 password", "研究 of LAB is left unchanged: name"),
    ],
)
def test_what_the_configuration_cannot_express_is_reported(line: str, other: str, words: str) -> None:
    assert line in LINES
    assert [remark for remark in found(LINES.replace(line, other)).remarks if words in remark]


def test_rules_made_by_hand_are_named() -> None:
    assert "stay as they are (tried)" in "".join(found(rules={"LAB": ["tried"]}).remarks)


def test_a_host_without_softether_has_no_inventory() -> None:
    assert read_inventory('{"installed": false}') is None


def test_a_firewalld_that_does_not_run_is_left_alone() -> None:
    one = Found()
    firewall(one, survey(firewalld=None), Vpn())
    assert "firewall" not in one.sections
    assert "does not run" in one.remarks[0]


def test_the_wildcard_user_of_every_hub_is_adopted_with_its_hub() -> None:
    more = 'user LAB/* radius="" group=none expires=never realname="" note="" MultiLogins=1\n'
    radius = "radius LAB server=198.51.100.9 port=1812 retry=1000\n"
    both = LINES + more + radius + more.replace("LAB/", "SPARE/") + radius.replace("LAB", "SPARE")
    one = found(both, radiusSecrets={"LAB": "canary", "SPARE": "canary"})
    wanted = documents(lab_of(one), "")[Concern.HUB].splitlines()
    assert [line.split()[1:3] for line in wanted if "/* " in line] == [["LAB/*", 'radius=""'], ["SPARE/*", 'radius=""']]
