"""Which ports are open at each hop and from everywhere, for each protocol alone and for all together: a full matrix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from labvpn.rehearsal import network, sealed
from labvpn.rehearsal.dial import Login, dialled
from labvpn.rehearsal.stack import ready
from tests.rehearsal.stack import Stack
from tests.rehearsal.sweep import counting, swept

LISTENERS = {"443/tcp", "992/tcp", "1194/tcp", "5555/tcp"}
NEEDS = {"openvpn": {"1194/udp"}, "sstp": set[str](), "l2tpIpsec": {"500/udp", "4500/udp"}}
"""What each protocol needs beside the listeners: this test's own table, not the model's."""

SSH = {"22/tcp"}
"""firewalld's zone public holds it, and the FortiGate lets the campus and the neighbours reach it."""

ALL = tuple(NEEDS)
CASES = [ALL, *((name,) for name in NEEDS)]
PLACES = {
    "internet": "198.51.100.10",
    "phone": "198.51.100.20",
    "campus": "203.0.113.140",
    "workstation": network.WORKSTATION,
}
"""Where it is tried from, with the address by which the server sees it; the workstation's way passes no FortiGate."""

EVERY, MANY = 65535, 10000
DESK = {"name": "desk", "sources": ["203.0.113.141"], "to": ["workstation"], "ports": ["8000/tcp"]}
CLOSED = {"from": ["campus"], "before": "campus-any", "hosts": {"workstation": network.WORKSTATION}}
PAGES = (f"http://{network.WORKSTATION}:8000/", "http://192.168.31.1:8000/")


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    stack = Stack("ports-test")
    stack.stop()
    stack.start()
    engine = ready(stack.state, print)
    sealed.ensure(stack.state, engine.pulumi, engine.environment(stack.state))
    yield stack
    stack.stop()


@pytest.fixture(scope="module", params=CASES, ids="+".join)
def offered(request: pytest.FixtureRequest, lab: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The protocols that are on; the other cases came before this one, so what went is proven closed again."""
    on: tuple[str, ...] = request.param
    folder = tmp_path_factory.mktemp("case")
    lab.up("--config-file", str(configured(lab, folder, on)))
    return on


def configured(lab: Stack, folder: Path, on: tuple[str, ...]) -> Path:
    example = lab.example
    vpn = {**example["vpn"], "protocols": {name: name in on for name in NEEDS}}
    fortigate = {**example["fortigate"], "behindVpn": {**CLOSED, "exceptions": [DESK]}}
    return lab.variant(folder, vpn=vpn, firewall={"zone": "public", "closed": ["8000/tcp"]}, fortigate=fortigate)


def needed(on: tuple[str, ...]) -> set[str]:
    return LISTENERS.union(*(NEEDS[name] for name in on))


def test_every_port_of_the_vpn_host_is_open_or_closed_at_every_hop_as_the_table_says(
    lab: Stack, offered: tuple[str, ...]
) -> None:
    last = EVERY if offered == ALL else MANY
    with counting(lab, "server"):
        seen = {place: swept(lab, place, source, "server", network.SERVER, last) for place, source in PLACES.items()}
    # The FortiGate's part: what comes as far as the host at all.
    assert {place: seen[place].came for place in ("internet", "phone")} == dict.fromkeys(
        ("internet", "phone"), needed(offered)
    )
    # firewalld's part: from a neighbour, between whom and the host there is no other hop.
    assert seen["workstation"].passed == needed(offered) | SSH
    # Both together.
    assert {place: seen[place].passed for place in ("internet", "phone", "campus")} == {
        "internet": needed(offered),
        "phone": needed(offered),
        "campus": needed(offered) | SSH,
    }


def test_the_server_listens_at_the_ports_of_its_protocols_alone(lab: Stack, offered: tuple[str, ...]) -> None:
    listening = lab.output("server", "sh", "-c", 'ss -Hlntu | awk \'{sub(/.*:/, "", $5); print $5 "/" $1}\'').split()
    of_protocols = LISTENERS.union(*NEEDS.values(), {"1701/udp", "1701/tcp"})
    assert of_protocols.intersection(listening) == needed(offered)


def test_the_workstation_is_reached_from_nowhere_but_the_vpn_and_the_exception(
    lab: Stack, offered: tuple[str, ...]
) -> None:
    places = {place: PLACES[place] for place in ("internet", "phone", "campus")} | {"admin": network.ADMIN}
    with counting(lab, "workstation"):
        seen = {
            place: swept(lab, place, source, "workstation", network.WORKSTATION, MANY).came
            for place, source in places.items()
        }
    assert seen == {"internet": set(), "phone": set(), "campus": set(), "admin": {"8000/tcp"}}


def test_what_is_closed_to_the_campus_opens_through_the_vpn(
    lab: Stack, offered: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "openvpn" not in offered:
        pytest.skip("the rehearsal's phone dials by OpenVPN")
    monkeypatch.setenv("LABVPN_REHEARSAL", lab.name)
    users = json.loads(lab.pulumi("stack", "output", "users", "--show-secrets", "--json").stdout)
    assert [lab.run("campus", "curl", "-sS", "-m", "3", page).returncode == 0 for page in PAGES] == [False, False]
    with dialled("phone", Login(network.SERVER, "guest1", users["guest1"]["password"])) as dial:
        assert dial.address is not None, dial.log
        pages = [lab.output("phone", "curl", "-sS", "-m", "15", page) for page in PAGES]
    assert ["<form" in page for page in pages] == [True, True]


def test_l2tp_that_is_off_is_said_in_words_by_the_preview(lab: Stack, tmp_path: Path) -> None:
    seen = lab.pulumi("preview", "--config-file", str(configured(lab, tmp_path, ("openvpn",)))).stdout
    assert "L2TP/IPsec is off (vpn.protocols.l2tpIpsec) and UDP 500 and 4500 are closed on every hop" in seen
    assert "phase 1 of IPsec is never answered" in seen


def test_what_the_host_cannot_hold_is_refused_before_anything_is_changed(lab: Stack, tmp_path: Path) -> None:
    firewall = {"zone": "pubic", "zones": {"work": {"interfaces": ["eth9"]}}}
    seen = lab.pulumi("preview", "--config-file", str(lab.variant(tmp_path, firewall=firewall)))
    assert seen.returncode != 0
    assert "The VPN host 203.0.113.20 has no firewalld zone pubic; in `firewall`, name one that it has" in seen.stdout
    assert "The VPN host 203.0.113.20 has no network interface eth9; in `firewall.zones`, name one" in seen.stdout
    assert "Traceback" not in seen.stdout


def test_a_port_that_another_rule_opens_to_the_campus_is_found_by_the_preview(lab: Stack, tmp_path: Path) -> None:
    lab.output("server", "firewall-cmd", "-q", "--zone=public", "--add-port=7000-9000/tcp")
    try:
        seen = lab.pulumi("preview", "--config-file", str(configured(lab, tmp_path, ALL))).stdout
    finally:
        lab.output("server", "firewall-cmd", "-q", "--zone=public", "--remove-port=7000-9000/tcp")
    assert "8000/tcp shall be closed, but zone public of firewalld opens it to everyone by port 7000-9000/tcp" in seen
