"""A service with ports that the provider cannot remove is replaced by one of another name, and only then."""

from __future__ import annotations

import pytest

from labvpn.plan.fortigate.diff import facts
from labvpn.plan.fortigate.service_swap import first_name, swapped, under_actual_names, under_names
from labvpn.state.fortigate import COMMENT, Block, DesiredFortiGate, Inventory, Objects, Policy, ServiceObject

CLEAN, MIXED = ServiceObject("SoftEther", tcp="443"), ServiceObject("SoftEther", tcp="443", udp="53")
CLEAN_2, MIXED_2 = ServiceObject("SoftEther-2", tcp="443"), ServiceObject("SoftEther-2", tcp="443", udp="53")
THEIRS = ServiceObject("SoftEther", tcp="443", udp="53", comment="by somebody")


def desired() -> DesiredFortiGate:
    allow = Policy("vpn-allow", (), (), (), (), ("SoftEther", "vpn-udp"))
    services = (CLEAN, ServiceObject("vpn-udp", udp="500"))
    return DesiredFortiGate(Objects(services=services, policies=(allow,)), (Block((allow,), "deny"),))


@pytest.mark.parametrize(
    ("there", "name_now", "name_then"),
    [
        ([], "SoftEther", "SoftEther"),
        ([CLEAN], "SoftEther", "SoftEther"),
        ([MIXED], "SoftEther", "SoftEther-2"),
        ([CLEAN_2], "SoftEther-2", "SoftEther-2"),
        ([MIXED_2], "SoftEther-2", "SoftEther"),
        ([MIXED, CLEAN_2], "SoftEther-2", "SoftEther-2"),
        ([CLEAN, MIXED_2], "SoftEther", "SoftEther"),
        ([THEIRS], "SoftEther", "SoftEther"),
    ],
)
def test_a_service_takes_the_name_without_foreign_ports(
    there: list[ServiceObject], name_now: str, name_then: str
) -> None:
    actual = Inventory(services=tuple(there))
    now = under_actual_names(desired(), actual)
    then = swapped(now, actual)
    for each, name in ((now, name_now), (then, name_then)):
        assert [one.name for one in each.objects.services] == [name, "vpn-udp"]
        assert each.blocks[0].policies[0].services == each.objects.policies[0].services == (name, "vpn-udp")


def test_a_service_that_was_adopted_keeps_its_name() -> None:
    adopted = ServiceObject("Lab VPN", tcp="443", adopts="Lab VPN", comment=COMMENT)
    held = DesiredFortiGate(Objects(services=(adopted,)), ())
    assert swapped(held, Inventory(services=(ServiceObject("Lab VPN", tcp="443", udp="53"),))) == held


def test_both_names_are_one_resource_of_the_stack() -> None:
    assert first_name("SoftEther-2") == first_name("SoftEther") == "SoftEther"


def test_where_the_provider_removes_ports_a_service_keeps_its_name() -> None:
    sctp = ServiceObject("SoftEther", tcp="443", extras=(("sctp-portrange", "9"),))
    for there in (MIXED, sctp):
        actual = Inventory(services=(there,))
        services = [
            swapped(desired(), actual, replaces=replaces).objects.services[0].name for replaces in (True, False)
        ]
        assert services == ["SoftEther-2", "SoftEther"]
    timer = Inventory(services=(ServiceObject("SoftEther", tcp="443", extras=(("udp-idle-timer", "60"),)),))
    assert swapped(desired(), timer, replaces=False).objects.services[0].name == "SoftEther-2"


def test_the_facts_of_an_object_stay_the_same_when_it_takes_its_other_name() -> None:
    firsts = {"vpn-allow-2": "vpn-allow", "SoftEther-2": "SoftEther"}
    allow = Policy("vpn-allow-2", (), (), (), (), ("SoftEther-2", "vpn-udp"))
    now = Objects(services=(CLEAN_2, ServiceObject("vpn-udp", udp="500")), policies=(allow,))
    before = facts(desired().objects)
    assert before["policy vpn-allow: services"] == "SoftEther vpn-udp"
    assert facts(under_names(now, firsts)) == facts(under_names(desired().objects, {})) == before
