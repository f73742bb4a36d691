"""A firewalld that others have filled: nothing of theirs changes, permanent or for now, whatever the stack does."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.rehearsal.found_host import BESIDE, DOCUMENT, FOR_NOW, FoundHost

WIDER = DOCUMENT.replace("500/udp", "500/udp,992/tcp")
MEANWHILE = """
firewall-cmd -q --permanent --zone=bench --VERB-port=4714/tcp
firewall-cmd -q --zone=bench --VERB-port=4715/tcp
"""


@pytest.fixture(scope="module")
def host() -> Iterator[FoundHost]:
    host = FoundHost("found-firewalld")
    host.begin()
    host.by_hand(FOR_NOW + BESIDE)
    yield host
    host.stop()


@pytest.fixture(scope="module")
def before(host: FoundHost) -> list[str]:
    """What is there before the stack comes."""
    found = host.whole()
    assert [line for line in found if "somebody" in line]
    assert [line for line in found if "198.51.100.78" in line]
    return found


def test_the_first_change_takes_nothing_that_others_put_there(host: FoundHost, before: list[str]) -> None:
    with host.coming_in() as failed:
        assert "+ service vpnserver" in host.settle()
    assert host.whole() == before
    assert failed == []
    assert host.observe_firewall()["observed"] == DOCUMENT


def test_other_ports_take_nothing_either(host: FoundHost, before: list[str]) -> None:
    host.settle()
    assert host.settle(WIDER)[0].startswith("~ service vpnserver")
    assert host.whole() == before
    host.settle()
    assert host.whole() == before


def test_what_can_be_changed_in_place_needs_no_reload(host: FoundHost, before: list[str]) -> None:
    host.settle()
    mark = "nft add rule inet firewalld filter_IN_bench_post tcp dport 4713 counter comment by-hand"
    host.by_hand(mark + "\nfirewall-cmd -q --zone=public --remove-service=vpnserver")
    assert host.settle()[0] == "~ zone public: services vpnserver(permanent) -> vpnserver"
    assert "by-hand" in host.output("server", "nft", "list", "table", "inet", "firewalld")
    more = DOCUMENT + 'source 198.51.100.40 zone=work\nrich work/1f0c rule="rule service name=ssh accept"\n'
    host.settle(more)
    host.settle()
    assert "by-hand" in host.output("server", "nft", "list", "table", "inet", "firewalld")
    host.output("server", "nft", "flush", "chain", "inet", "firewalld", "filter_IN_bench_post")
    assert host.whole() == before


def test_ports_that_firewalld_joins_to_a_range_are_ours_and_the_range_of_others_stays(host: FoundHost) -> None:
    document = "unit firewalld enabled=yes active=yes\nzone work ports=7005/tcp,7011/tcp\n"
    ports = ("firewall-cmd", "--permanent", "--zone=work", "--list-ports")
    before = host.output("server", *ports)
    host.settle(document)
    assert host.observe_firewall(document)["observed"] == document
    host.settle("unit firewalld enabled=yes active=yes\n")
    assert host.output("server", *ports) == before


def test_an_unconfirmed_change_goes_and_takes_nothing_with_it(host: FoundHost, before: list[str]) -> None:
    host.settle()
    host.converge("firewall", WIDER)
    host.by_hand(MEANWHILE.replace("VERB", "add"))
    until = time.monotonic() + 75
    while host.run("server", "test", "-e", "/var/lib/labvpn/firewall.returned").returncode and time.monotonic() < until:
        time.sleep(1)
    assert host.ssh("true").returncode == 0
    assert host.observe_firewall()["observed"] == DOCUMENT
    assert host.output("server", "firewall-cmd", "--permanent", "--zone=bench", "--query-port=4714/tcp") == "yes"
    assert host.output("server", "firewall-cmd", "--zone=bench", "--query-port=4715/tcp") == "yes"
    host.by_hand(MEANWHILE.replace("VERB", "remove"))
    assert host.whole() == before


def test_destroy_leaves_everything_as_it_was(host: FoundHost, before: list[str]) -> None:
    host.settle()
    host.remove("firewall")
    assert host.whole() == before
    assert "vpnserver" not in host.output("server", "firewall-cmd", "--get-services")
