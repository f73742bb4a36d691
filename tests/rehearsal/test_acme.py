"""The server's certificate from a real ACME authority, by real name servers: fetched, renewed, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labvpn.render.documents import Concern
from rehearsal import network
from rehearsal.dial import Login
from tests.rehearsal.acme_authority import Authority
from tests.rehearsal.acme_host import AcmeHost, ordered
from tests.rehearsal.agent_host import SECRETS

FILES = "find /var/lib/labvpn -name '*.pem' -path '*key*' -o -name 'acme*' -type f | xargs stat -c '%a %n' | sort"


@pytest.fixture(scope="module")
def host() -> Iterator[AcmeHost]:
    host = AcmeHost("acme")
    yield host
    SECRETS.pop("acme", None)
    host.stop()


@pytest.fixture(scope="module")
def authority(host: AcmeHost, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    found = Authority(host, tmp_path_factory.mktemp("authority"))
    host.prepare(found)
    found.start()
    host.apply(ordered(), Concern.HOST)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def root(authority: Authority) -> str:
    return authority.root


def login(root: str) -> Login:
    return Login(network.SERVER, "guest1", SECRETS["users"]["LAB/guest1"], router="192.168.30.1", authority=root)


def test_the_first_up_shows_a_certificate_that_clients_of_the_authority_trust(
    host: AcmeHost, root: str, authority: Authority
) -> None:
    said = host.apply(ordered(), Concern.SERVER, Concern.HUB)
    assert [line for line in said if line.startswith("!")] == []
    assert host.shown(root).startswith("-----BEGIN CERTIFICATE-----")
    assert host.in_zone() == ""
    assert host.is_settled(ordered())
    assert host.apply(ordered()) == ["nothing to change"]
