"""`*` on the real server, with FreeRADIUS and real clients: whom it lets in, what they reach, how they are cut."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labvpn.model.lab import Lab
from labvpn.parse.host import HostState
from labvpn.plan.host import drifted
from labvpn.render.documents import Concern, documents
from rehearsal import dial
from rehearsal.dial import Login
from rehearsal.network import WHOAMI
from tests.rehearsal import softether_client
from tests.rehearsal.hub_lab import SERVER, SERVICES, WEB, WORKSTATION, HubHost, lets_in
from tests.rehearsal.openvpn_client import IN, REFUSED, dialling
from tests.rehearsal.radius import answering
from tests.unit.samples import lab

LIMIT, HOLD = 12, 15
ENDS = ("--session-timeout", str(4 * LIMIT))
"""A client that nobody cuts ends by itself, so that its test does."""
DOMAIN = "CAMPUS\\kai"
LINES = ("guest", "late", "rita", "shut")
KNOWN = (DOMAIN, "jdoe@campus.example", "aoi", "jdoe", "kai", "ken", "mika", "noa", "ryo", "sora", "yui", *LINES)
"""Each test dials by names of its own: a session whose client was ended lives on for some seconds, and counts."""
WILDCARD = {"name": "*", "auth": "radius", "group": "campus", "MultiLogins": 1}
WHO = "user * (everyone whom RADIUS knows) of LAB"


def campus(*others: dict[str, Any], wildcard: dict[str, Any] | None = WILDCARD, exclusive: bool = False) -> Lab:
    """A hub that asks RADIUS for everybody, with the lines of some."""
    users: list[dict[str, Any]] = [
        {"name": "guest"},
        {"name": "rita", "auth": "radius", "reach": "free", "AutoDisconnect": 600},
        {"name": "late", "auth": "radius", "expires": "2026-01-31"},
        {"name": "shut", "auth": "radius", "Access": False},
        *others,
    ]
    group = {"policies": {"MaxDownload": "20 Mbit/s", "AutoDisconnect": 900}}
    hub = {"services": SERVICES, "groups": {"campus": group}, "radius": {"server": WHOAMI}, "exclusive": exclusive}
    sessions = {"interval": 1, "hold": HOLD}
    vpn = {"secureNat": {"routes": []}, "sessions": sessions}
    return lab(users=[*users, *([wildcard] if wildcard else [])], hubs={"LAB": hub}, vpn=vpn)


def login(user: str, password: str = "") -> Login:
    return Login(SERVER, user, password or f"radius-of-{user}")


def status(host: HubHost) -> dict[str, dict[str, Any]]:
    """The sessions by their user."""
    return {session["user"]: session for session in json.loads(host.agent("status"))["sessions"]}


def previewed(host: HubHost, one: Lab) -> list[str]:
    """What a preview says that somebody changed, and what it warns of."""
    snapshot = host.snapshot(one)
    seen = HostState(snapshot["observed"], snapshot["applied"])
    return [*drifted(seen, documents(one, "")[Concern.HUB]), *snapshot["warnings"]]


def made_by_hand(host: HubHost, one: Lab) -> list[str]:
    """What stands in the hub beside what is declared."""
    notes: list[str] = host.snapshot(one)["notes"]
    return notes


def journal(host: HubHost) -> str:
    return host.output("server", "journalctl", "-u", "labvpn-reaper", "--no-pager", "-o", "cat")


def wildcard_by_hand() -> tuple[str, dict[str, Any]]:
    return "CreateUser", {"HubName_str": "LAB", "Name_str": "*", "AuthType_u32": 4}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubHost]:
    host = HubHost("everybody")
    host.begin_with_server()
    host.apply(campus())
    accounts = {user: f"radius-of-{user}" for user in KNOWN}
    with answering(host, "internet", tmp_path_factory.mktemp("radius"), SERVER, "radius-canary", accounts):
        yield host
    host.stop()


@pytest.fixture(autouse=True)
def _here(host: HubHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABVPN_REHEARSAL", host.name)


def test_everybody_is_read_back_as_declared_and_applied_again_without_a_change(host: HubHost) -> None:
    assert host.differs(campus()) == set()
    assert host.apply(campus()) == ["nothing to change"]
    assert previewed(host, campus()) == []


def test_whom_radius_knows_is_let_in_without_a_line_and_reaches_the_services_alone(host: HubHost) -> None:
    with dial.dialled("campus", login("jdoe")) as client:
        assert client.address, client.log
        assert host.fetch("campus", WEB)
        assert not host.fetch("campus", WORKSTATION)
        session = status(host)["jdoe"]
        assert (session["everybody"], session["limit"]) == (True, 900)


def test_softethers_own_client_is_let_in_where_its_account_is_one_of_radius(host: HubHost, tmp_path: Path) -> None:
    account, word = softether_client.by_hand(SERVER, "ryo"), login("ryo").password
    with softether_client.dialling(host, "campus", tmp_path, account, word, kind="radius") as client:
        assert client.becomes("Connected"), client.status()
        assert status(host)["ryo"]["everybody"]


@pytest.mark.parametrize("wrong", [login("ken", "wrong"), login("nobody"), login("KEN", "radius-of-ken")])
def test_a_wrong_password_or_name_is_refused(host: HubHost, wrong: Login) -> None:
    with dial.dialled("campus", wrong) as client:
        assert client.refused, client.log


def test_a_name_with_a_domain_is_asked_for_as_it_stands_unless_it_is_a_hub(host: HubHost) -> None:
    with dial.dialled("campus", login("jdoe@campus.example")) as client:
        assert client.address, client.log
        assert "jdoe@campus.example" in status(host)
    with dial.dialled("campus", login("yui@LAB", "radius-of-yui")) as client:
        assert client.address, client.log
        assert "yui" in status(host)


def test_a_second_session_of_one_name_is_refused_and_of_another_is_not(host: HubHost) -> None:
    with dial.dialled("campus", login("sora")) as first:
        assert first.address, first.log
        with dial.dialled("admin", login("sora")) as second:
            assert second.refused, second.log
        with dial.dialled("admin", login("mika")) as other:
            assert other.address, other.log


def test_a_line_of_his_own_decides_what_a_user_may(host: HubHost) -> None:
    with dial.dialled("campus", login("rita")) as client:
        assert client.address, client.log
        assert host.fetch("campus", WORKSTATION)
        session = status(host)["rita"]
        assert (session["everybody"], session["limit"]) == (False, 600)


@pytest.mark.parametrize("user", ["late", "shut"])
def test_whose_own_line_is_over_or_shut_is_not_let_in_as_one_of_everybody(host: HubHost, user: str) -> None:
    with dial.dialled("campus", login(user)) as client:
        assert client.refused, client.log


def test_a_password_of_radius_opens_a_line_that_has_another_password_as_the_preview_warns(host: HubHost) -> None:
    with dial.dialled("campus", login("guest")) as client:
        assert client.address, client.log
        assert not status(host)["guest"]["everybody"]


def test_one_of_everybody_is_cut_and_held_off_alone_and_gets_in_again(host: HubHost, tmp_path: Path) -> None:
    short = campus(wildcard={**WILDCARD, "AutoDisconnect": LIMIT})
    host.apply(short)
    again = ("--auth-retry", "nointeract", "--connect-retry", "2", "3")
    with dialling(host, tmp_path, *again, *ENDS, user="kai", password="radius-of-kai", machine="campus") as client:
        assert client.reads(IN), client.log
        assert client.reads(REFUSED), client.log
        assert previewed(host, short) == made_by_hand(host, short) == []
        assert lets_in(login("aoi"))
    assert re.search(rf"of kai .* in LAB: \d+ s old, the limit is {LIMIT} s; locked out for {HOLD} s", journal(host))
    time.sleep(HOLD + 4)
    assert lets_in(login("kai"))
    assert previewed(host, short) == made_by_hand(host, short) == []
    host.apply(campus())


def test_a_name_that_no_user_can_have_is_cut_too_and_keeps_the_reaper_from_nobody(host: HubHost) -> None:
    host.apply(campus(wildcard={**WILDCARD, "AutoDisconnect": LIMIT}))
    with dial.dialled("campus", login(DOMAIN)) as client, dial.dialled("admin", login("mika")) as other:
        assert client.address, client.log
        assert other.address, other.log
        time.sleep(LIMIT + 3)
    said = journal(host)
    assert re.search(
        rf"of campus\\kai .* the limit is {LIMIT} s; not locked out: SoftEther does not accept such a user", said
    )
    assert re.search(rf"of mika .* the limit is {LIMIT} s; locked out for {HOLD} s", said)
    host.apply(campus())


def test_an_everybody_that_was_removed_by_hand_is_named_and_made_again(host: HubHost) -> None:
    host.rpc(("DeleteUser", {"HubName_str": "LAB", "Name_str": "*"}))
    assert previewed(host, campus()) == [f"{WHO} is gone from the server"]
    host.apply(campus())
    assert host.differs(campus()) == set()


def test_without_its_line_everybody_is_cut_at_once_and_let_in_no_more(host: HubHost) -> None:
    without = campus(wildcard=None)
    with dial.dialled("campus", login("jdoe")) as client, dial.dialled("admin", login("rita")) as own:
        assert client.address, client.log
        assert own.address, own.log
        assert "- user LAB/*" in host.apply(without)
        assert set(status(host)) == {"rita"}
    assert not lets_in(login("jdoe"))
    assert previewed(host, without) == []


def test_an_everybody_that_was_made_by_hand_is_named_and_goes_where_the_hub_is_ours_alone(host: HubHost) -> None:
    host.apply(campus(wildcard=None))
    host.rpc(wildcard_by_hand())
    (warning,) = previewed(host, campus(wildcard=None))
    assert warning.startswith("the user * of LAB was made by hand, so everyone whom its RADIUS server knows gets in")
    alone = campus(wildcard=None, exclusive=True)
    assert f"{WHO} was added on the server" in previewed(host, alone)
    host.apply(alone)
    assert previewed(host, alone) == []
    assert not lets_in(login("jdoe"))


def test_destroy_leaves_nothing_of_everybody_and_of_a_hold(host: HubHost, tmp_path: Path) -> None:
    host.apply(campus(wildcard={**WILDCARD, "AutoDisconnect": LIMIT}))
    with dialling(host, tmp_path, *ENDS, user="noa", password="radius-of-noa", machine="campus") as client:
        assert client.reads(IN), client.log
        assert client.reads(REFUSED), client.log
    host.remove("hub")
    assert host.run("server", "grep", "-E", "noa|declare LAB", "/var/lib/softether/vpn_server.config").returncode == 1
    left = host.output("server", "ls", "/var/lib/labvpn", "/etc/systemd/system").split()
    assert [name for name in left if name.startswith(("held", "reaper", "labvpn-reaper"))] == []
