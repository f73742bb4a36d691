"""VPN hosts of other systems than Debian 12, with each way of installation: up, proof, bans, a boot, drift, destroy.

Every run of the tests has Debian 13 with an archive; `make soak GUARANTEES=hosts` has all rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal import stack
from tests.rehearsal.guarded_host import eventually
from tests.rehearsal.other_host import OtherHost

MAIN = ("debian-13", "tarball")
MATRIX = [
    MAIN,
    ("debian-13", "present"),
    ("debian-11", "package"),
    ("debian-11", "tarball"),
    ("debian-11", "present"),
]
GUESSES = 12
"""More than the wrong passwords by which the proofs show that they are refused."""

BANS = {"slow": GUESSES - 1, "pause": 600, "most": GUESSES, "seconds": 3600}


@pytest.fixture(scope="module", params=MATRIX if os.environ.get("LABVPN_MATRIX") else [MAIN], ids="-".join)
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherHost]:
    system, way = request.param
    lab = OtherHost(system, way, tmp_path_factory.mktemp("archive"))
    lab.begin()
    stack.configured(lab.state, print)
    yield lab
    lab.stop()


@pytest.fixture(scope="module")
def server(lab: OtherHost) -> dict[str, Any]:
    return lab.prepare()


@pytest.fixture(scope="module")
def bare(lab: OtherHost, server: dict[str, Any]) -> dict[str, str]:
    """The host, the FortiGate and the zone before the first `up`."""
    return lab.bare("server")


@pytest.fixture(scope="module")
def file(lab: OtherHost, server: dict[str, Any], bare: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The configuration of the lab on this host, once it is applied."""
    firewall = {**lab.example["firewall"], "bans": BANS}
    file = str(lab.variant(tmp_path_factory.mktemp("project"), server=server, firewall=firewall))
    lab.up("--config-file", file)
    return file


def test_the_lab_comes_up_and_every_promise_is_kept_from_outside(lab: OtherHost, file: str) -> None:
    assert lab.is_settled("--config-file", file)
    assert [words for words, kept in lab.proofs().items() if not kept] == []
    assert lab.output("server", "systemctl", "is-system-running") == "running"


def test_a_guesser_is_banned_and_stays_so_over_a_boot_after_which_everything_is_as_it_was(
    lab: OtherHost, file: str
) -> None:
    source, other = lab.source(), lab.source()
    lab.guess(source, GUESSES)
    assert lab.shuts_out(source)
    assert not lab.reaches(source)
    lab.boot()
    assert eventually(lambda: source in lab.bans())
    assert eventually(lambda: lab.reaches(other))
    assert not lab.reaches(source)
    assert eventually(lambda: lab.is_settled("--config-file", file))
    assert [words for words, kept in lab.proofs().items() if not kept] == []


def test_what_is_changed_by_hand_is_found_and_repaired(lab: OtherHost, file: str) -> None:
    lab.output("server", "firewall-cmd", "-q", "--permanent", "--service=vpnserver", "--add-port=8080/tcp")
    lab.output("server", "systemctl", "disable", "-q", "--now", "labvpn-bans")
    seen = lab.pulumi("preview", "--diff", "--expect-no-changes", "--config-file", file)
    assert seen.returncode != 0
    assert "8080/tcp" in seen.stdout
    assert "login guard: active is no" in seen.stderr
    lab.up("--config-file", file)
    assert lab.is_settled("--config-file", file)


def test_a_package_that_the_system_does_not_have_is_refused_with_what_to_write(
    lab: OtherHost, file: str, tmp_path: Path
) -> None:
    if lab.system != "debian-13":
        pytest.skip("this system has the package")
    other = {**lab.example["server"], "install": "package"}
    seen = lab.pulumi("preview", "--config-file", str(lab.variant(tmp_path, server=other)))
    assert seen.returncode != 0
    assert "install: tarball" in seen.stdout


def test_destroy_leaves_what_was_there_before(lab: OtherHost, file: str, bare: dict[str, str]) -> None:
    done = lab.pulumi("destroy", "--yes", "--skip-preview", "--config-file", file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.bare("server") == bare
