"""The lab proven from outside: what a colleague at home, on a train or on the campus would meet."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rehearsal import machine, proof_dial
from rehearsal.dial import Dialled, Login, dialled
from rehearsal.places import MODULE

CLOSED = "22,80,3389,8000,8443,53/udp,161/udp,1701/udp"
"""Ports that nobody asked for, which must be closed to the internet."""

WHOAMI = "http://198.51.100.10/"
WORKSTATION = "http://203.0.113.21:8000/"
VPN_HOST = "http://192.168.31.1:8000/"
CARRIER = "198.51.100.20"
"""The phone's address outside, given by its carrier."""

BEYOND = {
    "http://203.0.113.21:22/": "workstation:22",
    "https://203.0.113.17/": "fortigate",
    "http://192.168.31.1:22/": "vpn-host:22",
    "http://203.0.113.141:22/": "campus",
}
CURL_TIMEOUT = 28


@dataclass(frozen=True)
class Proof:
    """One requirement and whether it is met."""

    hop: str
    what: str
    words: str
    kept: bool


@dataclass(frozen=True)
class Outputs:
    """The stack's outputs, with the users' passwords."""

    file: Path
    name: str
    addresses: tuple[str, ...]
    users: dict[str, str]
    hubs: dict[str, str]
    routers: dict[str, str]
    authority: str = ""
    offers_l2tp: bool = False

    @classmethod
    def read(cls, file: Path) -> Outputs:
        """The outputs in the engine's JSON."""
        data: dict[str, Any] = json.loads(file.read_text())
        users = data["users"].items()
        passwords = {user: entry["password"] for user, entry in users}
        hubs = {user: entry.get("hub", data["hub"]) for user, entry in users}
        # SoftEther 4 pushes the gateway of its routes itself, and with another one none can be made.
        split = [hub for hub, network in data["networks"].items() if network["routes"] and data["generation"] >= 5]
        routers = {hub: data["networks"][hub]["router"] for hub in split}
        return cls(
            file,
            data["name"],
            tuple(one["address"] for one in data["servers"]),
            passwords,
            hubs,
            routers,
            data.get("certificate", ""),
            bool(data.get("protocols", {}).get("l2tpIpsec")) and "presharedKey" in data,
        )

    def login(self, user: str) -> Login:
        """A user's login with the right password, by the name that people dial."""
        hub = self.hubs[user]
        return Login(
            self.name, f"{user}@{hub}", self.users[user], router=self.routers.get(hub), authority=self.authority
        )


def prove(outputs: Outputs, say: Callable[[str], None]) -> Iterator[Proof]:
    """Every proof; independent ones run in parallel."""
    say(
        "proving the name, every port (from the internet and from the phone behind the carrier's NAT), a wrong "
        "password, and L2TP/IPsec dials as an iPhone, a Mac and Windows"
    )
    beside: list[Callable[[Outputs], Iterator[Proof]]] = [_name, _ports, _wrong_password, _campus, _dials]
    with ThreadPoolExecutor() as pool:
        for proofs in pool.map(lambda step: list(step(outputs)), beside):
            yield from proofs
    # The tunnel takes all of the phone's traffic, so it runs alone.
    say("proving a real OpenVPN client on the phone")
    yield from _tunnel(outputs)


def _name(outputs: Outputs) -> Iterator[Proof]:
    found = machine.output("phone", ["dig", "+short", "+time=2", "+tries=3", outputs.name, "A"])
    words = f"the phone resolves {outputs.name} to {', '.join(found.split()) or 'nothing'}"
    yield Proof("DNS", outputs.name, words, sorted(found.split()) == sorted(outputs.addresses))


def _ports(outputs: Outputs) -> Iterator[Proof]:
    for address in outputs.addresses:
        for one in _ports_of(outputs, address):
            yield replace(one, what=f"{one.what} of {address}") if len(outputs.addresses) > 1 else one


def _ports_of(outputs: Outputs, address: str) -> Iterator[Proof]:
    places = ("internet", "phone")
    with ThreadPoolExecutor() as pool:
        seen = dict(zip(places, pool.map(lambda place: _probed(outputs, place, address), places), strict=True))
    for place, findings in seen.items():
        if not findings:
            yield Proof("all", "ports", f"the probe gave no answer from the {place}", False)
    for port in dict.fromkeys(port for findings in seen.values() for port in findings):
        each = {place: findings[port] for place, findings in seen.items() if port in findings}
        words = {place: _words(finding) for place, finding in each.items()}
        alike = len(set(words.values())) == 1
        sentence = (
            next(iter(words.values())) if alike else ", ".join(f"{place}: {text}" for place, text in words.items())
        )
        kept = all(finding["as_expected"] for finding in each.values())
        yield Proof("internet, phone", port, sentence, kept)


