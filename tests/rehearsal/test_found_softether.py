"""A SoftEther that other people configured becomes a stack: nothing of it changes, and no hop opens what is not its."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal import network
from rehearsal.dial import Login, dialled
from tests.rehearsal import found_softether, hand_made
from tests.rehearsal.found_softether import PASSWORDS, SHORT_KEY, stored
from tests.rehearsal.own_lab import OwnLab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnLab]:
    with hand_made.found("found-se", tmp_path_factory.mktemp("found"), found_softether.make) as lab:
        yield lab


@pytest.fixture(scope="module")
def had(lab: OwnLab) -> list[str]:
    return stored(lab)


@pytest.fixture(scope="module")
def said(lab: OwnLab, had: list[str]) -> str:
    assert had
    return lab.shell("labvpn adopt HOST")


@pytest.fixture(scope="module")
def up(lab: OwnLab, said: str) -> str:
    return lab.shell("pulumi up")


def vpn(lab: OwnLab, **changes: Any) -> None:
    for key, value in changes.items():
        lab.configure("vpn", key, to=value)


def test_what_cannot_be_said_is_kept_and_told_with_its_place(lab: OwnLab, said: str) -> None:
    for words in (
        "The listener 992 is switched off; it stays so",
        "The listener 8000 cannot listen",
        "python3, jupyterhub.service has that port",
        "the hub LAB has a local bridge to lan1",
        "SecureNAT of LAB is switched off and stays so",
        "EtherIP is on",
        "The pre-shared key stays as it is",
        "open of the hub LAB: anyone who knows the name gets in",
        "nobody of LAB is left unchanged: the login is anonymous",
        "The account of past in LAB has expired (2020-01-01)",
        "since hubs ASLEEP and My Hub v1.2 share addresses of 192.168.30.0/24",
        "The hub EMPTY has no user",
    ):
        assert words in said, said
    text = (lab.folder / "users.mylab.csv").read_text() + (lab.folder / "Pulumi.mylab.yaml").read_text()
    assert not [word for word in (*PASSWORDS.values(), SHORT_KEY, "by hand") if word in text]
    assert lab.configuration["config"]["labvpn:vpn"]["listeners"] == [443, 5555]


def test_the_first_preview_names_no_change_and_the_first_up_makes_none(lab: OwnLab, said: str, had: list[str]) -> None:
    steps = json.loads(lab.shell("pulumi preview --json 2>/dev/null"))["steps"]
    inputs = [step["newState"].get("inputs", {}) for step in steps]
    for one in inputs:
        if "observed" in one:
            desired = [line for line in one["desired"].splitlines() if not line.startswith("agent ")]
            assert desired == one["observed"].splitlines()
    lab.shell("pulumi up")
    assert stored(lab) == had
    printed = lab.shell("pulumi preview --expect-no-changes 2>&1")
    assert "open of the hub LAB: anyone who knows the name gets in" in printed


def test_status_and_check_work_after_it(lab: OwnLab, up: str) -> None:
    assert '"sessions"' in lab.shell("labvpn status --key ~/.ssh/id_ed25519 --json")
    broken = json.loads(
        lab.shell("labvpn doctor check --here outside --key ~/.ssh/id_ed25519 --json 2>/dev/null || true")
    )
    inside = [one for one in broken["findings"] if one["hop"] in ("SSH", "SoftEther", "VPN host", "firewalld")]
    # What a client meets is the FortiGate's to say, which lets nobody in here; the old server's holes are as they are.
    expected = ("answers at no TCP port", "acceptKnownHoles")
    assert [one for one in inside if not any(words in one["says"] + one["remedy"] for words in expected)] == []


def test_users_dial_by_the_passwords_that_they_had(lab: OwnLab, up: str) -> None:
    for name in ("twin",):
        login = Login(network.SERVER, f"{name}@My Hub v1.2", "his own", router="192.168.30.1")
        with dialled("campus", login) as client:
            assert client.address is not None


PREVIEW, UP = "pulumi preview 2>&1", "pulumi up 2>&1"


@pytest.mark.parametrize(
    ("changes", "words", "commands"),
    [
        (
            {"listeners": [443, 5555, 8000], "keptListeners": [992]},
            "python3, jupyterhub.service on TCP port 8000",
            (PREVIEW, UP, UP),
        ),
        ({"listeners": [443, 5555, 22]}, "22, which is SSH's", (PREVIEW,)),
        ({"secureNat": {"address": "192.168.77.1/24"}}, "a local bridge to lan1 on the hub LAB", (PREVIEW, UP)),
    ],
)
def test_what_would_open_or_disturb_what_is_not_ours_is_refused_each_time(
    lab: OwnLab, up: str, changes: dict[str, Any], words: str, commands: tuple[str, ...]
) -> None:
    before, kept = stored(lab), lab.configuration["config"]["labvpn:vpn"]
    vpn(lab, **changes)
    for command in commands:
        assert words in lab.shell(command, refused=True)
    vpn(lab, **{key: kept.get(key, []) for key in changes})
    assert stored(lab) == before


def test_a_listener_whose_port_is_taken_later_is_not_passed_over(lab: OwnLab, up: str) -> None:
    lab.by_hand.call("EnableListener", Port_u32=443, Enable_bool=False)
    lab.output("server", "sh", "-c", "systemd-run -q --unit thief python3 -m http.server 443; sleep 2")
    lab.by_hand.call("EnableListener", Port_u32=443, Enable_bool=True)
    assert "python3, thief.service on TCP port 443" in lab.shell("pulumi preview 2>&1", refused=True)
    lab.output("server", "sh", "-c", "systemctl stop thief; sleep 8")
    lab.shell("pulumi preview --expect-no-changes")


def test_guests_are_invited_into_the_file_that_the_stack_names(lab: OwnLab, up: str) -> None:
    others = (lab.folder / "users.csv").read_text()
    (lab.folder / "guests.csv").write_text("name,expires\nanna,2099-03-31\n")
    lab.shell("labvpn invite guests.csv --yes --trust-shown 2>&1 || true")
    assert "anna" in (lab.folder / "users.mylab.csv").read_text()
    assert (lab.folder / "users.csv").read_text() == others
    lab.shell("pulumi preview --expect-no-changes")


def test_destroy_leaves_the_lab_as_it_was(lab: OwnLab, up: str, had: list[str]) -> None:
    lab.shell("pulumi destroy")
    assert stored(lab) == had
