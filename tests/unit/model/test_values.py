"""The rules of a lab's values."""

import pytest
from pydantic import ValidationError

from labvpn.model import ports
from labvpn.model.passwords import derive
from labvpn.model.policies import effective
from labvpn.model.ports import Protocols, needed
from labvpn.model.problems import problems_of
from labvpn.model.securenat import SecureNat
from labvpn.model.users_file import read_users
from labvpn.model.vpn import Vpn


def problems(values: dict[str, object]) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Vpn.model_validate(values)
    return [str(problem) for problem in problems_of(caught.value, "vpn", Vpn)]


def test_l2tp_on_opens_ike_and_nat_traversal_and_never_1701() -> None:
    opened = {str(port) for port in needed((443,), Protocols(l2tp_ipsec=True, openvpn=False))}
    assert opened == {"443/tcp", "500/udp", "4500/udp"}


def test_l2tp_off_leaves_only_the_listeners() -> None:
    assert [str(port) for port in needed((992, 443), Protocols(l2tp_ipsec=False, openvpn=False))] == [
        "443/tcp",
        "992/tcp",
    ]


def test_openvpn_needs_its_udp_port() -> None:
    assert ports.openvpn_udp(Protocols(openvpn=True)) == (1194,)
    assert ports.openvpn_udp(Protocols(openvpn=False)) == ()


def test_a_misspelt_setting_is_answered_with_the_right_one() -> None:
    assert problems({"protocols": {"l2tpIpsek": True}}) == [
        "vpn.protocols.l2tpIpsek: there is no such setting; did you mean 'l2tpIpsec'?"
    ]


def test_all_mistakes_come_at_once_each_with_its_place() -> None:
    found = problems({"hub": "a b", "listeners": [443, 443], "secureNat": {"lease": 1}})
    assert [line.split(":")[0] for line in found] == ["vpn.hub", "vpn.listeners", "vpn.secureNat.lease"]


def test_a_listener_stands_once() -> None:
    assert "vpn.listeners: port 443 appears twice; keep one" in problems({"listeners": [443, 992, 443]})


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"address": "192.168.30.1/24", "first": "192.168.31.5"}, "lies outside"),
        ({"address": "192.168.30.1/24", "first": "192.168.30.90", "last": "192.168.30.80"}, "comes after"),
        ({"address": "192.168.30.20/24"}, "lies in the clients' range"),
        ({"address": "192.168.30.1/29"}, "too small"),
    ],
)
def test_the_clients_range_fits_the_network(values: dict[str, str], part: str) -> None:
    with pytest.raises(ValidationError, match=part):
        SecureNat.model_validate(values)


def test_users_are_read_with_the_labs_defaults() -> None:
    users, found = read_users("name,MultiLogins\nowner,0\nguest,\n", "users.csv")
    assert found == []
    assert {user.name: effective(None, user) for user in users} == {
        "owner": {"AutoDisconnect": 1800, "MultiLogins": 0},
        "guest": {"AutoDisconnect": 1800, "MultiLogins": 1},
    }


def test_users_that_softether_folds_together_are_named_with_both_lines() -> None:
    _, found = read_users("name\nguest\nGuest\n", "users.csv")
    assert [str(problem) for problem in found] == ['users.csv:3.name: "Guest" is in line 2 already; keep one']


def test_every_bad_line_of_the_users_is_reported() -> None:
    _, found = read_users("name,MultiLogins\nbad name,1\nok,many\nok2,1,x\n", "users.csv")
    assert [problem.place for problem in found] == ["users.csv:2.name", "users.csv:3.MultiLogins", "users.csv:4"]


def test_a_password_changes_with_the_rotation_and_the_user_alone() -> None:
    assert derive("secret", "guest", 0) == derive("secret", "GUEST", 0)
    assert len({derive("secret", "guest", 0), derive("secret", "guest", 1), derive("secret", "owner", 0)}) == 3
    assert len(derive("secret", "guest", 0)) == 20
