"""SoftEther from an archive that is a file of the project's: brought to the host, installed and taken away again."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rehearsal.stack import Stack, not_applied
from tests.rehearsal.test_installation import BY_HAND, FIRST, PACK

LEFT = (
    "ls -d /usr/local/vpnserver /var/tmp/labvpn-* /root/labvpn-* /home/*/labvpn-* "
    "/etc/systemd/system/vpnserver.service 2>/dev/null || true"
)


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    """Machines without a stack; the VPN host has the folders that Debian's program asks for, and no program."""
    with not_applied("archive") as lab:
        yield lab


@pytest.fixture(scope="module")
def archive(lab: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive beside the project, and nowhere else."""
    lab.output("server", "sh", "-c", f"{BY_HAND} && {{ {PACK}\n}}")
    file = tmp_path_factory.mktemp("project") / "vpnserver.tar.gz"
    file.write_bytes(base64.b64decode(lab.output("server", "base64", FIRST)))
    lab.output("server", "sh", "-c", "rm /srv/*.tar.gz")
    return file


def test_the_stack_brings_the_archive_proves_the_lab_and_leaves_nothing_of_it(
    lab: Stack, archive: Path, tmp_path: Path
) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    tarball = {"file": str(archive), "sha256": digest}
    file = lab.variant(tmp_path, server={"address": "203.0.113.20", "install": "tarball", "tarball": tarball})
    lab.up("--config-file", str(file))
    assert lab.is_settled("--config-file", str(file))
    assert "/usr/local/vpnserver/vpnserver" in lab.output("server", "ps", "axww", "-o", "args")
    assert [words for words, kept in lab.proofs().items() if not kept] == []
    done = lab.pulumi("destroy", "--yes", "--skip-preview", "--config-file", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.output("server", "sh", "-c", LEFT) == ""


def test_an_archive_with_another_checksum_is_refused_before_a_machine_is_touched(
    lab: Stack, archive: Path, tmp_path: Path
) -> None:
    tarball = {"file": str(archive), "sha256": "0" * 64}
    file = lab.variant(tmp_path, server={"address": "203.0.113.20", "install": "tarball", "tarball": tarball})
    seen = lab.pulumi("preview", "--config-file", str(file))
    assert seen.returncode != 0
    assert "nothing was touched" in seen.stdout
