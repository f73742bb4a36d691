"""The probe against a real SoftEther behind the FortiGate stand-in and a real firewalld, from four vantage points."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import yaml

from rehearsal import network
from tests.rehearsal.conftest import Rehearsal

FORTIGATE = ("pass", "drop", "reject")
FIREWALLD = ("pass", "reject", "drop")
SERVER = ("listens", "deaf")
NETWORKS = list(product(FORTIGATE, FIREWALLD, SERVER))
TCP, UDP = 6000, 7000
OURS = {"fortigate": FORTIGATE[1:], "firewalld": FIREWALLD[1:], "server": SERVER[1:]}

INSTALL = """
mkdir -p /var/lib/softether && printf '127.0.0.1\\n::1\\n' > /var/lib/softether/adminip.txt
export DEBIAN_FRONTEND=noninteractive
apt-get update -q && apt-get install -y -q netbase firewalld softether-vpnserver softether-vpncmd
"""


def ports(position: int, *does: str) -> list[int]:
    """The numbers (from 1) of the networks whose hop at that position does one of these."""
    return [number for number, network_ in enumerate(NETWORKS, 1) if network_[position] in does]


def vpncmd(lab: Rehearsal, *lines: str) -> None:
    batch = "\n".join(lines)
    lab.output("server", "sh", "-c", "cat > /root/batch; vpncmd localhost:443 /SERVER /IN:/root/batch", input=batch)


def until_open(lab: Rehearsal, port: int) -> None:
    for _ in range(60):
        if lab.run("server", "sh", "-c", f"ss -Hlntu 'sport = :{port}' | grep -q .").returncode == 0:
            return
        time.sleep(0.25)
    pytest.fail(f"the server never listened on {port}")


def serve(lab: Rehearsal) -> None:
    lab.output("server", "sh", "-c", INSTALL)
    until_open(lab, 443)
    listening = ports(2, "listens")
    listeners = [f"ListenerCreate {TCP + number}" for number in listening]
    udp = ",".join(str(UDP + number) for number in listening)
    ipsec = "IPsecEnable /L2TP:yes /L2TPRAW:no /ETHERIP:no /PSK:rehearsal /DEFAULTHUB:DEFAULT"
    vpncmd(lab, *listeners, f"PortsUDPSet {udp}", ipsec)
    for port in (TCP + listening[-1], UDP + listening[-1], 500):
        until_open(lab, port)


def guard(lab: Rehearsal) -> None:
    """firewalld: what passes stands in the zone, what is dropped in rich rules; the zone rejects the rest."""
    both = [(TCP, "tcp"), (UDP, "udp")]
    opened = [f"--add-port={base + number}/{kind}" for base, kind in both for number in ports(1, "pass")]
    extra = ["--add-port=443/tcp", "--add-port=500/udp", "--add-port=4500/udp"]
    rule = "--add-rich-rule=rule family=ipv4 port port={} protocol={} drop"
    lab.output("server", "firewall-cmd", *opened, *extra)
    dropped = [rule.format(base + number, kind) for base, kind in both for number in ports(1, "drop")]
    lab.output("server", "firewall-cmd", *dropped)


def ask(lab: Rehearsal, method: str, path: str, body: dict[str, Any], query: str = "") -> Any:
    """One REST request to the FortiGate from the administrator's machine."""
    values = yaml.safe_load((lab.state / "values.yaml").read_text())
    trust = lab.state / "probe-ca.pem"
    trust.write_text(values["fortigateCa"])
    url = f"https://{network.FORTIGATE}/api/v2/cmdb/{path}{query}"
    given = [*("--cacert", str(trust)), *("-X", method), *("-d", json.dumps(body)), *("--header", "@-")]
    answer = lab.output(
        "admin", "curl", "-sS", *given, url, input=f"Authorization: Bearer {values['fortigateToken']}\n"
    )
    data = json.loads(answer)
    assert data["status"] == "success", answer
    return data.get("mkey")


def admit(lab: Rehearsal, name: str, numbers: list[int], **policy: str) -> None:
    """A policy above the one that denies the outside, for these networks' ports and, if it accepts, for IKE."""
    accepts = policy["action"] == "accept"
    tcp = " ".join(str(TCP + number) for number in numbers) + (" 443" if accepts else "")
    udp = " ".join(str(UDP + number) for number in numbers) + (" 500 4500" if accepts else "")
    ask(lab, "POST", "firewall.service/custom", {"name": name, "tcp-portrange": tcp, "udp-portrange": udp})
    ends = {"srcintf": "wan1", "dstintf": "dmz", "srcaddr": "all", "dstaddr": "all", "service": name}
    body = {key: [{"name": value}] for key, value in ends.items()} | {"name": name, "schedule": "always"} | policy
    made = ask(lab, "POST", "firewall/policy", body)
    ask(lab, "PUT", f"firewall/policy/{made}", {}, "?action=move&before=4")


