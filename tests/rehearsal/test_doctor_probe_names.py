"""The probe's look at the name, against a real resolver, a delegating parent and the zone's own server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from rehearsal import network
from tests.rehearsal.conftest import Rehearsal

UPDATE = "key hmac-sha256:labvpn {key}\nserver {server}\nzone lab.example\nupdate {change}\nsend\n"
Change = Callable[[str], None]


@pytest.fixture
def change(machines: Rehearsal) -> Iterator[Change]:
    key = yaml.safe_load((machines.state / "values.yaml").read_text())["dnsKey"]

    def update(change: str) -> None:
        lines = UPDATE.format(key=key, server=network.PRIMARY, change=change)
        machines.output("admin", "nsupdate", "-v", input=lines)

    yield update
    update("delete vpn.lab.example A")


def looked(machines: Rehearsal, name: str, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "labvpn", "doctor", "probe", name, "--tcp", "443", "--json", *words]
    data: dict[str, Any] = json.loads(machines.run("phone", *command).stdout)
    return data


def test_a_name_that_nobody_made_is_told_with_the_servers_that_do_not_know_it(machines: Rehearsal) -> None:
    problems = looked(machines, "never-made.lab.example")["problems"]
    assert any(
        f"ns1.lab.example ({network.PRIMARY}), a server of lab.example, knows no such name" in one for one in problems
    )
    assert any(f"({network.RESOLVER}) knows no such name" in one for one in problems)


def test_the_name_as_it_shall_be_is_no_problem(machines: Rehearsal, change: Change) -> None:
    change(f"add vpn.lab.example 1 A {network.SERVER}")
    data = looked(machines, "vpn.lab.example", "--address", network.SERVER)
    assert data["problems"] == []
    assert data["name"]["zone"] == "lab.example"
    assert data["name"]["authority"][0]["addresses"] == [network.SERVER]


def test_a_resolver_that_remembers_an_old_address_is_told_from_the_zone(machines: Rehearsal, change: Change) -> None:
    change(f"add vpn.lab.example 30 A {network.WORKSTATION}")
    old = looked(machines, "vpn.lab.example")
    assert old["address"] == network.WORKSTATION
    change("delete vpn.lab.example A")
    change(f"add vpn.lab.example 1 A {network.SERVER}")
    (problem,) = looked(machines, "vpn.lab.example", "--address", network.SERVER)["problems"]
    assert f"({network.RESOLVER}) still says {network.WORKSTATION}" in problem


def test_a_resolver_that_is_silent_is_given_up_in_time(machines: Rehearsal) -> None:
    data = looked(machines, "vpn.lab.example", "--resolver", "198.51.100.99")
    assert "(198.51.100.99) does not answer" in data["problems"][0]
    assert data["seconds"] < 10
