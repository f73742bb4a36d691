"""The whole stack with the certificate of an ACME authority: `up` and `destroy`, by DNS-01 and by HTTP-01."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from rehearsal import names
from tests.rehearsal.acme_authority import DIRECTORY, Authority
from tests.rehearsal.acme_host import NAME, PRESENTED
from tests.rehearsal.stack import Stack, not_applied

WAYS: dict[str, dict[str, object]] = {
    "dns-01": {"key": {"name": names.CHALLENGE}, "wait": 10},
    "http-01": {"challenge": "http-01"},
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    """Machines without a stack."""
    with not_applied("acme-stack") as lab:
        yield lab


@pytest.fixture(scope="module")
def authority(lab: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    found = Authority(lab, tmp_path_factory.mktemp("authority"))
    found.be_trusted()
    found.start()
    yield found
    found.stop()


@pytest.fixture(params=WAYS)
def file(request: pytest.FixtureRequest, lab: Stack, authority: Authority, tmp_path: Path) -> Path:
    """A configuration with a certificate of the authority, by one of its ways."""
    (tmp_path / "root.pem").write_text(authority.root)
    order = {"directory": DIRECTORY, "root": str(tmp_path / "root.pem"), **WAYS[request.param]}
    made = lab.variant(tmp_path, certificate={"acme": order}, authority=None)
    if request.param == "dns-01":
        key = yaml.safe_load((lab.state / "values.yaml").read_text())["dnsKey"]
        lab.with_secret(made, "labvpn:acmeKey", names.challenge_secret(str(key)))
    return made


def test_one_up_shows_a_certificate_that_clients_trust_and_destroy_leaves_nothing(
    lab: Stack, authority: Authority, file: Path, tmp_path: Path
) -> None:
    before = lab.bare("server")
    said = lab.up("--config-file", str(file))
    assert [line for line in said.splitlines() if line.strip().startswith("!")] == []
    assert lab.output("admin", "python3", "-c", PRESENTED, str(tmp_path / "root.pem"), NAME).startswith("-----BEGIN")
    assert lab.is_settled("--config-file", str(file))
    assert [words for words, kept in lab.proofs().items() if not kept] == []
    done = lab.pulumi("destroy", "--yes", "--skip-preview", "--config-file", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.output("server", "sh", "-c", "ls -d /var/lib/labvpn* /etc/systemd/system/labvpn* || true") == ""
    assert lab.bare("server")["fortigate"] == before["fortigate"]
