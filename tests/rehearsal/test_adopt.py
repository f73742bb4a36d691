"""A lab made by hand becomes a stack: nothing of it changes, no password either, and destroy leaves it as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from rehearsal import network
from rehearsal.dial import Login, dialled
from tests.guide import ADOPTING
from tests.rehearsal import hand_made
from tests.rehearsal.hand_made import USERS, password, user
from tests.rehearsal.own_lab import OwnLab

MORE = (
    *(f"pulumi config set --secret {key}" for key in ("fortigateToken", "dnsKey")),
    "pulumi config set fortigateCa < ca.pem",
)
(AS_IN_THE_GUIDE,) = ADOPTING
ADOPT = f"{AS_IN_THE_GUIDE} --dns-root 198.51.100.55"
CONCERNS = 5
"""The agent itself, host, server, hub and firewalld: each is a resource that compares the desired with what is."""

STORED = """
grep -vE 'ConfigRevision|(Created|Updated|Last[A-Za-z]*)Time|Bytes|Count |NumLogin' /var/lib/softether/vpn_server.config
"""
"""SoftEther's whole configuration without its counters."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnLab]:
    with hand_made.found("adopt", tmp_path_factory.mktemp("adopt"), hand_made.make, MORE) as lab:
        yield lab


@pytest.fixture(scope="module")
def had(lab: OwnLab) -> str:
    """Every hop as it was made by hand."""
    return everything(lab)


@pytest.fixture(scope="module")
def said(lab: OwnLab, had: str) -> str:
    assert had
    return lab.shell(ADOPT)


def everything(lab: OwnLab) -> str:
    """What each hop holds, as far as it is somebody's and not the moment's."""
    lab.by_hand.call("Flush")
    softether = lab.output("server", "sh", "-c", STORED)
    assert softether.count("declare member") == USERS
    firewalld = lab.output("server", "firewall-cmd", "--list-all-zones")
    name = lab.output("phone", "dig", "+noall", "+answer", "vpn.lab.example", "A", "@198.51.100.53")
    return "\n".join((softether, firewalld, json.dumps(lab.tables(), indent=1), name))


def lets_in(number: int) -> bool:
    login = Login(network.SERVER, f"{user(number)}@LAB", password(number), router="192.168.30.1")
    with dialled("internet", login) as client:
        return client.address is not None


def test_a_lab_made_by_hand_is_written_whole_and_without_a_password(lab: OwnLab, said: str) -> None:
    assert f"({USERS} users)" in said
    assert "first `pulumi up`" not in said
    assert "The access rules of LAB stay as they are (tried)" in said
    text = (lab.folder / "users.mylab.csv").read_text() + (lab.folder / "Pulumi.mylab.yaml").read_text()
    assert not [number for number in range(1, USERS + 1) if password(number) in text]
    assert lab.typed["presharedKey"] not in text
    assert "internet reaches vpn-host:443/tcp" in text
    assert "internet does not reach 203.0.113.21" in text
    assert "interface:campus should not reach 203.0.113.21, since it is not so" in said
    assert "policy 1 'campus-any' (FortiGate) lets it pass" in said
    assert "would be replaced" in lab.shell(ADOPT, refused=True)


def test_the_first_preview_names_no_change_and_the_first_up_makes_none(lab: OwnLab, said: str, had: str) -> None:
    preview = lab.shell("pulumi preview --json 2>/dev/null")
    assert "expect[" not in preview
    steps = json.loads(preview)["steps"]
    kinds = ("FirewallAddress", "FirewallserviceCustom", "FirewallPolicy")
    box = [step["op"] for step in steps if any(f":{kind}::" in step["urn"] for kind in kinds)]
    assert box == ["import"] * len(hand_made.ON_THE_BOX)
    inputs = [step["newState"].get("inputs", {}) for step in steps]
    states = [(one["desired"], one["observed"]) for one in inputs if "observed" in one]
    assert len(states) == CONCERNS
    for desired, observed in states:
        assert [line for line in desired.splitlines() if not line.startswith("agent ")] == observed.splitlines()
    lab.shell("pulumi up")
    assert everything(lab).splitlines() == had.splitlines()
    assert "unchanged" in lab.shell("pulumi preview --expect-no-changes")


def test_everybody_dials_by_the_password_that_he_had(lab: OwnLab, said: str) -> None:
    assert lets_in(1)
    assert lets_in(USERS)


def test_destroy_leaves_the_lab_as_it_was(lab: OwnLab, said: str, had: str) -> None:
    lab.shell("pulumi destroy")
    assert everything(lab).splitlines() == had.splitlines()
    assert lets_in(2)
