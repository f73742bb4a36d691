"""Two servers in one stack, as equals: brought up by one run, and either carries on when the other one stops."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labvpn.render.certificate import create_authority
from rehearsal import network, stack, values
from tests.rehearsal.kit_lab import PROGRAM, KitLab, dial
from tests.rehearsal.openvpn_client import IN
from tests.rehearsal.radius import answering
from tests.rehearsal.softether_client import Client, by_setting, dialling
from tests.rehearsal.stack import Stack

SERVERS = {network.SERVER: "server", network.SECOND: "server-2"}
ZONE = "wide.example"
NAME = f"vpn.{ZONE}"
PATIENCE = 90
"""Seconds that a client may take to be back: it notices after ten that nobody answers, and tries each address."""

SECRET = "radius-canary"
ACCOUNTS = {"rita": "of-the-radius-server"}
USERS = """\
name,auth,hub,group,reach,AutoDisconnect
owner,,OWNER,,free,1800
guest1,,,guests,,1800
guest2,,,guests,,0
guest3,,,guests,,0
rita,radius,,guests,,0
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    both = Stack("scale-test")
    both.stop()
    both.start()
    assert both.command("reboot", "server-2").returncode == 0
    yield both
    both.stop()


@pytest.fixture(scope="module")
def bare(lab: Stack) -> dict[str, str]:
    """Both VPN hosts, the FortiGate and the zone as they were before."""
    return lab.bare(*SERVERS.values())


