"""What opens the host behind the stack's back is seen, repaired without locking anybody out, and told truthfully."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.rehearsal.agent_host import AGENT
from tests.rehearsal.found_host import DOCUMENT, FoundHost

FOR_NOW = "firewall-cmd -q --zone=bench --add-port=4711/tcp; firewall-cmd -q --zone=dmz --add-masquerade"
LOST = "unit firewalld enabled=yes active=without-its-rules-in-the-kernel"


@pytest.fixture(scope="module")
def host() -> Iterator[FoundHost]:
    """A host whose port 8000 listens, and is closed to all but the VPN."""
    host = FoundHost("attack-firewall")
    host.begin()
    host.by_hand(FOR_NOW)
    host.settle()
    assert not host.lets_in("campus", 8000)
    yield host
    host.stop()


@pytest.mark.parametrize("damage", ["nft flush ruleset", "nft flush chain inet firewalld filter_INPUT"])
def test_rules_that_are_lost_are_seen_and_come_back_without_a_lockout(host: FoundHost, damage: str) -> None:
    before = host.whole()
    host.output("server", *damage.split())
    assert host.lets_in("campus", 8000)
    assert LOST in host.observe_firewall()["observed"].splitlines()
    with host.coming_in() as failed:
        assert [line for line in host.settle() if "unit firewalld: active" in line]
    assert failed == []
    assert not host.lets_in("campus", 8000)
    assert host.whole() == before
    assert host.observe_firewall()["observed"] == DOCUMENT


def test_other_changes_come_into_force_on_a_host_that_lost_its_rules(host: FoundHost) -> None:
    host.output("server", "nft", "flush", "ruleset")
    wider = DOCUMENT.replace("500/udp", "500/udp,992/tcp")
    with host.coming_in() as failed:
        host.settle(wider)
    assert failed == []
    assert host.observe_firewall(wider)["observed"] == wider
    host.settle()


def test_a_reload_that_dropped_everybody_is_undone(host: FoundHost) -> None:
    host.output("server", "nft", "flush", "ruleset")
    assert host.run("server", "firewall-cmd", "--reload").returncode != 0
    done = host.run("server", AGENT, "converge", "firewall", input=host.request("firewall", DOCUMENT))
    assert done.returncode == 0, done.stderr
    host.confirm()
    assert host.observe_firewall()["observed"] == DOCUMENT
    assert not host.lets_in("campus", 8000)


def test_a_repair_that_nobody_confirms_lets_in_again_whoever_got_in(host: FoundHost) -> None:
    host.output("server", "nft", "flush", "ruleset")
    host.converge("firewall", DOCUMENT)
    host.output("server", "firewall-cmd", "-q", "--zone=public", "--remove-service=ssh")
    until = time.monotonic() + 75
    while host.run("server", "test", "-e", "/var/lib/labvpn/firewall.returned").returncode and time.monotonic() < until:
        time.sleep(1)
    assert host.ssh("true").returncode == 0
    host.ssh(f"{AGENT} confirm firewall")
    host.settle()
    assert not host.lets_in("campus", 8000)


@pytest.mark.parametrize(
    ("made", "undone", "warning"),
    [
        (
            "nft insert rule inet firewalld filter_INPUT tcp dport 8000 accept",
            "nft delete rule inet firewalld filter_INPUT handle $(nft -a list chain inet firewalld filter_INPUT |"
            " sed -n 's/.*8000 accept # handle //p')",
            "the kernel opens it to everyone on eth0",
        ),
        (
            "nft 'add table ip sly; add chain ip sly in { type nat hook prerouting priority -110 ; };"
            " add rule ip sly in tcp dport 9998 redirect to :8000'",
            "nft delete table ip sly",
            "table ip sly of nft redirects another port to it",
        ),
        (
            "firewall-cmd -q --zone=public --add-forward-port=port=9997:proto=tcp:toport=8000",
            "firewall-cmd -q --zone=public --remove-forward-port=port=9997:proto=tcp:toport=8000",
            "zone public of firewalld opens it to everyone over IPv4 by forward-port port=9997",
        ),
        (
            "alias p='firewall-cmd -q --permanent'\np --new-policy=sly; p --policy=sly --add-ingress-zone=ANY;"
            " p --policy=sly --add-egress-zone=HOST; p --policy=sly --add-port=8000/tcp; firewall-cmd -q --reload",
            "firewall-cmd -q --permanent --delete-policy=sly; firewall-cmd -q --reload",
            "policy sly of firewalld opens it to everyone by port 8000/tcp",
        ),
        (
            "alias h='firewall-cmd -q --zone=home'\nh --change-source=203.0.113.128/26; h --add-port=8000/tcp",
            "alias h='firewall-cmd -q --zone=home'\nh --remove-source=203.0.113.128/26; h --remove-port=8000/tcp",
            "zone home of firewalld opens it to 203.0.113.128/26 by port 8000/tcp",
        ),
    ],
)
def test_whatever_opens_a_closed_port_is_told(host: FoundHost, made: str, undone: str, warning: str) -> None:
    assert host.observe_firewall()["warnings"] == []
    host.by_hand(made)
    assert [sentence for sentence in host.observe_firewall()["warnings"] if warning in sentence]
    host.by_hand(undone)
    assert host.observe_firewall()["warnings"] == []


def test_a_zone_of_containers_raises_no_warning(host: FoundHost) -> None:
    host.by_hand("ip link add docker0 type bridge; firewall-cmd -q --zone=trusted --change-interface=docker0")
    assert host.observe_firewall()["warnings"] == []
    host.by_hand("firewall-cmd -q --zone=trusted --remove-interface=docker0; ip link delete docker0")


def test_a_port_that_somebody_opened_is_told_with_the_program_behind_it(host: FoundHost) -> None:
    document = DOCUMENT.replace("closed public/8000/tcp only=203.0.113.20\n", "")
    host.by_hand("firewall-cmd -q --zone=public --add-port=8000/tcp")
    notes = host.observe_firewall(document)["notes"]
    host.by_hand("firewall-cmd -q --zone=public --remove-port=8000/tcp")
    assert [note for note in notes if "zone public of firewalld also lets in" in note and "port 8000/tcp (" in note]
