"""The profile for Apple's devices, against the keys that Apple documents."""

from __future__ import annotations

import plistlib
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from labvpn.kit import apple
from tests.unit.kit.orders import identity, order, split

COMMON = {
    "PayloadIdentifier": str,
    "PayloadUUID": str,
    "PayloadType": str,
    "PayloadVersion": int,
    "PayloadDisplayName": str,
    "PayloadDescription": str,
    "PayloadOrganization": str,
}
DOCUMENTED: dict[str, dict[str, type]] = {
    "": {**COMMON, "PayloadContent": list, "RemovalDate": datetime, "PayloadScope": str, "ConsentText": dict},
    "vpn": {
        **COMMON,
        "VPNType": str,
        "UserDefinedName": str,
        "PPP": dict,
        "IPSec": dict,
        "IPv4": dict,
        "Proxies": dict,
    },
    "PPP": {"AuthName": str, "AuthPassword": str, "CommRemoteAddress": str, "TokenCard": int, "AuthProtocol": list},
    "IPSec": {"AuthenticationMethod": str, "SharedSecret": bytes, "LocalIdentifierType": str},
    "IPv4": {"OverridePrimary": int},
}
"""The keys that a profile for L2TP may hold, with their types, by Apple's device management documentation."""

REQUIRED = {"PayloadIdentifier", "PayloadUUID", "PayloadType", "PayloadVersion"}


def read(profile: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    whole = plistlib.loads(profile)
    (vpn,) = whole["PayloadContent"]
    return whole, vpn


def undocumented(place: str, values: dict[str, Any]) -> list[str]:
    known = DOCUMENTED[place]
    return [f"{place}.{key}" for key, value in values.items() if key not in known or type(value) is not known[key]]


@pytest.mark.parametrize("each", [order(), split(), order(secrets=True)])
def test_a_profile_holds_documented_keys_of_the_documented_types_alone(each: Any) -> None:
    whole, vpn = read(apple.profile(each))
    parts = {"": whole, "vpn": vpn, "PPP": vpn["PPP"], "IPSec": vpn["IPSec"], "IPv4": vpn["IPv4"]}
    assert [found for place, values in parts.items() for found in undocumented(place, values)] == []
    assert whole.keys() >= REQUIRED
    assert vpn.keys() >= REQUIRED
    assert (whole["PayloadType"], vpn["PayloadType"], vpn["VPNType"]) == (
        "Configuration",
        "com.apple.vpn.managed",
        "L2TP",
    )


def test_a_stray_key_would_be_found() -> None:
    assert undocumented("PPP", {"AuthName": "guest1", "Password": "x"}) == ["PPP.Password"]
    assert undocumented("IPSec", {"SharedSecret": "as text"}) == ["IPSec.SharedSecret"]


def test_whole_traffic_or_the_lab_alone_goes_through_the_vpn() -> None:
    assert read(apple.profile(order()))[1]["IPv4"] == {"OverridePrimary": 1}
    assert read(apple.profile(split()))[1]["IPv4"] == {"OverridePrimary": 0}


def test_a_profile_holds_the_password_only_where_it_was_asked_for() -> None:
    assert "AuthPassword" not in read(apple.profile(order()))[1]["PPP"]
    assert read(apple.profile(order(secrets=True)))[1]["PPP"]["AuthPassword"] == order(secrets=True).password


def test_a_newer_profile_takes_the_place_of_the_older_and_of_no_other_users() -> None:
    first, again, other = (read(apple.profile(order(user)))[0] for user in ("guest1", "guest1", "owner"))
    assert (first["PayloadIdentifier"], first["PayloadUUID"]) == (again["PayloadIdentifier"], again["PayloadUUID"])
    assert other["PayloadIdentifier"] != first["PayloadIdentifier"]
    assert other["PayloadUUID"] != first["PayloadUUID"]


def test_the_profile_of_a_guest_removes_itself_when_the_account_ends() -> None:
    users = {"guest1": {"password": "x", "expires": "2027-01-31T23:59:59+09:00"}}
    assert read(apple.profile(order(users=users)))[0]["RemovalDate"] == datetime(2027, 1, 31, 14, 59, 59)
    assert "RemovalDate" not in read(apple.profile(order()))[0]


def test_a_signed_profile_is_verified_by_another_program(tmp_path: Path) -> None:
    signer = identity()
    profile = apple.profile(order())
    (tmp_path / "signed").write_bytes(apple.signed(profile, signer.certificate.encode(), signer.key.encode()))
    (tmp_path / "signer.pem").write_text(signer.certificate)
    line = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "signed", "-CAfile", "signer.pem", "-purpose", "any"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == profile
