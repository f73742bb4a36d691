"""Every text of a kit, compared with case files: tests/cases/kit/SCENARIO/FILE."""

from __future__ import annotations

import pytest

from labvpn.kit import build
from labvpn.kit.request import KitRequest
from tests.unit.kit.orders import CASES, identity, order, split

SCENARIOS = {"whole": order(), "split": split()}
WITHOUT_CASE = {"sheet.html"}


def files(scenario: str) -> dict[str, bytes]:
    made = build.kit(SCENARIOS[scenario]).files
    return {name: content for name, content in made.items() if name not in WITHOUT_CASE}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_kit_holds_exactly_the_files_of_its_case(scenario: str) -> None:
    assert sorted(files(scenario)) == sorted(path.name for path in (CASES / scenario).iterdir())


@pytest.mark.parametrize(
    ("scenario", "name"), [(each, path.name) for each in SCENARIOS for path in (CASES / each).iterdir()]
)
def test_a_text_is_that_of_its_case(scenario: str, name: str) -> None:
    assert files(scenario)[name] == (CASES / scenario / name).read_bytes()


def test_nothing_of_a_user_who_logs_in_by_certificate_asks_for_a_password() -> None:
    made = build.kit(order(identity=identity())).files
    assert sorted(made) == [
        "authority.crt",
        "openvpn-tcp-1194.ovpn",
        "openvpn-tcp-443.ovpn",
        "openvpn-udp-1194.ovpn",
        "sheet.html",
        "softether.vpn",
    ]
    assert b"auth-user-pass" not in made["openvpn-udp-1194.ovpn"]


def _without(**protocols: bool) -> KitRequest:
    return order(protocols={"l2tpIpsec": True, "openvpn": True, "sstp": True, **protocols})


@pytest.mark.parametrize(
    ("protocol", "ending"),
    [("l2tpIpsec", ".mobileconfig"), ("l2tpIpsec", "l2tp.ps1"), ("openvpn", ".ovpn"), ("sstp", "sstp.ps1")],
)
def test_what_the_server_does_not_offer_is_in_no_kit(protocol: str, ending: str) -> None:
    assert any(name.endswith(ending) for name in build.kit(_without()).files)
    assert not any(name.endswith(ending) for name in build.kit(_without(**{protocol: False})).files)
