"""`Changed by hand` is what somebody changed on the machines, and nothing that the configuration changed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labvpn.model.firewall import HostFirewall
from rehearsal.places import PROJECT
from tests.rehearsal.stack import Stack

BY_HAND = "changed by hand: "
SERVICE = HostFirewall(zone="public").service
DIGESTS = "/var/lib/labvpn/{}.digests"
OWN = (
    "dpkg-query -W",
    "cat /etc/passwd /etc/group",
    "ls -lR --time-style=full-iso /etc/ssh /root",
    "ss -Hlnt | awk '{print $5}' | sort",
)
"""What is nobody's of the stack on its host."""

CUT_OFF = """
import json, os
os.chdir("/var/lib/labvpn")
with open("server.applied") as applied, open("server.begun", "w") as begun:
    begun.write(json.load(applied)["value"])
os.system("mv /run/applied server.applied")
"""
"""Leaves the host as a kill between the change and its record does."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    lab = Stack("found-changes")
    lab.stop()
    assert lab.command("lab", cwd=PROJECT, timeout=900).returncode == 0
    yield lab
    lab.stop()


def claimed(lab: Stack, *words: str) -> list[str]:
    """What a preview calls somebody's change."""
    done = lab.pulumi("preview", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    return sorted({line.partition(BY_HAND)[2].strip() for line in lines if BY_HAND in line})


def example(lab: Stack, key: str, **changes: Any) -> dict[str, Any]:
    section: dict[str, Any] = {**lab.example[key], **changes}
    return section


def test_new_secrets_are_nobodys_change(lab: Stack, tmp_path: Path) -> None:
    file = lab.variant(tmp_path)
    for key in ("presharedKey", "administratorPassword", "hubPassword", "userSecret"):
        lab.with_secret(file, key, secrets.token_hex(12))
    assert claimed(lab, "--config-file", str(file)) == []


def test_what_is_taken_out_of_the_configuration_is_nobodys_change(lab: Stack, tmp_path: Path) -> None:
    protocols = {"l2tpIpsec": False, "openvpn": False, "sstp": True}
    file = lab.variant(tmp_path, vpn=example(lab, "vpn", listeners=[443, 992, 8443], protocols=protocols))
    assert claimed(lab, "--config-file", str(file)) == []


def test_a_change_by_hand_is_told_beside_those_of_the_configuration(lab: Stack, tmp_path: Path) -> None:
    file = lab.variant(tmp_path, vpn=example(lab, "vpn", listeners=[443, 992, 1194]))
    lab.with_secret(file, "presharedKey", secrets.token_hex(12))
    lab.output("server", "firewall-cmd", "-q", "--permanent", f"--service={SERVICE}", "--add-port=8099/tcp")
    lab.output("server", "firewall-cmd", "-q", "--reload")
    lines = claimed(lab, "--config-file", str(file))
    assert lines == [f"firewalld: 8099/tcp was added to service {SERVICE}"]
    lab.up()
    assert lab.is_settled()


def test_of_a_host_that_an_older_version_applied_nobody_is_named(lab: Stack, tmp_path: Path) -> None:
    file = lab.variant(tmp_path)
    lab.with_secret(file, "presharedKey", secrets.token_hex(12))
    lab.output("server", "rm", "-f", DIGESTS.format("server"), DIGESTS.format("hub"))
    assert claimed(lab, "--config-file", str(file)) == []
    assert lab.is_settled()


def test_a_run_that_was_cut_off_is_nobodys_change_and_the_host_stays_its_owners(lab: Stack, tmp_path: Path) -> None:
    before = {line: lab.output("server", "sh", "-c", line) for line in OWN}
    half = lab.variant(tmp_path, vpn=example(lab, "vpn", tls={"minimum": "1.1"}))
    lab.output("server", "cp", "-a", "/var/lib/labvpn/server.applied", "/run/applied")
    lab.up("--config-file", str(half))
    # As a kill between the change and its record leaves it.
    lab.output("server", "python3", "-c", CUT_OFF)
    assert claimed(lab) == []
    lab.up()
    assert lab.is_settled()
    assert {line: lab.output("server", "sh", "-c", line) for line in OWN} == before
