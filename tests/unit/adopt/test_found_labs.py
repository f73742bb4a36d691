"""Whatever a server of others contains: it is adopted, nothing of it would change, and what is kept is reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labvpn.adopt.found import Found
from labvpn.adopt.securenat import keep_what_contradicts
from labvpn.adopt.server import server
from labvpn.model.lab import Lab
from tests.unit.adopt.found_cases import LABS, listeners, nat
from tests.unit.adopt.labs import NONE, TakenOver, Tree, config, hub, user
from tests.unit.adopt.samples import survey
from tests.unit.samples import FULL


@pytest.mark.parametrize("name", LABS)
def test_a_found_server_is_adopted_and_nothing_of_it_would_change(tmp_path: Path, name: str) -> None:
    tree, words = LABS[name]
    one = TakenOver(tmp_path, tree)
    password = {line for line in one.changes() if line.startswith("administrator ")}
    assert one.changes() - password == set()
    assert bool(password) == (name == "an open server")
    assert [text for text in words if not one.said(text)] == []
    written = json.dumps(one.found.sections) + one.csv + "".join(one.found.remarks)
    assert "canary" not in written
    assert "by-hand" not in written


def test_what_is_inherited_stays_inherited_and_a_zero_of_the_users_own_stays(tmp_path: Path) -> None:
    one = TakenOver(tmp_path, LABS["inherits"][0])
    rows = {row["name"]: row for row in one.found.users}
    assert rows["a"]["policies"] == "inherited"
    assert "AutoDisconnect" not in rows["a"]
    assert (rows["b"]["AutoDisconnect"], rows["b"]["MaxDownload"], rows["b"]["NoBridge"]) == ("0", "0", "no")
    group = one.hubs["LAB"]["groups"]["staff"]["policies"]
    assert (str(group["AutoDisconnect"]), group["MultiLogins"]) == ("900", 0)
    a, b = sorted(one.lab.users, key=lambda each: each.name)
    assert one.lab.policies_of(a)["AutoDisconnect"] == 900
    assert one.lab.policies_of(b)["AutoDisconnect"] == 0


@pytest.mark.parametrize("note", ["MAC:00-11-22-33-44-55", "IPv4:192.168.30.5", "office mac: yes"])
def test_a_note_of_an_address_stays_as_the_server_has_it(tmp_path: Path, note: str) -> None:
    one = TakenOver(tmp_path, config({"LAB": hub({"a": user("a", Note=note)})}))
    assert [each.note for each in one.lab.users] == [note]
    assert one.changes() == set()


def test_secure_nat_that_is_off_is_written_for_the_main_hub(tmp_path: Path) -> None:
    one = TakenOver(tmp_path, LABS["SecureNAT is off"][0])
    assert one.vpn["secureNat"] is False
    assert one.lab.all_hubs["LAB"].secure_nat is None


def test_a_server_without_a_listener_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="listens on no TCP port"):
        TakenOver(tmp_path, config(**listeners(L443=False)))


def test_a_note_of_every_character_is_read_back_as_it_is(tmp_path: Path) -> None:
    one = TakenOver(tmp_path, LABS["every character"][0])
    assert {each.name: (each.real_name, each.note) for each in one.lab.users}["a b"] == (
        "東京 研究室",
        "one\r\ntwo\tthree",
    )


@pytest.mark.parametrize("name", ["CORE", "Traffic", "Policy"])
def test_a_layer_3_switch_is_noted_whatever_its_name(tmp_path: Path, name: str) -> None:
    switch = {name: {"InterfaceList": {"Interface0": {"HubName": "lab"}}}}
    one = TakenOver(tmp_path, config(VirtualLayer3SwitchList=switch))
    assert one.said(f"the hub LAB has the layer-3 switch {name}")


def network(router: str, routes: str = "") -> Tree:
    """A hub with the network of this router."""
    start = router.rpartition(".")[0]
    dhcp = {"DhcpLeaseIPStart": f"{start}.10", "DhcpLeaseIPEnd": f"{start}.200", "DhcpDnsServerAddress": router}
    gateway = NONE if routes else router
    return hub(SecureNAT=nat(VirtualHostIp=router, DhcpGatewayAddress=gateway, DhcpPushRoutes=routes, **dhcp))


@pytest.mark.parametrize(
    ("hubs", "kept", "why"),
    [
        ({"LAB": network("203.0.113.1")}, "LAB", "203.0.113.0/24, covers server.address, 203.0.113.20"),
        ({"LAB": hub(), "B": network("203.0.113.1")}, "B", "covers server.address"),
        ({"LAB": hub(), "B": hub()}, "B", "hubs LAB and B share addresses of 192.168.30.0/24"),
        ({"LAB": network("10.1.0.1", "203.0.113.20/255.255.255.255/10.1.0.1")}, "LAB", "leads 203.0.113.20 into"),
    ],
)
def test_a_network_that_contradicts_the_rest_of_the_lab_stays_as_it_is(
    tmp_path: Path, hubs: Tree, kept: str, why: str
) -> None:
    one = TakenOver(tmp_path, config(hubs))
    assert {name: "securenat" in section.get("kept", []) for name, section in one.hubs.items()} == {
        name: name == kept for name in hubs
    }
    assert one.lab.all_hubs[kept].secure_nat is None
    assert one.said(f"SecureNAT of {kept} stays as it is") and one.said(why)
    assert one.changes() == set()


def test_a_network_that_covers_what_the_fortigate_translates_to_stays_as_it_is(tmp_path: Path) -> None:
    found = TakenOver(tmp_path, config()).found
    found.sections["fortigate"] = {**FULL["fortigate"], "vip": {"mapped": "192.168.30.20"}}
    keep_what_contradicts(found)
    assert found.sections["hubs"]["LAB"]["kept"] == ["securenat"]
    assert any("covers fortigate.vip.mapped, 192.168.30.20" in remark for remark in found.remarks)
    assert found.trouble(Lab, found.sections) == ""


def test_a_contradiction_that_no_network_has_part_in_keeps_none(tmp_path: Path) -> None:
    found = TakenOver(tmp_path, config()).found
    found.sections["vpn"]["protocols"] = {"esp": True, "l2tpIpsec": False}
    keep_what_contradicts(found)
    assert "kept" not in found.sections["hubs"]["LAB"]
    assert found.sections["vpn"]["secureNat"]


def test_a_listener_at_the_port_by_which_the_stack_comes_stays_as_it_is() -> None:
    one = Found({"server": {"address": "203.0.113.20", "ssh": {"port": 5555}, "install": "present"}})
    server(one, survey())
    assert one.sections["vpn"]["keptListeners"] == [5555]
    assert any("The listener 5555 has the port by which the stack comes" in remark for remark in one.remarks)
    assert one.trouble(Lab, one.sections) == ""


@pytest.mark.parametrize(
    ("udp", "given", "said"),
    [
        ("25000", [25000], "OpenVPN is dialled by UDP 25000"),
        ("23, 53, 67", [23, 53, 67], "OpenVPN is dialled by UDP 23, 53, 67"),
        ("0", [], "OpenVPN is dialled by TCP alone"),
        ("1194, 25000", [1194, 25000], "OpenVPN is dialled by UDP 1194, 25000"),
        ("443, 5555", [], ""),
    ],
)
def test_only_the_udp_ports_by_which_openvpn_is_dialled_are_opened(
    tmp_path: Path, udp: str, given: list[int], said: str
) -> None:
    one = TakenOver(tmp_path, config(server={"PortsUDP": udp}))
    assert one.vpn["openvpnPorts"] == given
    assert "udp" in one.vpn["kept"]
    opened = {port.number for port in one.lab.vpn.ports if port.transport == "udp"}
    assert opened == {500, 4500, *given}
    assert one.said(said) if said else not one.said("OpenVPN is dialled")
    assert one.changes() == set()


@pytest.mark.parametrize("udp", ["1194", "443, 992, 1194, 5555"])
def test_openvpns_own_port_needs_no_mention(tmp_path: Path, udp: str) -> None:
    listening = listeners(L443=True, L992=True, L1194=True, L5555=True)
    one = TakenOver(tmp_path, config(server={"PortsUDP": udp}, **listening))
    assert "openvpnPorts" not in one.vpn
    assert not one.said("OpenVPN is dialled")
