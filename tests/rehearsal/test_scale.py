"""Two servers in one stack, as equals: brought up by one run, and either carries on when the other one stops."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labvpn.rehearsal import network, sealed, stack, values
from labvpn.render.certificate import found_authority
from tests.rehearsal.stack import Stack

SERVERS = {network.SERVER: "server", network.SECOND: "server-2"}
ZONE = "wide.example"
NAME = f"vpn.{ZONE}"
OURS = "ls -d /usr/local/lib/labvpn /var/lib/labvpn 2>/dev/null; ss -Hlnt | grep -c ':992 '"
PATIENCE = 60
"""Seconds that a client may take to be back: it notices after ten that nobody answers, and tries each address."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    both = Stack("scale-test")
    both.stop()
    both.start()
    assert both.command("reboot", "server-2").returncode == 0
    yield both
    both.stop()


@pytest.fixture(scope="module")
def file(lab: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worked example with a second server, and an authority that vouches for both."""
    engine = stack.ready(lab.state, print)
    sealed.ensure(lab.state, engine.pulumi, engine.environment(lab.state))
    second = {"name": "two", "address": network.SECOND, "host": "vpn-two"}
    dns = {**lab.example["dns"], "zone": ZONE}
    known = {"two": values.read(lab.state)["hostKey"]}
    servers = [lab.example["server"], second]
    made = lab.variant(tmp_path_factory.mktemp("scale"), server=None, servers=servers, hostKeys=known, dns=dns)
    lab.with_secret(made, "authority", found_authority(NAME, datetime.now(UTC)))
    return made


@pytest.fixture(scope="module")
def up(lab: Stack, file: Path) -> Stack:
    """Both servers, brought up by one run."""
    lab.up("--config-file", str(file))
    return lab


def test_one_run_brings_two_servers_up_and_the_next_one_changes_nothing(up: Stack, file: Path) -> None:
    assert up.is_settled("--config-file", str(file))
    addresses = up.output("phone", "dig", "+short", NAME, "A").split()
    assert sorted(addresses) == sorted(SERVERS)
    assert up.output("phone", "dig", "+short", f"vpn-two.{ZONE}", "A") == network.SECOND


def test_every_promise_is_kept_from_outside_for_both(up: Stack) -> None:
    proofs = up.proofs()
    assert [words for words, kept in proofs.items() if not kept] == []
    assert all(any(f"443/tcp of {address}" in words for words in proofs) for address in SERVERS)


def test_a_client_that_redials_is_let_in_by_the_other_server_when_its_own_stops(up: Stack, tmp_path: Path) -> None:
    with dialling(up, tmp_path) as client:
        (first,) = client.peers(1)
        up.output(SERVERS[first], "systemctl", "stop", "softether-vpnserver")
        second = client.peers(2)[-1]
        assert {first, second} == set(SERVERS)
        page = up.output("phone", "curl", "-sS", "-m", "15", f"http://{network.WORKSTATION}:8000/")
        assert "<form" in page


def test_the_doctor_says_which_server_is_down_and_that_the_other_one_answers(up: Stack, tmp_path: Path) -> None:
    def doctor(place: str, *words: str) -> tuple[int, str]:
        done = up.run(place, sys.executable, "-m", "labvpn", "doctor", *words, "--outputs", str(outputs))
        return done.returncode, " ".join(done.stdout.split())

    outputs = tmp_path / "outputs.json"
    outputs.write_text(up.pulumi("stack", "output", "--json").stdout)
    check = ("check", "--here", "campus", "--key", str(up.state / "ssh" / "admin"), "--json")
    for machine in SERVERS.values():
        up.output(machine, "systemctl", "start", "softether-vpnserver")
    until = time.monotonic() + PATIENCE
    while (told := doctor("phone", "probe"))[0] and time.monotonic() < until:
        time.sleep(2)
    own = f"vpn-two.{ZONE} ({network.SECOND})"
    assert told[0] == 0, told
    assert f"✓ {network.SERVER} answers" in told[1] and f"✓ {own} answers" in told[1]
    assert json.loads(doctor("admin", *check)[1]) == {"kept": True, "findings": []}
    up.output("server-2", "systemctl", "stop", "softether-vpnserver")
    code, said = doctor("phone", "probe")
    assert code == 1
    assert f"✗ {own} does not answer at any of its" in said and f"✓ {network.SERVER} answers" in said
    assert {finding["server"] for finding in json.loads(doctor("admin", *check)[1])["findings"]} == {own}
    up.output("server-2", "systemctl", "start", "softether-vpnserver")


def test_destroy_leaves_nothing_of_ours_on_either(up: Stack, file: Path) -> None:
    done = up.pulumi("destroy", "--yes", "--skip-preview", "--config-file", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    for machine in SERVERS.values():
        assert up.run(machine, "sh", "-c", OURS).stdout.split() == ["0"], machine
    assert up.run("phone", "dig", "+short", NAME, "A", f"@{network.PRIMARY}").stdout.strip() == ""


class Client:
    """An OpenVPN client that dials by a kit's profile, and again by itself as OpenVPN Connect does."""

    def __init__(self, running: subprocess.Popen[str], log: Path) -> None:
        self.running, self.log = running, log

    def peers(self, count: int) -> list[str]:
        """The servers that it was connected to in turn, as soon as they are so many."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            said = self.log.read_text()
            if said.count("Initialization Sequence Completed") >= count:
                return re.findall(r"Peer Connection Initiated with \[AF_INET\]([\d.]+)", said)
            time.sleep(0.5)
        raise AssertionError(self.log.read_text())


@contextmanager
def dialling(up: Stack, folder: Path) -> Iterator[Client]:
    """guest1 on the phone, by the profile that a kit gives."""
    outputs = up.state / "outputs.json"
    words = ["kit", "guest1", "--outputs", str(outputs), "--folder", str(folder / "kits")]
    done = up.run("admin", sys.executable, "-m", "labvpn", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    (profile,) = (folder / "kits").rglob("openvpn-udp-1194.ovpn")
    (folder / "login").touch(0o600)
    (folder / "login").write_text(f"guest1\n{json.loads(outputs.read_text())['users']['guest1']['password']}\n")
    # These profiles end with their session on purpose (docs/kits.md); OpenVPN Connect takes no notice of that line.
    (folder / "profile").write_text(profile.read_text().replace("remap-usr1 SIGTERM", ""))
    redials = ["--connect-retry-max", "9", "--server-poll-timeout", "5", "--auth-user-pass", str(folder / "login")]
    line = up.line("exec", "phone", "--", "openvpn", "--config", str(folder / "profile"), *redials)
    log = folder / "log"
    with log.open("w") as said:
        client = subprocess.Popen(line, stdout=said, stderr=said, text=True, env=up.environment)
        try:
            yield Client(client, log)
        finally:
            client.terminate()
            client.wait(15)