def _probed(outputs: Outputs, place: str, address: str) -> dict[str, dict[str, Any]]:
    """The probe's finding for each port from a machine, with the services that answered; empty if there is none."""
    command = ["doctor", "probe", address, "--outputs", str(outputs.file), "--closed", CLOSED, "--json"]
    done = machine.run(place, [*MODULE, "labvpn", *command])
    try:
        report = json.loads(done.stdout)
        (view,) = report["vantages"]
    except (ValueError, KeyError):
        return {}
    answers = {_port(seen): seen["services"] for seen in view["ports"]}
    return {_port(finding): {**finding, "services": answers[_port(finding)]} for finding in report["ports"]}


def _port(finding: dict[str, Any]) -> str:
    return f"{finding['port']}/{finding['protocol']}"


def _words(finding: dict[str, Any]) -> str:
    if not finding["as_expected"]:
        return f"should be {finding['expected']}, but: {finding['says']}"
    return f"open: {', '.join(finding['services'])} answer" if finding["services"] else str(finding["says"])


def _wrong_password(outputs: Outputs) -> Iterator[Proof]:
    for address in outputs.addresses:
        yield from _refused(Login(address, "guest1", "certainly-not-the-password", authority=outputs.authority))


def _campus(_outputs: Outputs) -> Iterator[Proof]:
    """What the campus reached before the stack closed it; past the tunnel, where a client there is connected."""
    done = machine.run("campus", ["curl", "-sS", "-m", "3", "--interface", "eth0", WORKSTATION])
    shut = done.returncode == CURL_TIMEOUT
    words = f"the campus {'does not open' if shut else 'opens'} the workstation's login page without the VPN"
    yield Proof("FortiGate", "8000/tcp", words, shut)


def _refused(login: Login) -> Iterator[Proof]:
    with dialled("internet", login) as dial:
        words = "a wrong password is refused" if dial.refused else f"a wrong password was not refused: {_end(dial)}"
        yield Proof("SoftEther", "login", words, dial.refused and dial.address is None)


def _dials(outputs: Outputs) -> Iterator[Proof]:
    if outputs.offers_l2tp:
        for what, words, kept in proof_dial.dials(outputs.file):
            yield Proof("L2TP/IPsec", what, words, kept)


def _tunnel(outputs: Outputs) -> Iterator[Proof]:
    with dialled("phone", outputs.login("guest1")) as dial:
        if dial.address is None:
            yield Proof("SoftEther", "login", f"guest1 could not log in from the phone: {_end(dial)}", False)
            return
        yield Proof("SoftEther", "login", f"guest1 dials {outputs.name} from the phone and gets {dial.address}", True)
        page = machine.output("phone", ["curl", "-sS", "-m", "15", WORKSTATION])
        yield Proof("SecureNAT", "8000/tcp", "the workstation's JupyterHub opens through the tunnel", "<form" in page)
        page = machine.output("phone", ["curl", "-sS", "-m", "15", VPN_HOST])
        yield Proof("SecureNAT", "8000/tcp", "the VPN host's own JupyterHub opens through the tunnel", "<form" in page)
        yield from _kept_in()
    with dialled("phone", outputs.login("owner")) as dial:
        seen = machine.output("phone", ["curl", "-sS", "-m", "15", WHOAMI]) if dial.address else ""
        words = f"what the owner sends to the internet arrives from {seen or 'nowhere'}"
        yield Proof("SecureNAT", "fixed address", words, seen in outputs.addresses)


def _kept_in() -> Iterator[Proof]:
    """What a guest's device keeps out of the tunnel, and what the hub refuses if the device sends it."""
    seen = machine.output("phone", ["curl", "-sS", "-m", "15", WHOAMI])
    words = f"what a guest sends to the internet stays out of the tunnel and arrives from {seen or 'nowhere'}"
    yield Proof("SecureNAT", "split tunnel", words, seen == CARRIER)
    for target, what in BEYOND.items():
        done = machine.run("phone", ["curl", "-sS", "-m", "2", "--interface", "tun0", target])
        refused = done.returncode == CURL_TIMEOUT
        words = f"a guest {'does not reach' if refused else 'reaches'} it through the tunnel"
        yield Proof("access list", what, words, refused)


def _end(dial: Dialled) -> str:
    return " / ".join(dial.log.strip().splitlines()[-2:]) or "no output from the client"


def read_outputs(command: list[str], environment: dict[str, str], file: Path) -> Outputs:
    """Write the engine's outputs into a file that only its owner can read."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    file.touch(0o600)
    file.write_text(done.stdout)
    return Outputs.read(file)