@pytest.fixture(scope="module")
def file(lab: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked example with a second server, a RADIUS server to ask, and an authority that vouches for both."""
    stack.configured(lab.state, print)
    folder = tmp_path_factory.mktemp("scale")
    (folder / "users.csv").write_text(USERS)
    hub = {**lab.example["hubs"]["LAB"], "radius": {"server": network.WHOAMI}}
    made = lab.variant(
        folder,
        server=None,
        servers=[
            lab.example["server"],
            {"name": "two", "address": network.SECOND, "host": "vpn-two", "acceptKnownHoles": True},
        ],
        hostKeys={"two": values.read(lab.state)["hostKey"]},
        dns={**lab.example["dns"], "zone": ZONE},
        hubs={**lab.example["hubs"], "LAB": hub},
        users={"file": str(folder / "users.csv")},
    )
    lab.with_secret(made, "authority", create_authority(NAME, datetime.now(UTC)))
    lab.with_secret(made, "radiusSecrets.LAB", SECRET)
    return made


@pytest.fixture(scope="module")
def up(lab: Stack, bare: dict[str, str], file: Path) -> Stack:
    """Both servers, brought up by one run."""
    lab.up("--config-file", str(file))
    return lab


@pytest.fixture(scope="module")
def kits(up: Stack, tmp_path_factory: pytest.TempPathFactory) -> KitLab:
    """The kits of all users."""
    return KitLab.of(up, tmp_path_factory.mktemp("kits"))


def test_one_run_brings_two_servers_up_and_the_next_one_changes_nothing(up: Stack, file: Path) -> None:
    assert up.is_settled("--config-file", str(file))
    addresses = up.output("phone", "dig", "+short", NAME, "A").split()
    assert sorted(addresses) == sorted(SERVERS)
    assert up.output("phone", "dig", "+short", f"vpn-two.{ZONE}", "A") == network.SECOND


def test_every_promise_is_kept_from_outside_for_both(up: Stack) -> None:
    proofs = up.proofs()
    assert [words for words, kept in proofs.items() if not kept] == []
    assert all(any(f"443/tcp of {address}" in words for words in proofs) for address in SERVERS)


@pytest.mark.parametrize(("user", "way"), [("guest1", "udp-1194"), ("rita", "tcp-443")])
def test_a_client_comes_back_by_the_same_profile_at_the_other_server_when_its_own_stops(
    kits: KitLab, tmp_path: Path, user: str, way: str
) -> None:
    """guest1 of the users' list, and rita whom the RADIUS server alone knows; a newcomer gets in meanwhile."""
    with (
        answering(kits.lab, "internet", tmp_path, "203.0.113.0/24", SECRET, ACCOUNTS),
        dial(kits, "phone", profile(kits, user, way), tmp_path, user, password(kits, user)) as client,
    ):
        assert client.reads(IN), client.log
        first = server_of(client.log)
        with stopped(kits.lab, first):
            assert client.reads(IN, PATIENCE), client.log
            assert {first, server_of(client.log)} == set(SERVERS)
            page = kits.lab.output("phone", "curl", "-sS", "-m", "15", f"http://{network.WORKSTATION}:8000/")
            assert "<form" in page
            newcomer = profile(kits, "guest3", way)
            with dial(kits, "internet", newcomer, tmp_path, "guest3", password(kits, "guest3")) as another:
                assert another.reads(IN), another.log


def test_whoever_dials_again_with_softethers_own_client_is_let_in_by_the_other_server(
    kits: KitLab, tmp_path: Path
) -> None:
    """The client is started anew for each dial: after one that failed it passes nothing (docs/kits.md)."""
    with ExitStack() as end:
        with by_softether(kits, tmp_path / "first") as client:
            assert client.becomes("Connected"), client.status()
            (first,) = dialled(kits.lab)
            end.enter_context(stopped(kits.lab, first))
            assert client.becomes("Offline", PATIENCE), client.status()
        until, tried = time.monotonic() + PATIENCE, 0
        servers, lease = again(kits, tmp_path / "again")
        while not servers and time.monotonic() < until:
            tried += 1
            servers, lease = again(kits, tmp_path / f"again{tried}")
        assert servers == set(SERVERS) - {first}
        assert "obtained from 192.168.30.1" in lease


def test_a_session_ends_at_its_limit_and_does_not_go_on_at_the_other_server(kits: KitLab, tmp_path: Path) -> None:
    outputs = kits.output_values
    outputs["users"]["guest1"]["AutoDisconnect"] = 8
    (tmp_path / "outputs.json").write_text(json.dumps(outputs))
    kits.make(tmp_path / "kits", "guest1", outputs=tmp_path / "outputs.json")
    short = tmp_path / "kits/guest1/openvpn-udp-1194.ovpn"
    with dial(kits, "phone", short, tmp_path, "guest1", password(kits, "guest1")) as client:
        assert client.reads(IN), client.log
        assert client.reads("process exiting"), client.log
        assert "session-timeout" in client.log
        assert client.log.count(IN) == 1


def test_the_doctor_says_which_server_is_down_and_that_the_other_one_answers(kits: KitLab) -> None:
    def doctor(place: str, *words: str) -> tuple[int, str]:
        done = kits.lab.run(place, *PROGRAM, "doctor", *words, "--outputs", str(kits.outputs))
        return done.returncode, " ".join(done.stdout.split())

    check = ("check", "--here", "campus", "--key", str(kits.lab.state / "ssh" / "admin"), "--json")
    until = time.monotonic() + PATIENCE
    while (answer := doctor("phone", "probe"))[0] and time.monotonic() < until:
        time.sleep(2)
    own = f"vpn-two.{ZONE} ({network.SECOND})"
    assert answer[0] == 0, answer
    assert f"✓ {network.SERVER} answers" in answer[1] and f"✓ {own} answers" in answer[1]
    assert json.loads(doctor("admin", *check)[1])["findings"] == []
    with stopped(kits.lab, network.SECOND):
        code, said = doctor("phone", "probe")
        assert code == 1
        assert f"✗ {own} does not answer at any of its" in said and f"✓ {network.SERVER} answers" in said
        assert {finding["server"] for finding in json.loads(doctor("admin", *check)[1])["findings"]} == {own}


def test_destroy_leaves_nothing_of_ours_anywhere(up: Stack, bare: dict[str, str], file: Path) -> None:
    done = up.pulumi("destroy", "--yes", "--skip-preview", "--config-file", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert up.bare(*SERVERS.values()) == bare
    for name in (NAME, f"vpn-two.{ZONE}"):
        assert up.output("phone", "dig", "+short", name, "A", f"@{network.PRIMARY}") == ""


def by_softether(kits: KitLab, home: Path) -> AbstractContextManager[Client]:
    """SoftEther's own client, by guest2's kit, with a folder of its own."""
    home.mkdir()
    setting = kits.kits / "guest2/softether.vpn"
    return dialling(kits.lab, "internet", home, by_setting(setting), kits.password("guest2"))


def again(kits: KitLab, home: Path) -> tuple[set[str], str]:
    """The servers that one more dial leads to, none where it failed, and the lease that it brings."""
    with by_softether(kits, home) as client:
        return (dialled(kits.lab), client.lease()) if client.becomes("Connected", 12) else (set(), "")


def profile(kits: KitLab, user: str, way: str) -> Path:
    return kits.kits / user / f"openvpn-{way}.ovpn"


def password(kits: KitLab, user: str) -> str:
    return ACCOUNTS.get(user) or kits.password(user)


def server_of(log: str) -> str:
    """The server that an OpenVPN client was let in by last."""
    return str(re.findall(r"Peer Connection Initiated with \[AF_INET\]([\d.]+)", log)[-1])


def dialled(lab: Stack) -> set[str]:
    """The servers that a client on the internet has a connection to."""
    printed = lab.output("internet", "ss", "-Hnt", "state", "established")
    return {address for address in SERVERS if f"{address}:" in printed}


@contextmanager
def stopped(lab: Stack, address: str) -> Iterator[None]:
    """SoftEther of a server stopped until the block ends."""
    lab.output(SERVERS[address], "systemctl", "stop", "softether-vpnserver")
    try:
        yield
    finally:
        lab.output(SERVERS[address], "systemctl", "start", "softether-vpnserver")
