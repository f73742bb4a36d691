"""`Changed by hand` covers only what someone changed since the last run, not what the configuration changed."""

from __future__ import annotations

import time

import pytest

from labvpn.parse.host import HostState
from labvpn.plan.host import drifted, planned

USER = "user LAB/a password=current MultiLogins=1\n"
OTHERS = "user LAB/a password=differs MultiLogins=1\n"
KEY = "ipsec l2tp=yes raw=no etherip=no hub=LAB key=current\n"

BY_THE_CONFIGURATION = {
    "a new pre-shared key": (KEY.replace("current", "differs"), KEY, KEY, ("ipsec key",)),
    "l2tp switched off": (
        KEY.replace("current", "differs"),
        KEY,
        "ipsec l2tp=no raw=no etherip=no\n",
        ("ipsec key",),
    ),
    "a protocol switched off": (
        "protocol sstp enabled=yes\n",
        "protocol sstp enabled=yes\n",
        "protocol sstp enabled=no\n",
        (),
    ),
    "a new password of the administrator": (
        "administrator password=differs\n",
        "administrator password=current\n",
        "administrator password=current\n",
        ("administrator password",),
    ),
    "rotation": (OTHERS, USER, USER, ("user LAB/a password",)),
    "a hub's password for the reaper": (
        "reaper hubs=LAB password=differs active=yes\n",
        "reaper hubs=LAB password=current active=yes\n",
        "reaper hubs=LAB password=current active=yes\n",
        ("reaper password",),
    ),
    "another way to log in": (
        "user LAB/a password=differs radius=differs MultiLogins=1\n",
        USER,
        'user LAB/a radius="" MultiLogins=1\n',
        ("user LAB/a password",),
    ),
    "a password that was left as it was and is set now": (
        OTHERS,
        USER.replace("current", "kept"),
        USER,
        ("user LAB/a password",),
    ),
    "a listener taken out": (
        "listener 443 enabled=yes\nlistener 992 enabled=yes\n",
        "listener 443 enabled=yes\nlistener 992 enabled=yes\n",
        "listener 443 enabled=yes\n",
        (),
    ),
    "ports taken out of firewalld": (
        "service vpn ports=443/tcp,992/tcp,8443/tcp\n",
        "service vpn ports=443/tcp,8443/tcp,992/tcp\n",
        "service vpn ports=443/tcp,992/tcp\n",
        (),
    ),
    "ports new to firewalld": (
        "service vpn ports=443/tcp\n",
        "service vpn ports=443/tcp\n",
        "service vpn ports=443/tcp,992/tcp\n",
        (),
    ),
    "a port that somebody had opened for now and that is declared since": (
        "service vpn ports=443/tcp,992/tcp(now)\n",
        "service vpn ports=443/tcp\n",
        "service vpn ports=443/tcp,992/tcp\n",
        (),
    ),
    "the order of a list": (
        "bans exempt=none zones=work,public active=yes\n",
        "bans exempt=none zones=public,work active=yes\n",
        "bans exempt=none zones=public active=yes\n",
        (),
    ),
    "a new version of the agent": ("agent digest=aa\n", "agent digest=aa\n", "agent digest=bb\n", ()),
}


@pytest.mark.parametrize(
    ("now", "applied", "wanted", "renewed"), BY_THE_CONFIGURATION.values(), ids=BY_THE_CONFIGURATION
)
def test_what_the_configuration_changed_is_planned_and_not_called_a_change_by_hand(
    now: str, applied: str, wanted: str, renewed: tuple[str, ...]
) -> None:
    seen = HostState(now, applied=applied, renewed=renewed)
    assert drifted(seen, wanted) == []
    assert planned(seen, wanted) != [] or now.replace("(now)", "") == wanted


@pytest.mark.parametrize("renewed", [(), ("user LAB/b password",)])
def test_a_secret_that_someone_changed_is_still_called_changed_by_hand(renewed: tuple[str, ...]) -> None:
    seen = HostState(OTHERS, applied=USER, renewed=renewed)
    assert drifted(seen, USER) == ["user a: the password on the server differs from the configuration"]
    assert planned(seen, USER) == []


def test_of_a_host_that_an_older_version_applied_no_secret_is_called_changed_by_hand() -> None:
    seen = HostState(OTHERS, applied=USER, renewed=None)
    assert drifted(seen, USER) == []
    assert planned(seen, USER) == ["~ user LAB/a: password set again, since the server has a different one"]


def test_a_field_that_is_not_secret_is_called_changed_by_hand_on_every_host() -> None:
    seen = HostState("archive vpnserver unit=differs\n", applied="archive vpnserver unit=current\n", renewed=None)
    assert drifted(seen, "archive vpnserver unit=current\n") == [
        "SoftEther's archive vpnserver: the unit on the server differs from the configuration"
    ]


def test_both_at_once_are_distinguished_entry_by_entry() -> None:
    seen = HostState(
        "service vpn ports=443/tcp,992/tcp,8080/tcp\n", applied="service vpn ports=443/tcp,992/tcp,1194/udp\n"
    )
    wanted = "service vpn ports=443/tcp,1194/udp,5555/tcp\n"
    assert drifted(seen, wanted) == [
        "firewalld: 1194/udp was removed from service vpn",
        "firewalld: 8080/tcp was added to service vpn",
    ]
    assert planned(seen, wanted) == ["~ service vpn: ports 443/tcp,992/tcp,8080/tcp -> 443/tcp,1194/udp,5555/tcp"]


def test_both_at_once_are_distinguished_field_by_field() -> None:
    seen = HostState(
        "user LAB/a AutoDisconnect=0 MultiLogins=1\n", applied="user LAB/a AutoDisconnect=1800 MultiLogins=1\n"
    )
    wanted = "user LAB/a AutoDisconnect=1800 MultiLogins=2\n"
    assert drifted(seen, wanted) == ["user a: AutoDisconnect is 0 on the server, 1800 here"]
    assert planned(seen, wanted) == ["~ user LAB/a: MultiLogins 1 -> 2"]


def test_what_an_interrupted_run_did_is_not_called_a_change_by_hand() -> None:
    applied, begun = (
        "user LAB/a MultiLogins=1\nuser LAB/b MultiLogins=1\n",
        "user LAB/a MultiLogins=2\nuser LAB/c MultiLogins=1\n",
    )
    half = "user LAB/a MultiLogins=2\nuser LAB/c MultiLogins=1\n"
    seen = HostState(half, applied=applied, begun=begun)
    wanted = "user LAB/a MultiLogins=3\nuser LAB/b MultiLogins=1\n"
    assert drifted(seen, wanted) == []
    assert planned(seen, wanted) == ["~ user LAB/a: MultiLogins 2 -> 3", "+ user LAB/b", "- user LAB/c"]
    by_hand = HostState("user LAB/a MultiLogins=9\n", applied=applied, begun=begun)
    assert drifted(by_hand, wanted) == ["user a: MultiLogins is 9 on the server, 3 here"]


def test_many_zones_and_services_are_compared_in_linear_time() -> None:
    lines = "".join(f"service s{number} ports=443/tcp\nzone z{number} services=s{number}\n" for number in range(1500))
    began = time.process_time()
    assert drifted(HostState(lines, applied=lines), lines.replace("443", "992")) == []
    assert time.process_time() - began < 5
