"""The daily work of the guide: what is done and seen beside the commands of each row of its table.

Each is a generator that prepares its day, is sent what the row's commands said, and looks at their effect.
"""

from __future__ import annotations

import json
import plistlib
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labvpn.agent.codes.verifier import STEP, code_of
from rehearsal import machine, network
from rehearsal.problems import RehearsalError
from rehearsal.proof import CARRIER, WHOAMI
from tests.rehearsal.hub_lab import authority, signed
from tests.rehearsal.kit_lab import PROGRAM
from tests.rehearsal.own_lab import OwnLab
from tests.rehearsal.test_installation import NEWER

Day = Generator[None, str, None]
GUESTS = "name,expires\nguest8,2099-01-31\n"
WEB = {"name": "web", "to": network.WHOAMI, "port": 80}
NEW = "another-of-twenty-characters"
MOVED = "203.0.113.22"
ISSUER = "echo | openssl s_client -connect 203.0.113.20:443 2>/dev/null | openssl x509 -noout -issuer"
GUESSES = 5
FORGOTTEN = 65
"""Seconds after which no resolver knows the old address any more: the record's 60, and a moment."""

PROBE_CLOSED = (*PROGRAM, "doctor", "probe", "vpn.lab.example", "--udp", "1194", "--closed", "500/udp,4500/udp")


def guest(lab: OwnLab) -> Day:
    lab.users("guest2,", "guest3,Third guest,,,guests,,0,,\nguest2,")
    (lab.folder / "guests.csv").write_text(GUESTS)
    yield
    assert (lab.folder / "kits/guest3/openvpn-udp-1194.ovpn").exists()
    assert (lab.folder / "kits/guest8/openvpn-udp-1194.ovpn").exists()
    assert lab.lets_in("guest3")
    assert lab.lets_in("guest8")


def another_service(lab: OwnLab) -> Day:
    def arrives_from() -> str:
        with lab.dialling("guest1", machine="phone"):
            return machine.output("phone", ["curl", "-sS", "-m", "15", WHOAMI])

    assert arrives_from() == CARRIER
    services = lab.configuration["config"]["labvpn:hubs"]["LAB"]["services"]
    lab.configure("hubs", "LAB", "services", to=[*services, WEB])
    yield
    assert arrives_from() == network.SERVER


def locked_out(lab: OwnLab) -> Day:
    password = lab.password("guest2")
    assert lab.lets_in("guest2", password)
    lab.users("guest2,Second guest,,,guests,,0,,\n", "")
    yield
    assert not lab.lets_in("guest2", password)


def new_password(lab: OwnLab) -> Day:
    old = lab.password("guest3")
    lab.users("guest3,Third guest,,,guests,,0", "guest3,Third guest,,,guests,,1")
    yield
    assert not lab.lets_in("guest3", old)
    assert lab.lets_in("guest3")


def codes(lab: OwnLab) -> Day:
    lab.configure("hubs", "LAB", "secondFactor", to={"users": ["guest3"]})
    yield
    password, key = lab.password("guest3"), lab.code_key("guest3")
    assert refuses(lab, "guest3", password)
    assert lab.lets_in("guest3", password + next_code(key))


def lost_phone(lab: OwnLab) -> Day:
    before = lab.code_key("guest3")
    yield
    password, key = lab.password("guest3"), lab.code_key("guest3")
    assert refuses(lab, "guest3", password + next_code(before))
    assert lab.lets_in("guest3", password + next_code(key))
    lab.configure("hubs", "LAB", "secondFactor", to=None)
    for command in ("pulumi up", "labvpn kit NAME"):
        lab.shell(command)


