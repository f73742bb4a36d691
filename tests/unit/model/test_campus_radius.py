"""A code behind a password that the campus's RADIUS has: what may be declared, and what is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.model import accounts, campus_radius, second_factor
from labvpn.model.lab import Lab
from labvpn.render.agent_request import secrets
from labvpn.render.documents import Concern, documents
from labvpn.render.outputs import stack_outputs
from tests.unit.samples import credentials, lab

USERS: list[dict[str, Any]] = [
    {"name": "aki", "auth": "radius", "group": "staff", "radiusName": "a.tanaka"},
    {"name": "dean", "auth": "radius", "group": "staff"},
    {"name": "vera", "auth": "radius", "radiusName": "v\\r"},
    {"name": "own", "group": "staff"},
    {"name": "boss"},
]
CAMPUS = {"server": "198.51.100.9;2001:db8::9", "port": 1645, "retry": 700}
SECRETS = {"LAB": "canary-of-the-campus"}


def factored(radius: dict[str, Any] | None = CAMPUS, **hub: Any) -> dict[str, Any]:
    whole = {
        "groups": {"staff": {}},
        "secondFactor": {"groups": ["staff"], "exempt": ["dean"]},
        "radius": radius,
        **hub,
    }
    return {key: value for key, value in whole.items() if value is not None}


def second(changed: dict[str, Any]) -> dict[str, Any]:
    return factored({**CAMPUS, **changed}, secondFactor={"groups": ["staff"]})


def campus(*more: dict[str, Any], hubs: dict[str, Any] | None = None, **changes: Any) -> Lab:
    return lab(users=[*USERS, *more], hubs={"LAB": factored(), **(hubs or {})}, **changes)


def refused(one: Lab, **known: str) -> list[str]:
    given = credentials(radiusSecrets={**SECRETS, **known})
    found = [*accounts.problems(one), *given.problems(one), *campus_radius.problems(one, given.radius_secrets)]
    return [str(problem) for problem in found]


def hub_lines(one: Lab, *kinds: str) -> list[str]:
    return [line for line in documents(one, "")[Concern.HUB].splitlines() if line.startswith(kinds)]


def test_a_hub_may_have_a_second_factor_and_the_campuss_radius() -> None:
    assert refused(campus()) == []


def test_softether_asks_the_verifier_by_each_users_own_name_and_the_verifier_asks_the_campus() -> None:
    one = campus()
    assert hub_lines(one, "radius", "code", "verifier") == [
        "radius LAB server=127.0.0.1 port=11812 retry=700 secret=current",
        "code LAB/aki radius=a.tanaka secret=current",
        "code LAB/dean radius=dean",
        'code LAB/vera radius="v\\\\r"',
        "code LAB/own secret=current",
        "verifier port=11812 files=current secret=current active=yes radius=198.51.100.9,2001:db8::9 radius-port=1645",
    ]
    logins = [line.partition("realname")[0].strip() for line in hub_lines(one, "user")]
    assert logins == [
        *(f"user LAB/{name} radius={name}" for name in ("aki", "dean", "vera", "own")),
        "user LAB/boss password=current",
    ]


def test_in_a_hub_without_a_second_factor_the_campus_is_asked_by_softether_itself() -> None:
    lines = hub_lines(lab(users=USERS, hubs={"LAB": factored(secondFactor=None)}), "radius", "user LAB/aki", "code")
    assert lines[0] == 'radius LAB server="198.51.100.9;2001:db8::9" port=1645 retry=700 secret=current'
    assert lines[1].startswith("user LAB/aki radius=a.tanaka ") and len(lines) == 2


def test_the_verifier_gets_the_campuss_secret_and_of_its_users_no_password() -> None:
    known = credentials(radiusSecrets=SECRETS)
    sent = secrets(campus(), known)
    assert sent["campus"] == SECRETS["LAB"]
    assert sent["radius"] == {"LAB": sent["verifier"]}
    assert {name: sorted(account) for name, account in sent["codes"].items()} == {
        "LAB/aki": ["radius", "secret"],
        "LAB/dean": ["radius"],
        "LAB/vera": ["radius"],
        "LAB/own": ["password", "secret"],
    }
    assert sent["codes"]["LAB/aki"]["radius"] == "a.tanaka"
    assert SECRETS["LAB"] not in "".join(documents(campus(), "").values())
    exported = stack_outputs(campus(), known, str)["users"]
    assert exported["aki"]["radius"] is exported["aki"]["secondFactor"] is True
    assert "secondFactor" not in exported["dean"] and SECRETS["LAB"] not in str(exported)


def test_everyone_whom_radius_knows_is_refused_beside_a_second_factor() -> None:
    (said,) = refused(campus({"name": "*", "auth": "radius"}))
    assert said.startswith("user *: hub: LAB has a second factor") and "NAME@ANYTHING" in said
    other = {"OPEN": {"radius": CAMPUS}}
    assert refused(campus({"name": "*", "auth": "radius", "hub": "OPEN"}, hubs=other), OPEN="x") == []


def test_a_kept_radius_server_is_refused_beside_a_second_factor() -> None:
    (said,) = refused(lab(users=[USERS[0]], hubs={"LAB": factored(None, kept=["radius"])}), LAB="x")[:1]
    assert said.startswith("hubs.LAB.secondFactor: ") and "secret is not known" in said


@pytest.mark.parametrize("changed", [{"server": "198.51.100.8"}, {"port": 1812}])
def test_hubs_of_one_verifier_have_one_campus(changed: dict[str, Any]) -> None:
    (said,) = refused(campus(hubs={"TWO": second(changed)}), TWO=SECRETS["LAB"])
    assert said.startswith("hubs.TWO.radius: is another server than that of hub LAB") and "give both the same" in said


def test_hubs_of_one_verifier_have_one_secret_and_no_message_repeats_it() -> None:
    (said,) = refused(campus(hubs={"TWO": second({})}), TWO="canary-of-two")
    assert said.startswith("radiusSecrets.TWO: is another secret than that of hub LAB") and "canary" not in said
    assert refused(campus(hubs={"TWO": second({"retry": 5})}), TWO=SECRETS["LAB"]) == []
    assert refused(campus(hubs={"TWO": {"radius": {"server": "other.example"}}}), TWO="canary\\of-two") == []


@pytest.mark.parametrize("secret", ["", "canary\\", "canary\n", "\x00", "canary\x7f"])
def test_a_secret_that_freeradius_settings_cannot_hold_is_refused_and_not_repeated(secret: str) -> None:
    (said,) = refused(campus(), LAB=secret)
    assert said.startswith("radiusSecrets.LAB: ") and "agree on another" in said and "canary" not in said


@pytest.mark.parametrize("secret", ["it's", '"', "${x}", "#", "日本", " a b "])
def test_any_other_secret_is_taken(secret: str) -> None:
    assert refused(campus(), LAB=secret) == []


def test_a_campus_by_name_is_refused_since_freeradius_would_not_start_without_the_dns() -> None:
    (said,) = refused(campus(hubs={"LAB": factored({"server": "198.51.100.9,radius.campus.example"})}))
    assert said.startswith("hubs.LAB.radius.server: 'radius.campus.example' is not an address") and "write" in said


def test_softether_has_to_repeat_its_question_before_the_campus_counts_as_silent() -> None:
    (said,) = refused(campus(hubs={"LAB": factored({**CAMPUS, "retry": 2001})}))
    assert said.startswith("hubs.LAB.radius.retry: is more than 2000") and "take up to 2000" in said
    assert refused(campus(hubs={"LAB": factored({**CAMPUS, "retry": 2000})})) == []


def test_the_preview_names_who_gives_no_code_and_who_cannot_dial_by_what() -> None:
    without, ppp = second_factor.notes(campus())
    assert without == "without a second factor: dean, vera, boss of hub LAB log in by the password alone"
    assert ppp.startswith("not by L2TP or SSTP: aki can dial by OpenVPN and SoftEther's client alone, since ")
    neither = {"secureNat": {}, "protocols": {"l2tpIpsec": False, "openvpn": True, "sstp": False}}
    assert len(list(second_factor.notes(campus(vpn=neither)))) == 1
    many = [{"name": f"u{number}", "auth": "radius", "group": "staff"} for number in range(12)]
    assert "u8 and 3 more can dial" in list(second_factor.notes(campus(*many)))[1]


def test_a_radius_user_of_a_hub_without_a_server_cannot_have_a_code() -> None:
    said = "\n".join(refused(lab(users=[USERS[0]], hubs={"LAB": factored(None)})))
    assert "user aki: auth: is radius, but the hub has no RADIUS server" in said
