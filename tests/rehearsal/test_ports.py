"""A sample of the port matrix that `make soak` tries: every port of every hop, from everywhere, on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from rehearsal.soak import ports
from rehearsal.soak.lab import Lab
from rehearsal.stack import configured
from tests.rehearsal.stack import Stack, Tables

CASES = {case.name: case for case in ports.cases() if case.open_by == "service"}
LAST = 4096
"""`make soak` tries every port; those that the table names are tried here too."""

INSTALL = """
export DEBIAN_FRONTEND=noninteractive
apt-get update -q && apt-get install -y -q --no-install-recommends netbase firewalld && systemctl start firewalld
for attempt in $(seq 60); do firewall-cmd -q --state && exit; sleep 0.5; done
journalctl -u firewalld >&2; exit 1
"""
ZONES = "firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones; firewall-cmd --get-services"


@dataclass(frozen=True)
class Before:
    """What stood there before the first `up`: firewalld's zones and services, and the FortiGate's tables."""

    zones: str
    box: Tables

    @classmethod
    def read(cls, stack: Stack) -> Before:
        return cls(stack.output("server", "sh", "-c", ZONES), stack.tables())


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Machines whose VPN host has a firewalld with others' entries."""
    stack = Stack("ports-test")
    stack.stop()
    stack.start()
    configured(stack.state, print)
    stack.output("server", "sh", "-c", INSTALL)
    ports.others_open(Lab(stack.name))
    yield stack
    stack.stop()


@pytest.fixture(scope="module")
def before(stack: Stack) -> Before:
    return Before.read(stack)


@pytest.mark.parametrize("name", ["all together", "openvpn", "l2tp_ipsec"])
def test_every_port_of_every_hop_is_open_or_closed_as_the_table_says_and_what_went_is_closed(
    stack: Stack, before: Before, name: str
) -> None:
    assert before
    outcome = ports.try_case(Lab(stack.name), CASES[name], LAST, dials=name == "all together")
    assert outcome.complaints == ()


def test_zones_services_objects_and_policies_are_as_before_after_destroy(stack: Stack, before: Before) -> None:
    done = stack.pulumi("destroy", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout + done.stderr
    assert Before.read(stack) == before
