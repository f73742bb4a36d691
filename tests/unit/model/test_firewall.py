"""The rules of firewalld's values."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from labvpn.model.firewall import HostFirewall


def firewall(**values: Any) -> HostFirewall:
    return HostFirewall.model_validate(values)


def test_users_dial_in_through_the_main_zone_and_those_that_say_so() -> None:
    made = firewall(zone="public", zones={"work": {"vpn": True}, "internal": {"sources": ["192.0.2.0/24"]}})
    assert made.open_zones == ("public", "work")


def test_a_host_among_the_sources_is_kept_as_firewalld_writes_it() -> None:
    assert firewall(zones={"work": {"sources": ["192.0.2.7/32", "2001:db8::/64"]}}).zones["work"].sources == (
        "192.0.2.7",
        "2001:db8::/64",
    )


def test_a_rule_is_kept_without_its_quotation_marks() -> None:
    rule = 'rule family="ipv4"  source address="192.0.2.7" service name="ssh" accept'
    assert firewall(zones={"work": {"rules": [rule]}}).zones["work"].rules == (
        "rule family=ipv4 source address=192.0.2.7 service name=ssh accept",
    )


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"zone": "no zone"}, "zone"),
        ({"closed": ["8000"]}, "'8000' is not a port such as 22/tcp"),
        ({"closed": ["8000/tcp", "8000/tcp"]}, "8000/tcp appears twice"),
        ({"beside": ["pf"]}, "ufw"),
        ({"bans": {"slow": 10}}, "must be below most"),
        ({"bans": {"exempt": ["the campus"]}}, "neither an address nor a network"),
        ({"zones": {"work": {"sources": ["192.0.2.1/24"]}}}, "neither an address nor a network"),
        ({"zones": {"work": {"sources": ["192.0.2"]}}}, "neither an address nor a network"),
        ({"zones": {"work": {"rules": ["accept everything"]}}}, "must begin with `rule`"),
        ({"zones": {"work": {"rules": ['rule log prefix="a b" accept']}}}, "blank inside quotation marks"),
        ({"zones": {"work": {"rules": ["rule $(reboot) accept"]}}}, "man firewalld.richlanguage"),
        (
            {"zones": {"work": {"interfaces": ["eth1"]}, "home": {"interfaces": ["eth1"]}}},
            "interface eth1 is in two zones",
        ),
        (
            {"zones": {"work": {"sources": ["192.0.2.0/24"]}, "home": {"sources": ["192.0.2.7"]}}},
            "192.0.2.0/24 of zone work and 192.0.2.7 of zone home overlap",
        ),
    ],
)
def test_a_mistake_is_named_with_its_remedy(values: dict[str, Any], part: str) -> None:
    with pytest.raises(ValidationError, match=part.replace("(", r"\(").replace("$", r"\$")):
        firewall(**values)


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("rule source address=192.0.2.7 service name=ssh accept", "needs its family; begin it with `rule family=ipv4`"),
        ("rule family=ipv4 source address=192.0.2.7 acept", "`acept` has no meaning behind `source`; did you mean"),
        ("rule service name=ssh", "says nothing that should happen; end it with accept, reject or drop"),
        ("rule port 22 protocol tcp accept", "`22` has no meaning behind `port`; write port=... or protocol=..."),
        ("rule family=ipv4 source adress=192.0.2.7 accept", "did you mean `address=`?"),
        ("rule port port=99999 protocol=tcp accept", "`port=99999` is not a port"),
        ("rule port port=20-10 protocol=tcp accept", "a range from its end"),
        ("rule port port=22 protocol=icmp accept", "`protocol=icmp` has no ports; write tcp, udp, sctp or dccp"),
        ("rule port port=22 accept", "`port` lacks its protocol; write `port protocol=...`"),
        ("rule family=ipv4 source address=2001:db8::1 accept", "`address=2001:db8::1` is not an address or network"),
        ("rule family=ipv4 source address=300.0.2.7 accept", "`address=300.0.2.7` is not an address"),
        ("rule family=ipv6 destination address=192.0.2.7 accept", "is not an address or network of ipv6"),
        ("rule family=ipv4 forward-port port=80 protocol=tcp to-addr=::1", "`to-addr=::1` is not an address"),
        ("rule family=ipv5 service name=ssh accept", "`family=ipv5` is neither ipv4 nor ipv6"),
        ("rule service name=ssh accept drop", "has both `accept` and `drop`"),
        ("rule service name=ssh port port=1 protocol=tcp drop", "has both `service` and `port`"),
        ("rule service name=ssh service name=http accept", "has `service` twice"),
        ("rule accept", "is for no source, destination, service or port"),
        ("rule masquerade accept", "`masquerade`, which says what happens, and `accept`; leave `accept` out"),
        ("rule priority=many service name=ssh accept", "`priority=many` is not a number"),
        ("rule family=ipv4 source accept", "`source` names nothing, or two things"),
        ("rule service name=ssh reject type=tcp-reset", "needs its family"),
        ("rule service name=ssh log audit", "which needs accept, reject or drop behind it"),
        ("rule service name= accept", "has no value, or two"),
        ("service name=ssh accept", "must begin with `rule`"),
        ('rule service name="ssh accept', "a quotation mark that is not closed"),
        ("rule service name=ssh log prefix=a$b accept", "has '$' in it, which the stack cannot pass on"),
    ],
)  # fmt: skip
def test_a_rule_that_firewalld_would_refuse_is_told_by_its_wrong_word(rule: str, part: str) -> None:
    with pytest.raises(ValidationError) as caught:
        firewall(zones={"work": {"rules": [rule]}})
    assert part in str(caught.value)


@pytest.mark.parametrize(
    "rule",
    [
        "rule family=ipv4 source address=192.0.2.7 log prefix=[ssh] level=info accept",
        "rule family=ipv4 source NOT address=10.0.0.0/8 service name=ssh drop",
        "rule family=ipv6 source address=2001:db8::/32 destination address=2001:db8:1::1 accept",
        "rule source mac=00:11:22:33:44:55 accept",
        "rule source ipset=friends port port=1000-2000 protocol=udp reject",
        "rule family=ipv4 forward-port port=80 protocol=tcp to-port=8080 to-addr=10.0.0.1",
        "rule priority=-5 drop",
        "rule priority=5 log prefix=seen level=debug limit value=3/m",
        "rule service name=ssh log limit value=3/m accept limit value=5/m",
        "rule service name=ssh audit accept",
        "rule port port=ssh protocol=tcp accept",
        "rule icmp-block name=echo-request",
        "rule protocol value=icmp mark set=1",
        "rule tcp-mss-clamp value=1400",
        "rule family=ipv4 masquerade",
    ],
)
def test_a_rule_that_firewalld_takes_is_taken_with_and_without_quotation_marks(rule: str) -> None:
    quoted = re.sub(r"=(\S+)", r'="\1"', rule)
    assert firewall(zones={"work": {"rules": [rule]}}).zones["work"].rules == (rule,)
    assert firewall(zones={"work": {"rules": [quoted]}}).zones["work"].rules == (rule,)
