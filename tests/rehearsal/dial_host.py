"""A VPN host that is dialled by `labvpn dial` from the campus and from the phone, with faults at every hop."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rehearsal import network
from tests.rehearsal.agent_host import SECRETS, AgentHost
from tests.rehearsal.test_doctor_probe import ask

LAB = {"HubName_str": "LAB"}
KEY = SECRETS["ipsec"]
PORTS = ("443/tcp", "500/udp", "992/tcp", "1194/tcp", "1194/udp", "4500/udp", "5555/tcp")
PROGRAM = (sys.executable, "-m", "labvpn")
POOL = {
    "RpcHubName_str": "LAB",
    "MacAddress_bin": "XnMT7sXO",
    "Ip_ip": "192.168.30.1",
    "Mask_ip": "255.255.255.0",
    "UseNat_bool": True,
    "Mtu_u32": 1500,
    "NatTcpTimeout_u32": 1800,
    "NatUdpTimeout_u32": 60,
    "UseDhcp_bool": True,
    "DhcpLeaseIPStart_ip": "192.168.30.10",
    "DhcpSubnetMask_ip": "255.255.255.0",
    "DhcpExpireTimeSpan_u32": 1800,
    "DhcpGatewayAddress_ip": "192.168.30.1",
    "DhcpDnsServerAddress_ip": "192.168.30.1",
    "DhcpDomainName_str": "lab.example",
}

Report = dict[str, Any]


class DialHost(AgentHost):
    """The host, and what is done to the ways that lead to it."""

    def begin_dialled(self) -> None:
        """Everything of the worked example; the FortiGate lets the phone in."""
        self.begin()
        self.converge_all()
        self.ban_after(500)
        tcp, udp = (" ".join(one.split("/")[0] for one in PORTS if one.endswith(kind)) for kind in ("tcp", "udp"))
        ask(self, "POST", "firewall.service/custom", {"name": "vpn", "tcp-portrange": tcp, "udp-portrange": udp})
        ends = {"srcintf": "wan1", "dstintf": "dmz", "srcaddr": "all", "dstaddr": "all", "service": "vpn"}
        body = {key: [{"name": value}] for key, value in ends.items()}
        policy = {**body, "name": "vpn", "schedule": "always", "action": "accept"}
        made = ask(self, "POST", "firewall/policy", policy)
        ask(self, "PUT", f"firewall/policy/{made}", {}, "?action=move&before=4")

    def ban_after(self, failures: int) -> None:
        """From how many failed logins on a source is banned, for ten minutes."""
        usual = "slow=5 pause=15 most=10 seconds=600"
        document = self.documents()["firewall"]
        self.converge("firewall", document.replace(usual, f"slow={failures} pause=600 most=1000 seconds=600"))
        self.confirm()

    def words(self, user: str, *more: str, outputs: bool = False) -> list[str]:
        """The words of a dial whose secrets come by standard input."""
        given = ("--outputs", "-") if outputs else (str(network.SERVER), "--hub", "LAB", "--stdin")
        return [*PROGRAM, "dial", *given, "--user", user, "--json", *more]

    def stdin(self, user: str, password: str | None = None, key: str = KEY) -> str:
        word = SECRETS["users"].get(f"LAB/{user}", "word") if password is None else password
        return f"{word}\n{key}\n"

    def dial(
        self, user: str = "owner", *more: str, password: str | None = None, key: str = KEY, machine: str = "campus"
    ) -> Report:
        """The one dial of a call; its exit status has to be what it says."""
        (one,) = self.dials(machine, self.words(user, *more), self.stdin(user, password, key))
        return one

    def dial_known(self, user: str, *more: str, **account: Any) -> Report:
        """The same with a stack's outputs in which the user's account is known."""
        text = json.dumps(self.outputs(user, **account))
        (one,) = self.dials("campus", self.words(user, *more, outputs=True), text)
        return one

    def dials(self, machine: str, words: list[str], stdin: str) -> list[Report]:
        done = self.run(machine, *words, input=stdin)
        assert done.returncode in (0, 1), done.stderr
        reports: list[Report] = json.loads(done.stdout)["dials"]
        some = any if "all" in words and "--protocol" in words else all
        assert (done.returncode == 0) is some(each["connected"] for each in reports)
        return reports

    def outputs(self, user: str, **account: Any) -> dict[str, Any]:
        """A stack's outputs as far as a dial reads them."""
        ssh = {"host": str(network.SERVER), "hostKey": "ssh-ed25519 AAAA"}
        known = {"password": SECRETS["users"].get(f"LAB/{user}", "word"), "reach": "services", **account}
        lists = {kind: [int(one.split("/")[0]) for one in PORTS if one.endswith(kind)] for kind in ("tcp", "udp")}
        return {
            "name": str(network.SERVER),
            "address": str(network.SERVER),
            "ports": lists,
            "hub": "LAB",
            "protocols": {},
            "network": {"router": "192.168.30.1", "services": []},
            "ssh": ssh,
            "users": {user: known},
            "presharedKey": KEY,
        }

    @contextmanager
    def staying(self, user: str, seconds: float, machine: str = "campus") -> Iterator[subprocess.Popen[str]]:
        """A dial that stays, from when it has its address; its end is waited for."""
        words = [word for word in self.words(user, "--stay", str(seconds)) if word != "--json"]
        line, pipe = self.line("exec", machine, "--", *words), subprocess.PIPE
        running = subprocess.Popen(line, env=self.environment, stdin=pipe, stdout=pipe, text=True)
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write(self.stdin(user))
        running.stdin.close()
        running.stdin = None
        assert any("local  IP address" in said for said in running.stdout)
        try:
            yield running
        finally:
            running.communicate(timeout=seconds + 60)

    @contextmanager
    def closed_in(self, machine: str, hook: str, match: str) -> Iterator[None]:
        """What matches is dropped on a machine, whatever else filters there."""
        table = f"add table ip t; add chain ip t c {{ type filter hook {hook}; }}; add rule ip t c {match} drop"
        self.output(machine, "nft", table)
        try:
            yield
        finally:
            self.output(machine, "nft", "delete table ip t")

    @contextmanager
    def closed_by_firewalld(self, port: str) -> Iterator[None]:
        """The host's own firewall does not open a port; its zone rejects it."""
        others = [f"--add-port={one}" for one in PORTS if one != port]
        self.output("server", "firewall-cmd", "-q", "--remove-service=vpnserver")
        self.output("server", "firewall-cmd", "-q", *others)
        try:
            yield
        finally:
            self.output("server", "firewall-cmd", "-q", "--reload")

    @contextmanager
    def small_link(self, mtu: int) -> Iterator[None]:
        """The link between the FortiGate and the host takes no larger packets."""
        ends = (("fortigate", "dmz"), ("server", "eth0"))
        for machine, interface in ends:
            self.output(machine, "ip", "link", "set", interface, "mtu", str(mtu))
        try:
            yield
        finally:
            for machine, interface in ends:
                self.output(machine, "ip", "link", "set", interface, "mtu", "1500")

    @contextmanager
    def no_fragments(self) -> Iterator[None]:
        """Fragments are dropped at the host, both ways, before anything puts them together."""
        match = "ip frag-off & 0x3fff != 0"
        hook = "prerouting priority -500"
        with self.closed_in("server", hook, match), self.closed_in("fortigate", hook, match):
            yield

    def becomes_banned(self, machine: str, user: str = "guest1") -> bool:
        """Guess passwords from a machine until the guard bans it, and wait until the ban is in force."""
        for _ in range(8):
            if self.dial(user, password="a guess", machine=machine)["cause"] != "wrong-credentials":
                break
        time.sleep(8)
        return bool(self.bans())
