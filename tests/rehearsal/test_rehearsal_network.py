"""The rehearsal's network: who reaches whom, and under which name and address."""

from __future__ import annotations

import pytest
import yaml

from rehearsal import network
from tests.rehearsal.conftest import Rehearsal

UPDATE = "server {server}\nzone lab.example\nupdate {change}\nsend\n"


def update(machines: Rehearsal, secret: str, change: str) -> tuple[int, str]:
    lines = f"key hmac-sha256:labvpn {secret}\n" + UPDATE.format(server=network.PRIMARY, change=change)
    done = machines.run("admin", "nsupdate", "-v", input=lines)
    return done.returncode, done.stderr


def test_the_phone_is_seen_under_the_carriers_address(machines: Rehearsal) -> None:
    assert machines.output("phone", "curl", "-s", f"http://{network.WHOAMI}/") == "198.51.100.20"


@pytest.mark.parametrize("machine", ["internet", "phone", "campus", "admin", "workstation", "server"])
def test_every_machine_resolves_names_from_the_root_down(machines: Rehearsal, machine: str) -> None:
    found = machines.output(machine, "getent", "ahostsv4", "ns1.lab.example")
    assert found.startswith(network.PRIMARY)


def test_the_parent_zone_delegates_the_labs(machines: Rehearsal) -> None:
    answer = machines.output("internet", "dig", "+norecurse", f"@{network.ROOT}", "vpn.lab.example")
    assert "lab.example.\t\t60\tIN\tNS\tns1.lab.example." in answer


def test_an_update_signed_with_the_key_is_seen_by_the_phone(machines: Rehearsal) -> None:
    secret = yaml.safe_load((machines.state / "values.yaml").read_text())["dnsKey"]
    assert update(machines, secret, "add vpn.lab.example 1 A 203.0.113.17") == (0, "")
    assert machines.output("phone", "dig", "+short", "vpn.lab.example") == "203.0.113.17"
    assert update(machines, secret, "delete vpn.lab.example A") == (0, "")


@pytest.mark.parametrize(
    ("change", "key", "answer"),
    [
        ("add www.lab.example 1 A 203.0.113.17", None, "REFUSED"),
        ("add vpn.lab.example 1 TXT no", None, "REFUSED"),
        ("add vpn.lab.example 1 A 203.0.113.17", "c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlciEhISEhISE=", "BADSIG"),
    ],
)
def test_the_primary_refuses_what_the_key_does_not_grant(
    machines: Rehearsal, change: str, key: str | None, answer: str
) -> None:
    secret = key or yaml.safe_load((machines.state / "values.yaml").read_text())["dnsKey"]
    status, printed = update(machines, secret, change)
    assert status != 0
    assert answer in printed


@pytest.mark.parametrize("address", [f"{network.SERVER}", f"{network.WORKSTATION}"])
def test_the_campus_opens_the_jupyterhub_pages(machines: Rehearsal, address: str) -> None:
    page = machines.output("campus", "curl", "-s", f"http://{address}:{network.PORTAL_PORT}/")
    assert "<title>JupyterHub of the lab</title>" in page
    assert 'type="password"' in page


DOORS = [(network.SERVER, 22), (network.SERVER, 8000), (network.WORKSTATION, 8000), (network.FORTIGATE, 443)]


@pytest.mark.parametrize(("address", "port"), DOORS)
def test_the_administrator_reaches_what_the_internet_does_not(machines: Rehearsal, address: str, port: int) -> None:
    assert machines.run("admin", "nc.openbsd", "-z", "-w", "2", address, str(port)).returncode == 0
    for outside in ("internet", "phone"):
        assert machines.run(outside, "nc.openbsd", "-z", "-w", "1", address, str(port)).returncode == 1


def test_the_fortigates_certificate_is_of_the_values_authority(machines: Rehearsal) -> None:
    values = yaml.safe_load((machines.state / "values.yaml").read_text())
    authority = machines.state / "authority.pem"
    authority.write_text(values["fortigateCa"])
    url = f"https://{network.FORTIGATE}/api/v2/cmdb/firewall/policy"
    header = f"Authorization: Bearer {values['fortigateToken']}\n"
    answer = machines.output("admin", "curl", "-s", "--cacert", str(authority), "--header", "@-", url, input=header)
    assert '"campus-any"' in answer


def test_there_is_no_way_out_of_the_rehearsal(machines: Rehearsal) -> None:
    done = machines.run("fortigate", "ip", "route", "get", "192.0.2.1")
    assert "unreachable" in done.stderr
