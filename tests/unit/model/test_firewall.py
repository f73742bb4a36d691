"""The rules of firewalld's values."""

from __future__ import annotations

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
