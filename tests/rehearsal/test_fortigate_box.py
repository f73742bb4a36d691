"""The FortiGate stand-in on a real network: what its REST interface says is what its packets do."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from rehearsal.fortigate import certificates, control, ruleset
from rehearsal.fortigate.gate import Faults
from tests.rehearsal.fortigate_asked import allow, ask, before, done, hits
from tests.rehearsal.fortigate_wire import INTERNET, LONG, PATIENCE, SERVER, Echo, Wire, wire
from tests.unit.rehearsal.test_fortigate_rules import CASES, changed, members

pytestmark = pytest.mark.rehearsal

PORTS = (443, 992, 8000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with wire(tmp_path_factory.mktemp("fgt")) as made:
        servers = [Echo(made, "server", SERVER, PORTS), Echo(made, "internet", INTERNET, (443,))]
        yield made
        for server in servers:
            server.close()


@pytest.fixture
def lab(running: Wire) -> Wire:
    control.reset(running.state)
    return running


def test_campus_is_let_in_and_the_internet_meets_silence(lab: Wire) -> None:
    assert [lab.tcp("campus", SERVER, port) for port in PORTS] == ["open"] * 3
    assert lab.tcp("internet", SERVER, 443) == "silent"
    assert (hits(lab)[1], hits(lab)[4] >= 1) == (3, True)


def test_what_no_policy_names_is_denied_and_counted(lab: Wire) -> None:
    assert lab.udp("server", "203.0.113.140", 443) == "silent"
    assert hits(lab) == {0: 1, 1: 0, 2: 0, 3: 0, 4: 0}


def test_an_allow_policy_opens_only_above_the_deny_and_only_its_ports(lab: Wire) -> None:
    done(lab, "POST", "cmdb/firewall.service/custom", {"name": "SoftEther", "tcp-portrange": "443 992"})
    policy = allow(lab, service=members("SoftEther"))
    assert lab.tcp("internet", SERVER, 443) == "silent"
    before(lab, policy, 4)
    assert [lab.tcp("internet", SERVER, port) for port in PORTS] == ["open", "open", "silent"]
    assert lab.udp("internet", SERVER, 443) == "silent"
    before(lab, 4, policy)
    assert lab.tcp("internet", SERVER, 443) == "silent"


def test_a_udp_service_opens_no_tcp(lab: Wire) -> None:
    done(lab, "POST", "cmdb/firewall.service/custom", {"name": "vpn-udp", "udp-portrange": "440-445"})
    before(lab, allow(lab, service=members("vpn-udp")), 4)
    assert (lab.udp("internet", SERVER, 443), lab.tcp("internet", SERVER, 443)) == ("open", "silent")


def test_the_service_ping_lets_echo_through_and_nothing_else(lab: Wire) -> None:
    assert not lab.ping("internet", SERVER)
    before(lab, allow(lab, service=members("PING")), 4)
    assert lab.ping("internet", SERVER)
    assert lab.tcp("internet", SERVER, 443) == "silent"


def test_only_whitelisted_addresses_and_groups_pass(lab: Wire) -> None:
    done(lab, "POST", "cmdb/firewall/address", {"name": "elsewhere", "subnet": "198.51.100.64/26"})
    done(lab, "POST", "cmdb/firewall/addrgrp", {"name": "vpn-sources", "member": members("elsewhere")})
    before(lab, allow(lab, srcaddr=members("vpn-sources")), 4)
    assert lab.tcp("internet", SERVER, 443) == "silent"
    done(lab, "POST", "cmdb/firewall/address", {"name": "client", "subnet": f"{INTERNET} 255.255.255.255"})
    done(lab, "PUT", "cmdb/firewall/addrgrp/vpn-sources", {"member": members("elsewhere", "client")})
    assert lab.tcp("internet", SERVER, 443) == "open"


@pytest.mark.parametrize(("country", "seen"), [("JP", "open"), ("DE", "silent")])
def test_a_country_passes_by_the_stated_table(lab: Wire, country: str, seen: str) -> None:
    done(lab, "POST", "cmdb/firewall/address", {"name": "country", "type": "geography", "country": country})
    before(lab, allow(lab, srcaddr=members("country")), 4)
    assert lab.tcp("internet", SERVER, 443) == seen


def test_send_deny_packet_answers_prohibited_from_the_boxs_own_address(lab: Wire) -> None:
    done(lab, "PUT", "cmdb/firewall/policy/4", {"send-deny-packet": "enable"})
    assert lab.tcp("internet", SERVER, 443) == "denied"
    with lab.inside("internet"), closing(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)) as icmp:
        icmp.settimeout(1)
        lab.udp("internet", SERVER, 500)
        packet, source = icmp.recvfrom(256)
    assert (packet[20], packet[21], source[0]) == (3, 13, "198.51.100.1")


def test_counters_count_sessions_and_outlive_every_change_of_the_rules(lab: Wire) -> None:
    before(lab, policy := allow(lab), 4)
    for _ in range(3):
        assert lab.tcp("internet", SERVER, 443) == "open"
    done(lab, "POST", "cmdb/firewall/address", {"name": "a", "subnet": "10.0.0.0/8"})
    before(lab, 4, policy)
    assert hits(lab)[policy] == 3
    counted = done(lab, "GET", "monitor/firewall/policy", policyid=str(policy))["results"]
    assert counted[0]["bytes"] > counted[0]["packets"] > 3


def test_a_connection_ends_with_its_policy_and_others_live_on(lab: Wire) -> None:
    before(lab, policy := allow(lab), 4)
    with lab.dial("internet", SERVER, 992) as outside, lab.dial("campus", SERVER, 443) as inside:
        for connection in (outside, inside):
            assert connection.recv(64)
        done(lab, "DELETE", f"cmdb/firewall/policy/{policy}")
        inside.sendall(b"still here")
        assert inside.recv(64) == b"still here"
        outside.sendall(b"still here")
        outside.settimeout(PATIENCE)
        with pytest.raises(TimeoutError):
            outside.recv(64)
    assert policy not in hits(lab)


def test_a_host_inside_cannot_go_on_sending_once_the_policy_is_gone(lab: Wire) -> None:
    before(lab, policy := allow(lab), 4)
    with lab.inside("server"):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with lab.inside("internet"):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        server.bind((SERVER, 7000))
        client.settimeout(LONG)
        client.sendto(b"hello", (SERVER, 7000))
        _, caller = server.recvfrom(64)
        server.sendto(b"before", caller)
        assert client.recv(64) == b"before"
        done(lab, "DELETE", f"cmdb/firewall/policy/{policy}")
        server.sendto(b"after", caller)
        client.settimeout(PATIENCE)
        with pytest.raises(TimeoutError):
            client.recv(64)


def test_a_connection_goes_on_when_another_policy_allows_it(lab: Wire) -> None:
    before(lab, first := allow(lab, "first", service=members("JupyterHub")), 4)
    before(lab, second := allow(lab, "second", service=members("JupyterHub")), 4)
    with lab.dial("internet", SERVER, 8000) as connection:
        assert connection.recv(64)
        done(lab, "PUT", f"cmdb/firewall/policy/{first}", {"status": "disable"})
        connection.sendall(b"on")
        assert connection.recv(64) == b"on"
    assert (hits(lab)[first], hits(lab)[second]) == (1, 1)


def test_a_vip_translates_only_for_policies_that_name_it(lab: Wire) -> None:
    vip = {"name": "vpn-vip", "extintf": "wan1", "extip": "198.51.100.9", "mappedip": [{"range": SERVER}]}
    done(lab, "POST", "cmdb/firewall/vip", vip)
    before(lab, allow(lab, "plain"), 4)
    before(lab, policy := allow(lab, "through-vip", dstaddr=members("vpn-vip"), service=members("HTTPS")), 4)
    assert [lab.tcp("internet", "198.51.100.9", port) for port in PORTS] == ["open", "silent", "silent"]
    assert lab.tcp("internet", SERVER, 992) == "open"
    done(lab, "DELETE", f"cmdb/firewall/policy/{policy}")
    assert lab.tcp("internet", "198.51.100.9", 443) == "silent"


def test_a_vip_can_forward_one_port_of_the_boxs_own_address(lab: Wire) -> None:
    ports = {"portforward": "enable", "protocol": "tcp", "extport": "5555", "mappedport": "992"}
    vip = {"name": "forward", "extintf": "wan1", "extip": "198.51.100.1", "mappedip": [{"range": SERVER}]}
    done(lab, "POST", "cmdb/firewall/vip", vip | ports)
    before(lab, allow(lab, dstaddr=members("forward")), 4)
    assert [lab.tcp("internet", "198.51.100.1", port) for port in (5555, 992, 443)] == ["open", "silent", "silent"]


@pytest.mark.parametrize(("nat", "seen"), [("disable", SERVER), ("enable", "198.51.100.1")])
def test_nat_decides_by_which_address_the_internet_sees_the_server(lab: Wire, nat: str, seen: str) -> None:
    done(lab, "PUT", "cmdb/firewall/policy/3", {"nat": nat})
    with lab.dial("server", INTERNET, 443) as connection:
        assert connection.recv(64).decode().strip() == seen


def test_the_box_is_administered_from_the_campus_alone_and_answers_ping_everywhere(lab: Wire) -> None:
    assert ask(lab, "GET", "cmdb/system/global").json()["version"] == "v7.6.7"
    assert lab.tcp("internet", certificates.ADDRESS, 443) == "silent"
    assert lab.tcp("server", certificates.ADDRESS, 443) == "silent"
    assert lab.ping("internet", "198.51.100.1")
    assert lab.tcp("campus", certificates.ADDRESS, 22) == "silent"


def test_a_killed_box_comes_back_as_it_was(lab: Wire) -> None:
    before(lab, policy := allow(lab), 4)
    assert lab.tcp("internet", SERVER, 443) == "open"
    lab.kill_box()
    assert lab.tcp("internet", SERVER, 443) == "open"
    lab.start_box()
    order = [each["policyid"] for each in done(lab, "GET", "cmdb/firewall/policy")["results"]]
    assert order == [1, 2, 3, policy, 4]
    assert hits(lab)[policy] == 2


def test_rehearsed_faults_are_what_a_client_meets(lab: Wire) -> None:
    control.set_faults(lab.state, Faults(next=("hang", "close", "garbage", "pass", "500")))
    with pytest.raises(httpx.ReadTimeout):
        ask(lab, "GET", "cmdb/firewall/policy", wait=1.0)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        ask(lab, "GET", "cmdb/firewall/policy")
    with pytest.raises(json.JSONDecodeError):
        ask(lab, "GET", "cmdb/firewall/policy").json()
    assert [ask(lab, "GET", "cmdb/firewall/policy").status_code for _ in range(3)] == [200, 500, 200]


@pytest.mark.parametrize("case", sorted(CASES.glob("*.json")), ids=lambda case: case.stem)
def test_the_kernel_takes_the_rules_of_every_case(lab: Wire, case: Path) -> None:
    script = ruleset.script(changed(json.loads(case.read_text())["changes"]), ())
    lab.run("fortigate", "nft", "--check", "--file", "-", text=script)


def test_reset_puts_everything_back(lab: Wire) -> None:
    first = control.policies(lab.state)
    allow(lab)
    lab.tcp("campus", SERVER, 443)
    assert control.policies(lab.state) != first
    control.reset(lab.state)
    assert control.policies(lab.state) == first
