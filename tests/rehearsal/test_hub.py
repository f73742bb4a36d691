"""Hubs and their users on the real server, with real clients: who gets in, what they reach, what is read back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rehearsal import dial as client
from rehearsal.dial import Login
from rehearsal.network import WHOAMI
from tests.rehearsal.hub_lab import (
    MAC,
    SERVER,
    WEB,
    WORKSTATION,
    Given,
    HubHost,
    authority,
    beside,
    dialled,
    lets_in,
    pem,
    signed,
    whole,
)
from tests.rehearsal.radius import answering

CAP = 4_000_000


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    host = HubHost("hub-test")
    host.begin_with_server()
    folder = tmp_path_factory.mktemp("hub")
    ca = authority(folder, "lab-ca")
    signed(folder, ca, "carol", "carol.pem")
    signed(folder, authority(folder, "another-ca"), "carol", "forged.pem")
    signed(folder, ca, "dave", "dave.pem")
    users: list[dict[str, Any]] = [
        {"name": "guest"},
        {"name": "guest2"},
        {"name": "capped", "group": "slow"},
        {"name": "boss", "hub": "OWNER", "reach": "free", "MultiLogins": 0},
        {"name": "dave", "auth": "certificate", "certificate": pem(folder / "dave.pem")},
        {"name": "carol", "auth": "signed", "commonName": "carol"},
        {"name": "late", "expires": "2026-01-31"},
        {"name": "bound", "devices": MAC},
        {"name": "rita", "auth": "radius"},
    ]
    slow = {"policies": {"MaxUpload": "4 Mbit/s", "MaxDownload": "4 Mbit/s"}}
    one = whole(users, [pem(ca)], groups={"slow": slow}, radius={"server": WHOAMI})
    host.apply(one)
    yield Given(host, folder, one)
    host.stop()


@pytest.fixture(autouse=True)
def _here(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABVPN_REHEARSAL", given.host.name)


def test_what_was_applied_is_read_back_and_applied_again_without_a_change(given: Given) -> None:
    assert given.host.differs(given.lab) == set()
    assert given.host.apply(given.lab) == ["nothing to change"]


def test_a_guest_reaches_the_listed_services_and_nothing_else_of_the_campus(given: Given) -> None:
    with dialled(given, "guest") as dial:
        assert dial.address, dial.log
        assert given.host.fetch("campus", WEB)
        # The server's own address is not among them: a client's way to what it dials leads around its tunnel.
        for closed in (WORKSTATION, "http://198.51.100.10:22/", "https://203.0.113.17/"):
            assert not given.host.fetch("campus", closed), closed
        ping = given.host.run("campus", "ping", "-c", "1", "-W", "2", "203.0.113.21")
        assert ping.returncode != 0


def test_the_owner_is_free_and_his_whole_traffic_leaves_from_the_servers_address(given: Given) -> None:
    with dialled(given, "boss", hub="OWNER") as dial:
        assert dial.address is not None and dial.address.startswith("192.168.32."), dial.log
        assert given.host.fetch("campus", WORKSTATION)
        assert given.host.output("campus", "curl", "-s", "-m", "5", WEB) == SERVER


@pytest.mark.parametrize(("user", "identity"), [("dave", "dave.pem"), ("carol", "carol.pem")])
def test_a_certificate_logs_in(given: Given, user: str, identity: str) -> None:
    with dialled(given, user, identity) as dial:
        assert dial.address, dial.log


def test_a_certificate_of_another_authority_is_refused(given: Given) -> None:
    with dialled(given, "carol", "forged.pem") as dial:
        assert dial.address is None
        assert dial.refused, dial.log


def test_a_radius_server_says_who_gets_in(given: Given, tmp_path: Path) -> None:
    login = replace(given.login("rita"), password="of-the-radius-server")
    accounts = {"rita": login.password}
    with answering(given.host, "internet", tmp_path, SERVER, "radius-canary", accounts) as said:
        with client.dialled("campus", login) as dial:
            assert dial.address, dial.log
        with client.dialled("campus", replace(login, password="another")) as dial:
            assert dial.refused, dial.log
    assert said.read_text().count("Sent Access-Accept") == 1
    assert "Sent Access-Reject" in said.read_text()


def test_an_expired_user_is_refused(given: Given) -> None:
    with dialled(given, "late") as dial:
        assert dial.refused, dial.log


def test_a_second_login_from_another_address_is_refused(given: Given) -> None:
    with dialled(given, "guest") as first, dialled(given, "guest", place="admin") as second:
        assert first.address, first.log
        assert second.refused, second.log


def test_a_user_whose_device_is_not_on_his_list_gets_no_address(given: Given) -> None:
    with dialled(given, "bound") as dial:
        assert dial.address is None
        assert dial.refused, dial.log


def test_a_bandwidth_is_kept_in_its_cap(given: Given) -> None:
    running = given.host.line("exec", "internet", "--", "iperf3", "-s", "-1")
    server = subprocess.Popen(running, env=given.host.environment, stdout=subprocess.DEVNULL)
    try:
        with dialled(given, "capped") as dial:
            assert dial.address, dial.log
            said = given.host.output("campus", "iperf3", "-c", "198.51.100.10", "-t", "4", "-J", timeout=40)
    finally:
        server.terminate()
    rate = json.loads(said)["end"]["sum_received"]["bits_per_second"]
    assert CAP / 4 < rate < CAP * 1.1


def test_a_removed_users_session_is_cut_at_once(given: Given) -> None:
    others = [user for user in given.users() if user["name"] != "guest2"]
    without = whole(others, [pem(given.folder / "lab-ca.pem")], groups={"slow": {}})
    with dialled(given, "guest2") as dial:
        assert dial.address, dial.log
        assert given.host.fetch("campus", WEB)
        assert any("- user LAB/guest2" in line for line in given.host.apply(without))
        # A redial that was refused stands there too, among the failed logins.
        sessions = json.loads(given.host.agent("status"))["sessions"]
        assert "guest2" not in {session["user"] for session in sessions}
    given.host.apply(given.lab)


def test_without_securenat_nobody_gets_an_address(given: Given) -> None:
    given.host.rpc(("DisableSecureNAT", {"HubName_str": "LAB"}))
    try:
        with dialled(given, "guest") as dial:
            assert dial.address is None
            assert dial.refused, dial.log
    finally:
        given.host.apply(given.lab)


def test_changes_by_hand_in_every_part_of_a_hub_are_shown_and_repaired(given: Given) -> None:
    hub = {"HubName_str": "LAB"}
    policy = {
        "UsePolicy_bool": True,
        "policy:Access_bool": True,
        "policy:MaxConnection_u32": 32,
        "policy:TimeOut_u32": 20,
    }
    log = {"SaveSecurityLog_bool": False, "SavePacketLog_bool": True, "PacketLogConfig_u32": [2] + [0] * 15}
    given.host.rpc(
        ("SetUser", {**hub, "Name_str": "dave", "AuthType_u32": 1, "Auth_Password_str": "x", **policy}),
        ("SetGroup", {**hub, "Name_str": "slow", **policy, "policy:MaxUpload_u32": 1}),
        ("SetAccessList", {**hub, "AccessList": [{"Protocol_u32": 0, "Priority_u32": 1, "Note_utf": "by hand"}]}),
        ("SetHubLog", {**hub, **log}),
        ("CreateUser", {**hub, "Name_str": "bob", "AuthType_u32": 1, "Auth_Password_str": "x", **policy}),
    )
    snapshot = given.host.snapshot(given.lab)
    for part in ("certificate=differs", "group LAB/slow", "security=no"):
        assert part in snapshot["observed"], part
    assert "access LAB/" not in snapshot["observed"]
    assert "access rules made by hand in LAB: by hand" in snapshot["notes"]
    assert "users made by hand in LAB: bob" in snapshot["notes"]
    given.host.apply(given.lab)
    assert given.host.differs(given.lab) == set()
    assert "users made by hand in LAB: bob" in given.host.snapshot(given.lab)["notes"]


def test_a_hub_that_is_ours_alone_loses_accounts_made_by_hand(given: Given) -> None:
    alone = whole(given.users(), [pem(given.folder / "lab-ca.pem")], groups={"slow": {}}, exclusive=True)
    assert "- user LAB/bob" in given.host.apply(alone)
    assert "LAB/bob" not in given.host.snapshot(given.lab)["notes"]


def test_every_setting_of_a_hub_changes_in_place_and_goes_when_it_leaves(given: Given) -> None:
    ca = [pem(given.folder / "lab-ca.pem")]
    more = whole(
        given.users(),
        [*ca, pem(given.folder / "another-ca.pem")],
        groups={"slow": {}, "fast": {"note": "new"}},
        options={"NoAddressPollingIPv4": 1, "MaxLoggedPacketsPerMinute": 100},
        radius={"server": "198.51.100.9"},
        log={"packets": {"icmp": "all"}, "securitySwitch": "hour"},
    )
    given.host.apply(more)
    assert given.host.differs(more) == set()
    bare = whole([user for user in given.users() if user["name"] not in ("rita", "capped")], ca)
    said = given.host.apply(bare)
    assert {line for line in said if line.startswith("- ")} >= {"- group LAB/fast", "- radius LAB", "- user LAB/rita"}
    assert given.host.differs(bare) == set()
    given.host.apply(given.lab)
    assert given.host.differs(given.lab) == set()
    options = json.dumps(given.host.snapshot(more)["observed"])
    assert "NoAddressPollingIPv4 value=0" in options


def test_a_password_set_by_hand_is_kept_until_a_new_one_is_set(given: Given) -> None:
    account = {"HubName_str": "LAB", "Name_str": "eve", "AuthType_u32": 1, "Auth_Password_str": "set-by-hand"}
    # A lease is as long as a session may be, so that of the hub changes with the first session without an end.
    given = replace(given, lab=beside(given, {"name": "endless", "AutoDisconnect": 0}))
    given.host.apply(given.lab)
    given.host.rpc(("CreateUser", account))
    login = Login(SERVER, "eve", "set-by-hand")
    apart = {"PrivacyFilter": False, "CheckMac": False, "CheckIP": False, "MaxMac": 0, "MaxIP": 0}
    plain = {"name": "eve", "auth": "kept", "AutoDisconnect": 0, "MultiLogins": 0, **apart}
    kept, noted, new = (beside(given, {**plain, **more}) for more in ({}, {"note": "since spring"}, {"rotation": 1}))
    assert given.host.differs(kept) == set()
    assert given.host.apply(kept) == ["nothing to change"]
    given.host.apply(noted)
    assert given.host.differs(noted) == set()
    assert lets_in(login)
    given.host.apply(new)
    assert not lets_in(login)
    assert lets_in(replace(login, password=given.host.secrets_of(new)["users"]["LAB/eve"]))


def test_whoever_had_a_kept_password_and_leaves_the_list_gets_in_no_more(given: Given) -> None:
    account = {"HubName_str": "LAB", "Name_str": "zoe", "AuthType_u32": 1, "Auth_Password_str": "set-by-hand"}
    given.host.rpc(("CreateUser", account))
    given.host.apply(beside(given, {"name": "zoe", "auth": "kept"}))
    assert lets_in(Login(SERVER, "zoe", "set-by-hand"))
    assert "- user LAB/zoe" in given.host.apply(given.lab)
    assert not lets_in(Login(SERVER, "zoe", "set-by-hand"))
