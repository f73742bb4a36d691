"""Two guests of a hub whose devices are bridges into it, so that each may send the other any frame."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.rehearsal.attacks import frames
from tests.rehearsal.hub_lab import Given
from tests.rehearsal.kit_lab import Dial
from tests.rehearsal.openvpn_client import IN, dialling

ROUTER = "192.168.30.1"
CARD = "labtap"
PROGRAM = (sys.executable, "-m", "tests.rehearsal.attacks.frames")


LEASES = """
import http.client, json, ssl
password = open("/var/lib/labvpn/administrator").read()
server = http.client.HTTPSConnection("127.0.0.1", 443, context=ssl._create_unverified_context())
body = {"jsonrpc": "2.0", "id": "1", "method": "EnumDHCP", "params": {"HubName_str": "LAB"}}
server.request("POST", "/api/", json.dumps(body), {"X-VPNADMIN-PASSWORD": password.encode()})
print(len(json.loads(server.getresponse().read())["result"]["DhcpTable"]))
"""
"""How many leases the DHCP server of the hub keeps."""


@dataclass(frozen=True)
class Guest:
    """A guest's device: where it is, and who it is inside the VPN."""

    given: Given
    machine: str
    mac: bytes
    address: str
    dial: Dial

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return self.given.host.run(self.machine, *command)

    def send(self, *sent: bytes, times: int = 3, gap: float = 0.2) -> None:
        """Send frames so many times."""
        lines = "".join(frame.hex() + "\n" for frame in sent)
        self.given.host.output(self.machine, *PROGRAM, "send", CARD, str(times), str(gap), input=lines)

    def leases(self, number: int, kind: str) -> list[str]:
        """What the DHCP server gives to this device when it asks so many times."""
        said = self.given.host.output(self.machine, *PROGRAM, "lease", CARD, str(number), kind)
        addresses: list[str] = json.loads(said)
        return addresses

    @contextmanager
    def hearing(self, seconds: float) -> Iterator[list[bytes]]:
        """The frames that come in meanwhile; they are there when the block ends."""
        with hearing(self.given, self.machine, CARD, seconds) as heard:
            yield heard

    def neighbour(self, address: str) -> str:
        """At which hardware address the device's system takes another to be, as it stands in its table."""
        printed = self.run("ip", "neigh", "show", address, "dev", CARD).stdout.split()
        return printed[printed.index("lladdr") + 1] if "lladdr" in printed else ""

    def opens(self, address: str) -> bool:
        """Whether a page opens through the VPN."""
        line = ("curl", "-s", "-m", "4", "-o", "/dev/null", "--interface", CARD, address)
        return self.run(*line).returncode == 0

    def diverts(self, victim: Guest, page: str, sent: list[bytes], wanted: Callable[[bytes], bool]) -> bool:
        """Whether frames that are wanted come here while the victim opens a page and these frames are sent.

        Of three tries, since on a machine that is busy the first may be too slow where it has to succeed.
        """
        for _ in range(3):
            with self.hearing(6) as heard:
                self.send(*sent, times=15)
                victim.opens(page)
            if any(map(wanted, heard)):
                return True
        return False


@contextmanager
def hearing(given: Given, machine: str, card: str, seconds: float) -> Iterator[list[bytes]]:
    """What comes in at an interface; the frames are there when the block ends."""
    heard: list[bytes] = []
    line = given.host.line("exec", machine, "--", *PROGRAM, "hear", card, str(seconds))
    program = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=given.host.environment)
    assert program.stdout is not None
    assert program.stdout.readline() == "hearing\n"
    yield heard
    said, _ = program.communicate(timeout=seconds + 30)
    heard += [bytes.fromhex(line) for line in said.split()]


@contextmanager
def connected(given: Given, user: str, machine: str, folder: Path) -> Iterator[Guest]:
    """A guest who dials from a machine, with the address that DHCP gives and a way to the hub's services."""
    host = given.host
    options = ("--dev", CARD, "--dev-type", "tap")
    with dialling(host, folder, *options, user=user, password=given.login(user).password, machine=machine) as dial:
        assert dial.reads(IN), dial.log
        host.output(machine, "ip", "link", "set", CARD, "up")
        said = host.output(machine, *PROGRAM, "lease", CARD, "1", "own")
        (address,) = json.loads(said)
        host.output(machine, "ip", "address", "add", f"{address}/24", "dev", CARD)
        host.output(machine, "ip", "route", "add", "198.51.100.10/32", "via", ROUTER, "dev", CARD)
        mac = host.output(machine, "cat", f"/sys/class/net/{CARD}/address")
        yield Guest(given, machine, bytes.fromhex(mac.replace(":", "")), address, dial)


def marked(heard: list[bytes]) -> list[bytes]:
    """The frames among these that a test has sent."""
    return [frame for frame in heard if frames.MARK in frame]


def wait_for(true: object, seconds: float) -> bool:
    """Whether a question comes to be answered by yes in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if callable(true) and true():
            return True
        time.sleep(0.5)
    return False


def leases_held(given: Given) -> int:
    """How many leases the DHCP server of the hub has given out."""
    return int(given.host.output("server", "python3", "-", input=LEASES))
