"""Where SoftEther comes from: an archive needs a place and a checksum, and every mistake comes at once."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from labvpn.model.problems import problems_of
from labvpn.model.server import Server

SHA = "ab" * 32
GIVEN: dict[str, Any] = {"address": "https://vpn.example/vpnserver.tar.gz", "sha256": SHA}


def problems(**server: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Server.model_validate({"address": "203.0.113.20", **server})
    return [str(problem) for problem in problems_of(caught.value, "server", Server)]


@pytest.mark.parametrize("address", [GIVEN["address"], "http://203.0.113.9/a.tgz", "file:///srv/vpnserver.tar.gz"])
def test_an_archive_may_stand_at_an_address_or_on_the_host(address: str) -> None:
    server = Server.model_validate(
        {"address": "203.0.113.20", "install": "tarball", "tarball": {**GIVEN, "address": address}}
    )
    assert server.tarball
    assert server.tarball.address == address


def test_a_checksum_may_be_written_in_capitals() -> None:
    server = Server.model_validate(
        {"address": "203.0.113.20", "install": "tarball", "tarball": {**GIVEN, "sha256": SHA.upper()}}
    )
    assert server.tarball
    assert server.tarball.sha256 == SHA


def test_all_mistakes_of_an_archive_come_at_once() -> None:
    found = problems(install="tarbal", tarball={"address": "ftp://a/b", "sha256": "12", "adress": "x"})
    assert [line.split(": ")[0] for line in found] == [
        "server.install",
        "server.tarball.address",
        "server.tarball.sha256",
        "server.tarball.adress",
    ]
    assert "did you mean 'address'?" in found[-1]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://vpn.example/a.tar.gz", "https://host/vpnserver.tar.gz"),
        ("https://vpn.example", "https://host/vpnserver.tar.gz"),
        ("file://srv/a.tar.gz", "file:///path with three slashes"),
        ("https://me:secret@vpn.example/a.tar.gz", "has a login in it"),
    ],
)
def test_an_address_that_is_none_is_told_what_it_should_be(address: str, said: str) -> None:
    assert said in problems(install="tarball", tarball={**GIVEN, "address": address})[0]


def test_an_archive_stands_in_one_place() -> None:
    assert "needs `address` or `file`" in problems(install="tarball", tarball={"sha256": SHA})[0]
    assert "needs `address` or `file`" in problems(install="tarball", tarball={**GIVEN, "file": "a.tar.gz"})[0]


def test_the_way_and_the_archive_belong_together() -> None:
    assert "add `tarball` with `address` or `file`" in problems(install="tarball")[0]
    assert "but install is package" in problems(tarball=GIVEN)[0]
