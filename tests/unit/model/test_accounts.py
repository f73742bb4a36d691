"""Users, groups and policies: what is taken, and every mistake with its place and remedy."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from labvpn.agent.softether.policies import DEFAULTS
from labvpn.model import accounts
from labvpn.model.lab import Lab
from labvpn.model.policies import Policies, effective
from labvpn.model.problems import problems_of
from labvpn.model.users_file import read_users
from tests.unit.samples import credentials, lab


def problems(header: str, *rows: str) -> list[str]:
    _, found = read_users("\n".join([header, *rows]), "users.csv")
    return [str(problem) for problem in found]


def with_users(*users: dict[str, Any], **hub: Any) -> Lab:
    return lab(users=list(users), hubs={"LAB": hub})


def found(one: Lab) -> list[str]:
    return [str(problem) for problem in accounts.problems(one)]


def test_every_policy_of_the_server_is_known_by_its_name() -> None:
    assert {info.alias for info in Policies.model_fields.values()} == set(DEFAULTS)


@pytest.mark.parametrize(
    ("written", "bits"), [("8 Mbit/s", 8_000_000), ("1.5Mbps", 1_500_000), ("800 kbit/s", 800_000), ("64000", 64_000)]
)
def test_a_bandwidth_is_written_in_readable_units(written: str, bits: int) -> None:
    assert Policies.model_validate({"MaxUpload": written}).stated() == {"MaxUpload": bits}


def test_an_unknown_policy_is_named_once_with_the_nearest_right_one() -> None:
    assert problems("name,AutoDisconect", "a,1", "b,2") == [
        "users.csv:1: AutoDisconect: there is no such column; did you mean 'AutoDisconnect'?"
    ]


@pytest.mark.parametrize(
    ("policy", "value", "message"),
    [
        ("TimeOut", "90", "is too large; write 60 or less"),
        ("MaxConnection", "0", "is too small; write 1 or more"),
        ("MaxUpload", "8 MB/s", "is not a value with a known unit"),
        ("MaxDownload", "5 Gbit/s", "write 4294967295 or less"),
        ("VLanId", "4096", "write 4095 or less"),
        ("Access", "perhaps", "write true or false"),
    ],
)
def test_a_policy_outside_its_range_is_refused(policy: str, value: str, message: str) -> None:
    (line,) = problems(f"name,{policy}", f"a,{value}")
    assert line.startswith(f"users.csv:2.{policy}: ")
    assert message in line


def test_a_users_policy_wins_over_the_groups_and_that_over_the_labs() -> None:
    group = Policies.model_validate({"AutoDisconnect": "10 min", "MaxUpload": 5})
    user = Policies.model_validate({"MaxUpload": 7})
    assert effective(group, user) == {"AutoDisconnect": 600, "MultiLogins": 1, "MaxUpload": 7}


@pytest.mark.parametrize("name", ["Administrator", "securenat", "L3SW_x", "link"])
def test_a_name_that_softether_keeps_for_itself_is_refused(name: str) -> None:
    assert "is a name of SoftEther's own" in problems("name", name)[0]


def test_names_that_softether_folds_together_are_one() -> None:
    assert problems("name", "Guest", "guest") == ['users.csv:3.name: "guest" is in line 2 already; keep one']


@pytest.mark.parametrize("mac", ["00-AC-11-22-33", "00-AC-11-22-33-4G", "01-00-5E-00-00-01"])
def test_a_mac_that_is_none_is_refused(mac: str) -> None:
    (line,) = problems("name,devices", f"a,{mac}")
    assert f"'{mac}' is" in line


def test_mac_addresses_are_taken_as_every_system_writes_them() -> None:
    users, none = read_users("name,devices\na,00:ac:11:22:33:44 00ac.1122.3355\n", "users.csv")
    assert none == []
    assert users[0].devices == ("00-AC-11-22-33-44", "00-AC-11-22-33-55")


def test_every_mistake_between_users_and_hubs_comes_at_once() -> None:
    one = with_users(
        {"name": "a", "group": "studnets"},
        {"name": "b", "hub": "LAP"},
        {"name": "c", "auth": "signed"},
        {"name": "d", "auth": "radius"},
        {"name": "students"},
        groups={"students": {}},
    )
    assert found(one) == [
        "user a: group: there is no such group; did you mean 'students'?",
        "user b: hub: there is no such hub; did you mean 'LAB'?",
        "user c: auth: is signed, but the hub trusts no CA; name one in the hub's authorities",
        "user d: auth: is radius, but the hub has no RADIUS server; give the hub's radius",
        "user students: name: is the name of a group too, and an access rule would mean both; rename one",
    ]


def test_hubs_that_share_addresses_are_refused() -> None:
    with pytest.raises(ValidationError) as caught:
        lab(hubs={"OWNER": {"secureNat": {"address": "192.168.30.129/25"}}})
    (problem,) = problems_of(caught.value, "", Lab)
    assert "hubs LAB and OWNER share addresses" in problem.message


def test_devices_of_a_user_of_openvpn_or_l2tp_are_warned_of() -> None:
    mac = "00-AC-11-22-33-44"
    users = (
        {"name": "any", "devices": mac},
        {"name": "own", "devices": mac, "clients": "softether"},
        {"name": "phone", "devices": mac, "clients": "l2tp"},
    )
    said = list(accounts.warnings(with_users(*users), credentials()))
    assert [line.partition(":")[0] for line in said] == ["any", "phone"]
    assert "by openvpn, l2tp, old-android this user cannot connect" in said[0]


def test_more_users_than_addresses_are_warned_of() -> None:
    users = [{"name": f"user{number}"} for number in range(192)]
    (said,) = accounts.warnings(with_users(*users), credentials())
    assert "hub LAB has 192 users and addresses for 191 at once" in said
    assert list(accounts.warnings(with_users(*users[1:]), credentials())) == []


def test_a_short_key_and_old_android_clients_are_warned_of() -> None:
    short = credentials(presharedKey="ten-charac")
    said = list(accounts.warnings(with_users({"name": "a", "clients": "old-android"}), short))
    assert said[0].startswith("presharedKey has 10 characters, and whoever records a login can guess")
    assert "old Android clients (a) fail above 9" in said[1]
    assert list(accounts.warnings(with_users({"name": "a"}), credentials())) == []


def test_a_certificate_and_its_way_of_login_belong_together() -> None:
    assert "belong together" in problems("name,auth", "a,certificate")[0]
    assert "belong to auth signed" in problems("name,commonName", "a,carol")[0]