def next_code(key: str) -> str:
    """The next code to be shown, as soon as it is: it is newer than any that was used."""
    time.sleep(STEP - time.time() % STEP)
    return code_of(key, int(time.time()) // STEP)


def refuses(lab: OwnLab, user: str, password: str) -> bool:
    """Whether the server refuses it, to an address from which nobody else dials."""
    with lab.dialling(user, password, machine="campus") as client:
        return client.refused


def preshared_key(lab: OwnLab) -> Day:
    lab.typed["presharedKey"] = NEW
    yield
    assert lab.by_hand.call("GetIPsecServices")["IPsec_Secret_str"] == NEW
    for user in ("guest1", "guest3"):
        profile = (lab.folder / f"kits/{user}/{user}.mobileconfig").read_bytes()
        (vpn,) = plistlib.loads(profile)["PayloadContent"]
        assert vpn["IPSec"]["SharedSecret"].decode() == NEW


def administrators_password(lab: OwnLab) -> Day:
    old = lab.by_hand
    assert old.call("GetServerInfo")
    lab.typed["administratorPassword"] = NEW
    yield
    assert lab.by_hand.call("GetServerInfo")
    with pytest.raises(RehearsalError):
        old.call("GetServerInfo")


def connected(lab: OwnLab) -> Day:
    with lab.dialling("guest1"):
        said = yield
    assert "1 connected" in said
    assert "guest1" in said


def by_hand(lab: OwnLab) -> Day:
    lab.manual.firewalld("--service=vpnserver --remove-port=4500/udp")
    said = yield
    assert "changed by hand" in said
    assert "4500/udp" in said
    assert "4500/udp" in lab.output("server", "firewall-cmd", "--info-service=vpnserver")


def certificate(lab: OwnLab) -> Day:
    own = signed(lab.home, authority(lab.home, "own-ca"), "vpn.lab.example", "own")
    for suffix, name in ((".crt", "server.pem"), (".key", "server.key")):
        (lab.folder / name).write_text(Path(f"{own}{suffix}").read_text())
    assert "own-ca" not in lab.output("campus", "sh", "-c", ISSUER)
    lab.shell("umask 077; pulumi config get authority > ../authority.pem")
    yield
    assert "own-ca" in lab.output("campus", "sh", "-c", ISSUER)
    lab.shell("pulumi config rm serverCertificate && pulumi config rm serverKey")
    lab.shell("pulumi config set --secret authority < ../authority.pem")  # from the next `up` on


def upgrade(lab: OwnLab) -> Day:
    lab.output("server", "sh", "-c", NEWER)
    yield
    assert "newer" in lab.output("server", "dpkg-query", "-W", "softether-vpnserver")
    assert lab.lets_in("guest1")


def mistyped(lab: OwnLab) -> Day:
    password = lab.password("guest1")
    with ThreadPoolExecutor(GUESSES) as pool:
        assert not any(pool.map(lambda _: lab.lets_in("guest1", "mistyped"), range(GUESSES)))
    lab.configure("firewall", "bans", to={"exempt": [network.WHOAMI]})
    said = yield
    assert "Banned for now" in said
    assert network.WHOAMI in said
    assert network.WHOAMI not in lab.bans()
    assert lab.lets_in("guest1", password)


def protocol_off(lab: OwnLab) -> Day:
    lab.configure("vpn", "protocols", "l2tpIpsec", to=False)
    yield
    assert "4500/udp" not in lab.output("server", "firewall-cmd", "--info-service=vpnserver")
    lab.output("internet", *PROBE_CLOSED)
    lab.configure("vpn", "protocols", "l2tpIpsec", to=True)  # again, from the next `up` on


MOVE = f"""
way=$(ip -4 route show default)
ip -4 address flush dev eth0 scope global
ip address add {MOVED}/28 dev eth0
ip route add $way
"""


def moved(lab: OwnLab) -> Day:
    # The old address goes: with both, SoftEther would answer by UDP from the old one.
    lab.output("server", "sh", "-ec", MOVE)
    lab.output("server", "systemctl", "restart", "softether-vpnserver")  # as a machine that moved has booted
    lab.configure("server", "address", to=MOVED)
    yield
    assert MOVED in json.dumps(lab.tables()["firewall/address"])
    assert lab.output("phone", "dig", "+short", "vpn.lab.example", "@198.51.100.53") == MOVED
    until = time.monotonic() + FORGOTTEN
    while lab.output("internet", "dig", "+short", "vpn.lab.example") != MOVED and time.monotonic() < until:
        time.sleep(1)
    assert lab.lets_in("guest1")


def away(lab: OwnLab) -> Day:
    assert "protect" in lab.shell("pulumi destroy", refused=True)
    assert lab.lets_in("guest1")
    yield
    assert lab.tables() == lab.before
    assert lab.output("phone", "dig", "+short", "vpn.lab.example", "@198.51.100.53") == ""
    assert lab.run("server", "dpkg-query", "-s", "softether-vpnserver").returncode != 0


DAYS: dict[str, Callable[[OwnLab], Day]] = {
    "add a guest": guest,
    "let guests reach another service": another_service,
    "lock a user out": locked_out,
    "give a new password": new_password,
    "have users give a code as well": codes,
    "let a user in whose phone is lost": lost_phone,
    "rotate the pre-shared key": preshared_key,
    "rotate the administrator's password": administrators_password,
    "see who is connected": connected,
    "see what somebody changed by hand": by_hand,
    "renew the certificate": certificate,
    "upgrade SoftEther": upgrade,
    "let in somebody who mistyped too often": mistyped,
    "switch a protocol off": protocol_off,
    "move to another address": moved,
    "take everything away": away,
}
