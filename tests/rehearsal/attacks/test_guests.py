"""One guest against the others, the router and the host, with raw frames, on the real server.

The same attacks are tried by two guests who have asked to be let at each other: there they succeed, so that each test
shows that its attack is one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from labvpn.render.agent_request import secrets
from rehearsal import dial
from rehearsal.network import SERVER, WHOAMI, WORKSTATION
from tests.rehearsal import softether_client
from tests.rehearsal.attacks import frames
from tests.rehearsal.attacks.frames import ANY, BROADCAST, IPV4, MARK, arp, ethernet, udp
from tests.rehearsal.attacks.guests import CARD, ROUTER, Guest, connected, hearing, leases_held, marked, wait_for
from tests.rehearsal.hub_lab import WEB, Given, HubHost, dialled, whole
from tests.rehearsal.openvpn_client import IN, dialling
from tests.unit.samples import credentials, lab

HUBS_OWN = b"\x00\xae"
"""How the hardware address of a hub begins, by which it asks for its devices (Hub.c in SoftEther's source)."""

LOOSE = {**dict.fromkeys(("PrivacyFilter", "CheckMac", "CheckIP"), False), "MaxMac": 0, "MaxIP": 0}
PAIRS = {"guarded": ("guest", "guest2"), "loose": ("loose", "loose2")}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    host = HubHost("attack-guests")
    host.begin_with_server()
    users: list[dict[str, Any]] = [
        *({"name": name} for name in ("guest", "guest2")),
        *({"name": name, **LOOSE} for name in ("loose", "loose2")),
        {"name": "twice", "MultiLogins": 2},
        {"name": "boss", "hub": "OWNER", "reach": "free"},
    ]
    one = whole(users, [])
    host.apply(one)
    yield Given(host, tmp_path_factory.mktemp("guests"), one)
    host.stop()


@pytest.fixture(autouse=True)
def _here(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABVPN_REHEARSAL", given.host.name)


@pytest.fixture(scope="module", params=list(PAIRS))
def pair(given: Given, request: pytest.FixtureRequest) -> Iterator[tuple[Guest, Guest, bool]]:
    """Who attacks, who is attacked, and whether the attack has to succeed."""
    attacker, victim = PAIRS[request.param]
    with ExitStack() as both:
        at = both.enter_context(connected(given, victim, "admin", given.folder / victim))
        by = both.enter_context(connected(given, attacker, "campus", given.folder / attacker))
        yield by, at, request.param == "loose"


def test_both_guests_reach_the_service(pair: tuple[Guest, Guest, bool]) -> None:
    assert all(guest.opens(WEB) for guest in pair[:2])


def test_a_false_answer_of_arp_leads_nobodys_traffic_away(pair: tuple[Guest, Guest, bool]) -> None:
    attacker, victim, succeeds = pair
    victim.opens(WEB)
    before = victim.neighbour(ROUTER)
    lies = [
        arp(to, attacker.mac, attacker.mac, ROUTER, victim.mac, victim.address, reply=reply)
        for to in (victim.mac, BROADCAST)
        for reply in (True, False)
    ]
    assert before not in ("", attacker.mac.hex(":"))
    taken = attacker.diverts(victim, WEB, lies, lambda frame: frame[6:12] == victim.mac and frame[12:14] == b"\x08\x00")
    assert taken is succeeds
    assert succeeds or victim.neighbour(ROUTER) == before
    victim.run("ip", "neigh", "flush", "dev", CARD)


def test_a_false_answer_of_arp_to_the_router_takes_no_answers_from_another(pair: tuple[Guest, Guest, bool]) -> None:
    attacker, victim, succeeds = pair
    lie = arp(BROADCAST, attacker.mac, attacker.mac, victim.address, b"\0" * 6, ROUTER, reply=False)
    ours = IPv4Address(victim.address).packed

    def to_victim(frame: bytes) -> bool:
        # The hub itself asks each device whether it is there; that is no answer to anybody.
        return frame[:6] == attacker.mac and frame[6:8] != HUBS_OWN and ours in (frame[30:34], frame[38:42])

    assert attacker.diverts(victim, WEB, [lie], to_victim) is succeeds
    time.sleep(1)


@pytest.mark.parametrize("idle", [0, 20])
def test_a_stolen_mac_address_takes_no_frame_of_its_owner(pair: tuple[Guest, Guest, bool], idle: float) -> None:
    attacker, victim, succeeds = pair
    # A device that is silent for a while answers to the hub, which asks it all the time.
    time.sleep(idle)
    stolen = ethernet(BROADCAST, victim.mac, IPV4, udp(ANY, "255.255.255.255", (68, 67), MARK))
    asks = arp(BROADCAST, victim.mac, victim.mac, victim.address, b"\0" * 6, ROUTER, reply=False)
    with attacker.hearing(8) as heard:
        attacker.send(asks, stolen, times=30)
        reached = victim.opens(WEB)
    taken = [frame for frame in heard if frame[:6] == victim.mac]
    assert bool(taken) is succeeds
    assert reached or succeeds


def test_no_frame_of_any_kind_passes_from_one_guest_to_another(pair: tuple[Guest, Guest, bool]) -> None:
    attacker, victim, succeeds = pair
    sent = frames.forbidden((attacker.mac, attacker.address), (victim.mac, victim.address))
    with victim.hearing(6) as heard:
        attacker.send(*sent.values(), times=3, gap=0.4)
    passed = [name for name, frame in sent.items() if any(frame[:40] == one[:40] for one in marked(heard))]
    # Where they asked to be let at each other, the access list still lets nothing pass but DHCP to all, and ARP.
    assert set(passed) == ({"udp 67 to all"} if succeeds else set())


def test_nobody_hears_where_another_asks_for_an_address(pair: tuple[Guest, Guest, bool]) -> None:
    attacker, victim, succeeds = pair
    with attacker.hearing(5) as heard:
        assert victim.leases(1, "own") == [victim.address]
    asked = [frame for frame in heard if frame[6:12] == victim.mac]
    assert bool(asked) is succeeds


def test_udp_67_leads_nowhere_but_to_the_router(given: Given, pair: tuple[Guest, Guest, bool]) -> None:
    attacker, _, _ = pair
    attacker.opens(WEB)
    gateway = bytes.fromhex(attacker.neighbour(ROUTER).replace(":", ""))
    sent = [
        ethernet(gateway, attacker.mac, IPV4, udp(attacker.address, to, (source, 67), MARK))
        for to in (WORKSTATION, WHOAMI, SERVER, "192.168.31.1")
        for source in (7, 68)
    ]
    with hearing(given, "workstation", "eth0", 5) as there, hearing(given, "internet", "eth0", 5) as outside:
        attacker.send(*sent)
    assert marked(there) == marked(outside) == []


@pytest.mark.parametrize("kind", ["inside", "many"])
def test_one_guest_takes_no_more_than_a_few_leases(pair: tuple[Guest, Guest, bool], kind: str) -> None:
    attacker, _, succeeds = pair
    taken = set(attacker.leases(9, kind))
    # SoftEther raises MaxMac to 3 (MAC_MIN_LIMIT_COUNT in its source); who asks by one address has one lease.
    most = 1 if kind == "inside" else 9 if succeeds else 2
    assert len(taken - {attacker.address}) <= most
    assert len(taken) == 9 or not (succeeds and kind == "many")


def hub_password(given: Given, hub: str) -> str:
    return secrets(given.lab, credentials())["hubs"][hub]


def test_nobody_dials_by_the_hubs_password(given: Given) -> None:
    login = replace(given.login("guest"), user="administrator", password=hub_password(given, "LAB"))
    with dial.dialled("campus", login) as client:
        assert client.address is None
    said = left_as_administrator(given)
    assert "of administrator from" in said and "nobody may dial in with the hub's own password" in said


def left_as_administrator(given: Given) -> str:
    """What the reaper writes of somebody who has dialled in as the administrator, by a device that is a bridge."""
    options = ("--dev", "labtap2", "--dev-type", "tap")
    word = hub_password(given, "LAB")
    with dialling(given.host, given.folder / "admin", *options, user="administrator", password=word) as client:
        assert client.reads(IN), client.log
        assert wait_for(lambda: "of administrator" in reaped(given), 60), client.log
    return reaped(given)


def reaped(given: Given) -> str:
    return given.host.output("server", "journalctl", "-u", "labvpn-reaper", "--no-pager", "-o", "cat")


def test_two_devices_of_one_user_both_reach_the_service_where_that_is_allowed(given: Given) -> None:
    with dialled(given, "twice", place="campus") as one, dialled(given, "twice", place="admin") as two:
        assert one.address and two.address and one.address != two.address
        assert all(given.host.fetch(place, WEB) for place in ("campus", "admin"))


def test_two_users_behind_one_address_have_a_device_each(given: Given) -> None:
    with dialled(given, "guest") as one, dialled(given, "guest2") as two:
        assert one.address and two.address and one.address != two.address
        assert given.host.fetch("campus", WEB)


def test_softethers_own_client_dials_again_with_another_card(given: Given) -> None:
    account = softether_client.by_hand(SERVER, "guest")
    for turn in ("one", "two"):
        home = given.folder / f"own-{turn}"
        home.mkdir()
        password = given.login("guest").password
        with softether_client.dialling(given.host, "campus", home, account, password) as client:
            # A session that was left without a farewell still counts as the user's one for a while.
            assert client.becomes("Connected", 75), client.status()
            assert "obtained from 192.168.30.1" in client.lease()


def test_a_rule_by_hand_that_opens_everything_is_told_and_one_with_our_mark_goes(given: Given) -> None:
    hub, host = {"HubName_str": "LAB"}, given.host
    everything = {"Active_bool": True, "Protocol_u32": 0, "Priority_u32": 1}
    rules = [{**everything, "Note_utf": memo} for memo in ("", "labvpn:helpful")]
    host.rpc(("SetAccessList", {**hub, "AccessList": rules}))
    try:
        said = host.apply(given.lab)
        assert "- access LAB/labvpn:helpful" in said
        (warning,) = host.snapshot(given.lab)["warnings"]
        assert warning.startswith("a rule made by hand in LAB (priority 1) lets everything pass before the stack's own")
        with dialled(given, "guest") as client:
            assert client.address, client.log
            assert host.run("campus", "ping", "-c", "1", "-W", "2", ROUTER).returncode == 0
    finally:
        host.rpc(("SetAccessList", {**hub, "AccessList": []}))
        host.apply(given.lab)
    assert host.snapshot(given.lab)["warnings"] == []


def test_another_lease_time_disturbs_nobody_who_is_connected(given: Given) -> None:
    host = given.host
    hubs = {name: hub.model_dump(by_alias=True, exclude_unset=True) for name, hub in given.lab.hubs.items()}
    shorter = lab(users=given.users(), hubs=hubs, vpn={"secureNat": {"routes": [], "lease": 600}})
    with dialled(given, "guest") as client:
        assert client.address, client.log
        before = leases_held(given)
        assert host.apply(shorter) == ["~ securenat LAB: lease 1800 -> 600"]
        assert host.differs(shorter) == set()
        assert before == leases_held(given) > 0
        assert host.fetch("campus", WEB)
    host.apply(given.lab)
