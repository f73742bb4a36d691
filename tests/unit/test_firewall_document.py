"""firewalld's document: what each setting becomes, line by line."""

from __future__ import annotations

from typing import Any

from labvpn.agent.core import document
from labvpn.render.documents import Concern, documents
from tests.unit.samples import lab

RULE = "rule family=ipv4 source address=192.0.2.7 service name=ssh accept"
WHOLE: dict[str, Any] = {
    "zone": "public",
    "zones": {
        "internal": {"sources": ["203.0.113.128/25"], "rules": [RULE]},
        "work": {"interfaces": ["eth1"], "vpn": True},
    },
    "closed": ["8000/tcp"],
    "beside": ["nftables"],
    "bans": {"exempt": ["192.0.2.0/24", "2001:db8::7/128"]},
}


def lines(firewall: dict[str, Any], **more: Any) -> list[str]:
    return documents(lab(firewall=firewall, **more), "")[Concern.FIREWALL].splitlines()


def test_every_setting_has_its_line() -> None:
    ports = "443/tcp,500/udp,992/tcp,1194/tcp,1194/udp,4500/udp,5555/tcp"
    assert lines(WHOLE) == [
        "unit firewalld enabled=yes active=yes beside=nftables",
        f"service vpnserver ports={ports}",
        "zone public services=vpnserver",
        "zone work services=vpnserver",
        "source 203.0.113.128/25 zone=internal",
        f'rich internal/30ea843a rule="{RULE}"',
        "interface eth1 zone=work",
        "closed public/8000/tcp only=203.0.113.20",
        "closed work/8000/tcp only=203.0.113.20",
        "bans slow=5 pause=15 most=10 seconds=600 exempt=192.0.2.0/24,2001:db8::7 hubs=LAB zones=public,work "
        "from=vpnserver active=yes",
    ]


def test_the_host_agent_reads_every_line() -> None:
    assert [line.text for line in document.parse("\n".join(lines(WHOLE)))] == lines(WHOLE)


def test_single_ports_stand_in_for_the_service_where_that_is_said() -> None:
    found = lines({"openBy": "ports"}, vpn={"listeners": [443], "protocols": {"openvpn": False}})
    assert found[1] == "zone public ports=443/tcp,500/udp,4500/udp"
    assert "zones=public from=443/tcp,500/udp,4500/udp " in found[2]


def test_without_the_guard_there_is_no_line_of_it() -> None:
    assert not [line for line in lines({"bans": {"enabled": False}}) if line.startswith("bans")]


def test_esp_is_let_in_by_itself_where_no_address_is_translated() -> None:
    protocols = {"protocols": {"esp": True}}
    found = lines({}, vpn=protocols)
    assert "zone public services=vpnserver protocols=esp" in found
    assert "from=vpnserver,protocol:esp " in found[-1]
    assert "zone public services=vpnserver" in lines({})


def test_a_closed_port_is_open_to_the_hosts_own_address_where_that_is_private() -> None:
    box = {"host": "203.0.113.129", "outside": ["wan1"], "inside": "dmz", "before": "deny-outside"}
    found = lines({"closed": ["8000/tcp"]}, fortigate={**box, "vip": {"mapped": "10.0.0.2"}})
    assert "closed public/8000/tcp only=10.0.0.2" in found
