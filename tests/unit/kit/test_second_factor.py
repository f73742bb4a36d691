"""The kit of a user who gives a code: the QR code, how it is typed, and nothing that sends the password alone."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from rich.console import Console

from labvpn.kit import build, second_factor
from labvpn.kit.request import KitRequest
from labvpn.status import metrics, table
from labvpn.status.report import read, to_json
from tests.unit.kit.orders import identity, order, split

KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def coded(secrets: bool = True, code: str | None = KEY, **changes: Any) -> KitRequest:
    account = {"password": "of-guest1", "secondFactor": True, "code": code, **changes}
    return order(secrets=secrets, users={"guest1": account})


def sheet(request: KitRequest) -> str:
    return build.kit(request).files[build.SHEET].decode()


def everything(request: KitRequest) -> str:
    return "".join(content.decode("latin-1") for content in build.kit(request).files.values())


def test_an_app_reads_the_key_and_the_values_of_the_rfc() -> None:
    found = urlsplit(second_factor.address(coded(hub="OTHER")))
    assert (found.scheme, found.netloc) == ("otpauth", "totp")
    assert unquote(found.path) == "/Lab VPN (vpn.lab.example):guest1@OTHER"
    rules = {"algorithm": ["SHA1"], "digits": ["6"], "period": ["30"]}
    assert parse_qs(found.query) == {"secret": [KEY], "issuer": ["Lab VPN (vpn.lab.example)"], **rules}


def test_the_key_is_in_an_encrypted_kit_alone() -> None:
    typed = " ".join(re.findall("....", KEY))
    assert typed in sheet(coded())
    assert sheet(coded()).count("<svg") == 2 * sheet(coded(secrets=False)).count("<svg") == 4
    plain = everything(coded(secrets=False))
    assert KEY not in plain and typed not in plain
    assert build.kit(coded(secrets=False)).notes[0].endswith("authenticator app; give --secrets")


def test_a_key_that_the_outputs_hold_back_is_said_so() -> None:
    assert "give them with --show-secrets" in " ".join(build.kit(coded(code="[secret]")).notes)


@pytest.mark.parametrize("secrets", [True, False])
def test_the_sheet_says_in_both_languages_how_the_code_is_typed(secrets: bool) -> None:
    text = sheet(coded(secrets))
    assert text.count("apple123456") == 2
    assert "apple123456" not in sheet(order(secrets=secrets))


def test_no_device_keeps_a_password_that_it_would_send_without_a_code() -> None:
    files = build.kit(coded()).files
    assert b"of-guest1" not in files["guest1.mobileconfig"]
    assert b"RememberCredential" not in files["windows-l2tp.ps1"]
    assert (
        b"of-guest1"
        in build.kit(order(secrets=True, users={"guest1": {"password": "of-guest1"}})).files["guest1.mobileconfig"]
    )
    assert b"RememberCredential" in build.kit(order()).files["windows-l2tp.ps1"]
    assert b"RememberCredential" in build.kit(split()).files["windows-sstp.ps1"]


def test_softethers_client_sends_the_password_itself_and_not_its_hash() -> None:
    assert b"uint AuthType 2" in build.kit(coded()).files["softether.vpn"]
    assert b"uint AuthType 1" in build.kit(order()).files["softether.vpn"]


def test_a_login_by_certificate_has_no_code() -> None:
    request = KitRequest(coded().stack, "guest1", coded().trust, identity(), True)
    assert second_factor.address(request) == ""
    assert KEY not in everything(request)


def at_campus(**changes: Any) -> KitRequest:
    account = {"radius": True, "secondFactor": True, "code": KEY, **changes}
    protocols = {"l2tpIpsec": True, "openvpn": True, "sstp": True}
    return order(secrets=True, protocols=protocols, users={"guest1": account})


def test_who_gives_a_code_behind_the_campuss_password_gets_no_setup_of_l2tp_or_sstp() -> None:
    kit = build.kit(at_campus())
    assert not [name for name in kit.files if re.search("l2tp|sstp|mobileconfig", name)]
    assert "softether.vpn" in kit.files and [name for name in kit.files if name.endswith(".ovpn")]
    assert sum("without L2TP and SSTP" in note for note in kit.notes) == 1
    text = sheet(at_campus())
    assert not re.search("L2TP|SSTP|IPsec|it's a preshared key|it&#39;s a preshared key", text)
    assert "apple123456" in text and "stays the one that you have" in text
    assert KEY[:4] in text and text.count("<svg") == 2


def test_who_gives_no_code_behind_the_campuss_password_gets_every_setup() -> None:
    kit = build.kit(at_campus(secondFactor=False))
    assert {"guest1.mobileconfig", "windows-l2tp.ps1", "windows-sstp.ps1"} <= kit.files.keys()
    assert "without L2TP" not in " ".join(kit.notes)


REPORT = '{"at": 1800000000, "secondFactor": {"users": 3, "trouble": "%s"}}'


def test_the_status_says_why_nobody_with_a_second_factor_gets_in() -> None:
    down, up, without = read(REPORT % "FreeRADIUS does not run"), read(REPORT % ""), read('{"at": 1800000000}')
    assert '"trouble": "FreeRADIUS does not run"' in to_json(down)
    assert "secondFactor" not in to_json(without)
    assert "labvpn_second_factor_works 0.0" in metrics.text(down)
    assert "labvpn_second_factor_works 1.0" in metrics.text(up)
    assert "second_factor" not in metrics.text(without)
    assert "campus" not in metrics.text(up)


def test_the_status_says_that_the_campus_does_not_answer_and_whom_that_keeps_out() -> None:
    silent, up = (read(REPORT.replace('"%s"', f'"", "campus": "{said}"')) for said in ("since 10:00", ""))
    console = Console(record=True, width=200)
    table.show(silent, console)
    assert "Nobody with a password at the campus's RADIUS gets in: since 10:00" in (text := console.export_text())
    assert "second factor" not in text
    assert "labvpn_campus_radius_answers 0.0" in metrics.text(silent)
    assert "labvpn_second_factor_works 1.0" in metrics.text(silent)
    assert "labvpn_campus_radius_answers 1.0" in metrics.text(up)
