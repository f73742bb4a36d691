"""From a FortiGate's tables to what is adopted."""

from __future__ import annotations

from typing import Any

from labvpn.adopt.fortigate import fortigate
from labvpn.adopt.found import Found
from labvpn.model.fortigate import FortiGate
from labvpn.plan.fortigate.adopt import adopted
from labvpn.render.fortigate import wanted
from tests.unit.boxes import box, policy
from tests.unit.samples import lab

TCP = "443 992 1194 5555"
Made = tuple[str, dict[str, Any]]


def made(tcp: str = TCP, action: str = "accept", **fields: Any) -> list[Made]:
    services = "lab-tcp lab-udp"
    return [
        ("firewall/address", {"name": "pc", "subnet": "203.0.113.20 255.255.255.255"}),
        ("firewall/address", {"name": "office", "subnet": "192.0.2.0 255.255.255.0"}),
        ("firewall.service/custom", {"name": "lab-tcp", "tcp-portrange": tcp}),
        ("firewall.service/custom", {"name": "lab-udp", "udp-portrange": "500 1194 4500"}),
        policy("lab-vpn", "wan1", "dmz", action, **{"dstaddr": "pc", "service": services, **fields}),
        policy("rest", "wan1", "dmz", "deny"),
    ]


def found(*entries: Made) -> Found:
    one = Found()
    fortigate(one, "203.0.113.129", "root", box(*entries), lab())
    return one


def test_a_policy_with_its_address_and_services_is_adopted_so_that_nothing_of_it_changes() -> None:
    one = found(*made())
    section = FortiGate.model_validate(one.sections["fortigate"])
    seen = box(*made())
    result = adopted(wanted(lab(), section), seen, section.adopt)
    assert result.problems == ()
    (policy_,) = result.desired.objects.policies
    (there,) = [each for each in seen.policies if each.name == "lab-vpn"]
    for part in ("name", "sources", "destinations", "services", "from_interfaces", "to_interfaces", "log", "schedule"):
        assert getattr(policy_, part) == getattr(there, part), part
    assert section.before == "rest"
    assert one.remarks == []


def test_a_source_is_adopted_by_the_name_that_it_has() -> None:
    section = found(*made(srcaddr="office")).sections["fortigate"]
    assert section["sources"] == ["192.0.2.0/24"]
    assert section["adopt"]["addresses"] == {"vpn-server": "pc", "vpn-from-192.0.2.0-24": "office"}


def test_what_would_change_is_reported() -> None:
    remarks = "".join(found(*made(tcp="443")).remarks)
    assert "No service of rule" in remarks
    assert "has the service lab-tcp, which the first `pulumi up` removes" in remarks
    assert "become one group" in "".join(found(*made(srcaddr="office pc")).remarks)


def test_a_fortigate_without_such_a_policy_is_left_alone_with_the_reason() -> None:
    for entries in (made(tcp="8080", service="lab-tcp"), made(action="deny"), made()[:-1]):
        one = found(*entries)
        assert "fortigate" not in one.sections
        assert "leaves it alone" in one.remarks[0]