@pytest.fixture(scope="module")
def lab() -> Iterator[Rehearsal]:
    rehearsal = Rehearsal("probe")
    rehearsal.stop()
    rehearsal.start()
    serve(rehearsal)
    guard(rehearsal)
    admit(rehearsal, "probe-pass", ports(0, "pass"), action="accept")
    admit(rehearsal, "probe-reject", ports(0, "reject"), **{"action": "deny", "send-deny-packet": "enable"})
    yield rehearsal
    rehearsal.stop()


def probe(lab: Rehearsal, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labvpn", "doctor", "probe", network.SERVER, *words]
    return subprocess.run(command, env=lab.environment, capture_output=True, text=True, timeout=120, check=False)


def vantage(lab: Rehearsal, name: str, machine: str, *program: str) -> list[str]:
    there = program or (sys.executable, "-m", "labvpn")
    return ["--vantage", f"{name}=" + " ".join([*lab.line("exec", machine, "--"), *there])]


def everywhere(lab: Rehearsal) -> list[str]:
    outside = [word for name in ("internet", "phone", "campus") for word in vantage(lab, name, name)]
    return ["--here", "none", *outside, *vantage(lab, "host", "admin", *by_ssh(lab))]


def by_ssh(lab: Rehearsal) -> tuple[str, ...]:
    known = lab.state / "probe-known-hosts"
    known.write_text(f"{network.SERVER} {yaml.safe_load((lab.state / 'values.yaml').read_text())['hostKey']}\n")
    options = ("-q", "-o", f"UserKnownHostsFile={known}", "-i", str(lab.state / "ssh/admin"))
    return ("ssh", *options, f"root@{network.SERVER}", "python3")


@pytest.fixture(scope="module")
def report(lab: Rehearsal) -> dict[tuple[str, int], dict[str, Any]]:
    """Every port of the matrix, probed from all vantage points."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    # Half a dozen refusals come at once and then one a second, so a few ports at a time.
    for first in range(1, len(NETWORKS) + 1, 6):
        some = range(first, first + 6)
        lists = {"--tcp": [TCP + number for number in some], "--udp": [UDP + number for number in some]}
        words = [word for option, given in lists.items() for word in (option, ",".join(map(str, given)))]
        done = probe(lab, *everywhere(lab), *words, "--json")
        assert done.returncode in (0, 1), done.stderr
        for port in json.loads(done.stdout)["ports"]:
            found[port["protocol"], port["port"]] = port
    return found


def closing(network_: tuple[str, ...]) -> list[str]:
    return [hop for hop, does in zip(OURS, network_, strict=True) if does in OURS[hop]]


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("number", range(1, len(NETWORKS) + 1), ids=lambda number: "-".join(NETWORKS[number - 1]))
def test_each_closed_port_of_the_matrix_is_blamed_on_the_hop_that_closes_it(
    report: dict[tuple[str, int], dict[str, Any]], protocol: str, number: int
) -> None:
    seen = report[protocol, (TCP if protocol == "tcp" else UDP) + number]
    wrong = closing(NETWORKS[number - 1])
    if not wrong:
        assert seen["as_expected"], seen
        return
    blame = seen["blame"]
    assert blame["hop"] in wrong, seen
    if len(wrong) == 1:
        assert blame["certain"], seen
    # Of two firewalls that drop alike, nobody outside can see that the first one does.
    if NETWORKS[number - 1][:2] != ("drop", "drop"):
        assert [blame["hop"], *blame["behind"]] == wrong, seen


@pytest.mark.parametrize("machine", ["internet", "phone"])
def test_softether_answers_in_every_protocol_also_through_the_carriers_nat(lab: Rehearsal, machine: str) -> None:
    words = ["--tcp", "443", "--udp", "500,4500", "--closed", "22,8000,1701/udp", "--json"]
    done = probe(lab, "--here", "none", *vantage(lab, machine, machine), *words)
    data = json.loads(done.stdout)
    seen = {(port["protocol"], port["port"]): port for port in data["vantages"][0]["ports"]}
    assert done.returncode == 0, data
    assert {"TLS", "OpenVPN"} <= set(seen["tcp", 443]["services"])
    assert seen["udp", 500]["services"] == seen["udp", 4500]["services"] == ["IKE"]
    assert all(seen["udp", port]["detail"].startswith("chooses AES-256/") for port in (500, 4500))
    assert seen["tcp", 443]["certificate"]["not_after"] > time.time()


def test_a_port_that_shall_be_closed_and_is_open_is_found(lab: Rehearsal) -> None:
    done = probe(lab, "--here", "none", *vantage(lab, "internet", "internet"), "--tcp", "443", "--closed", "500/udp")
    assert done.returncode == 1
    assert "500/udp: open for internet, though it should be closed" in " ".join(done.stdout.split())
