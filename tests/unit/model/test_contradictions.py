"""What cannot work is refused before a machine is touched: values no server takes, and parts that contradict others."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.model.hub_options import NUMBERS, SWITCHES
from labvpn.model.securenat import SecureNat
from tests.unit.model.test_wording import at


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("vpn.secureNat.address", "192.168.30.0/24", "is the first or the last address of 192.168.30.0/24"),
        ("vpn.secureNat.address", "192.168.30.255/24", "take one between them, such as 192.168.30.1/24"),
        ("vpn.secureNat.address", "127.0.0.1/8", "127.0.0.1 is every machine's own address"),
        ("vpn.secureNat.address", "224.0.0.1/24", "224.0.0.1 is a group's address (multicast)"),
        ("vpn.secureNat.dns", "127.0.0.1", "write the machine's own"),
        ("vpn.secureNat.hostAddress", "0.0.0.1", "means no address"),
        ("vpn.secureNat", {"first": "192.168.30.0"}, "first 192.168.30.0 lies outside 192.168.30.0/24 or is its end"),
        ("vpn.secureNat", {"last": "192.168.30.255"}, "last 192.168.30.255 lies outside"),
        ("vpn.secureNat.domain", "x" * 256, "has 256 characters and 255 fit; shorten it"),
        ("server.address", "0.0.0.1", "0.0.0.1 means no address, and no machine is reached by it"),
        ("server.address", "127.0.0.1", "is every machine's own address"),
        ("server.address", "255.255.255.255", "is reserved or a broadcast"),
        ("fortigate.vip", {"mapped": "127.0.0.1"}, "is every machine's own address"),
        ("firewall.closed", ["443/tcp"], "firewall.closed names 443/tcp, by which users dial"),
        ("firewall.closed", ["500/udp"], "firewall.closed names 500/udp, by which users dial"),
        ("firewall.closed", ["22/tcp"], "firewall.closed names 22/tcp, by which the stack reaches 203.0.113.20"),
        ("hubs.LAB.options", {"NoArpPoling": 1}, "did you mean 'NoAddressPollingIPv4'?"),
        ("hubs.LAB.options", {"Colour": 1}, "SoftEther has no such option of a hub; remove it"),
        ("hubs.LAB.options", {"NoIpTable": -1}, "-1 is too small; write 0 or more"),
        ("hubs.LAB.options", {"AdjustTcpMssValue": 2**32 - 1}, "write 4294967294 or less"),
        ("hubs.LAB.options", {"NoIpTable": 2}, "NoIpTable is 2, and it is a switch; write 1 for on or 0 for off"),
        ("hubs.LAB.options", {"DisableUserModeSecureNAT": 1}, "is set by the mode of the hub's secureNat"),
        ("hubs.LAB.radius", {"server": "198.51.100.9:1812"}, "write 198.51.100.9 here, and `port: 1812` beside"),
        ("hubs.LAB.radius", {"server": "one.example, two.example:1812"}, "'two.example:1812' has a port in it"),
        ("vpn.syslog", {"host": "10.0.0.1:514"}, "write 10.0.0.1 here, and `port: 514` beside"),
        ("server.ssh.host", "10.0.0.1:2222", "write 10.0.0.1 here, and `port: 2222` beside"),
        ("server.ssh.host", "[2001:db8::1]:2222", "`port: 2222` beside"),
        ("dns.host", "vpn.other.example", "looks like one outside the zone lab.example; give a name of that zone"),
        ("dns.host", "vpn.example", "or write vpn.example.lab.example if that is meant"),
        ("dns.host", "vpn.other.org", "looks like one outside the zone lab.example"),
        ("dns.aliases", ["vpn.lab.exmaple.com"], "looks like one outside the zone lab.example"),
        ("server.host", "one.other.example", "server.host: the name one.other.example looks like one outside"),
        ("server.host", "one.other.example.", "server.host: the name one.other.example. lies outside the zone"),
        ("hubs.LAB.services", [{"name": "x", "to": "203.0.113.20"}], "hub LAB leads 203.0.113.20 into the tunnel"),
        ("vpn.secureNat.routes", ["10.0.0.0/8", "203.0.113.20/32"], "a private address for its clients by secureNat"),
        ("vpn.secureNat.hostAddress", "203.0.113.20", "hostAddress of hub LAB, 203.0.113.20, is server.address"),
        ("hubs.B.secureNat", {"address": "10.9.0.1/24", "hostAddress": "192.168.30.5"}, "covers hostAddress of hub B"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_told_with_what_to_do(path: str, value: Any, sentence: str) -> None:
    (line,) = at(path, value)
    assert sentence in line


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("firewall.closed", ["8000/tcp", "22/udp"]),
        ("hubs.LAB.options", {"NoIpTable": 0, "AdjustTcpMssValue": 1400, "VlanTypeId": 0x8100}),
        ("hubs.LAB.radius", {"server": "2001:db8::1; one.example"}),
        ("vpn.syslog", {"host": "2001:db8::1"}),
        ("dns.host", "vpn.east"),
        ("dns.host", "vpn.other.example.lab.example"),
        ("dns.host", "vpn.lab.example."),
        ("server.host", "one.lab.example"),
        ("vpn.secureNat.routes", ["203.0.113.0/24"]),
        ("vpn.secureNat.hostAddress", "192.168.31.1"),
        ("vpn.secureNat.domain", " lab.example "),
    ],
)
def test_what_works_is_taken(path: str, value: Any) -> None:
    assert at(path, value) == []


@pytest.mark.parametrize(
    "user", ["jane.doe", "DOM\\admin", "Admin", "jane@corp.example", "a" * 64, "machine$", "山田", "_svc", "7of9"]
)
def test_a_user_of_a_host_may_have_any_name_that_hosts_have(user: str) -> None:
    jump = {"host": "jump.example", "user": user, "hostKey": "ssh-ed25519 AAAA"}
    assert at("server.ssh", {"user": user, "jump": jump}) == []


@pytest.mark.parametrize("user", ["", "jane doe", "-jane", "jane:x", "a/b", "jane\n", "\0"])
def test_a_name_that_no_user_of_a_host_has_is_told(user: str) -> None:
    (line,) = at("server.ssh.user", user)
    assert line.endswith("write a user's name as the host has it, without blanks, / and :, and with no - in front")


def test_the_port_by_which_the_stack_comes_may_be_closed_where_it_comes_another_way() -> None:
    ssh = {"jump": {"host": "jump.example", "hostKey": "ssh-ed25519 AAAA"}}
    assert at("server", {"address": "203.0.113.20", "ssh": ssh}) == []
    assert at("firewall", {"zone": "public", "closed": ["22/tcp"]}) != []


def test_a_mode_that_is_kept_may_be_set_by_its_options() -> None:
    assert at("vpn.secureNat.kept", ["mode"]) == []
    assert SecureNat.model_validate({"domain": " lab.example "}).domain == "lab.example"
    assert not NUMBERS & SWITCHES
    assert len(NUMBERS | SWITCHES) == 61
