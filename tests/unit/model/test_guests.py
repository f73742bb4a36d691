"""What keeps the users of a hub apart: policies, leases, passwords of hubs, and names that rules confuse."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.model import accounts
from labvpn.model.lab import Lab
from labvpn.model.passwords import LENGTH, derive
from labvpn.model.policies import GUEST_DEFAULTS
from labvpn.render.agent_request import secrets
from tests.unit.samples import credentials, lab

WEB = {"name": "web", "to": "203.0.113.21", "port": 8000}
APART = set(GUEST_DEFAULTS)


def policies(one: Lab) -> dict[str, dict[str, int | bool]]:
    return {user.name: one.policies_of(user) for user in one.users}


def with_services(*users: dict[str, Any], **more: Any) -> Lab:
    hubs = {"LAB": {"services": [WEB], **more}, "OWNER": {"secureNat": {"address": "192.168.32.1/24"}}}
    return lab(users=list(users), hubs=hubs)


def test_whoever_shares_a_hub_with_services_is_kept_apart_from_its_others() -> None:
    given = policies(with_services({"name": "guest"}, {"name": "free", "reach": "free"}))
    assert all(set(each) >= APART for each in given.values())
    assert {key: given["guest"][key] for key in ("PrivacyFilter", "CheckMac", "CheckIP", "MaxMac", "MaxIP")} == {
        "PrivacyFilter": True,
        "CheckMac": True,
        "CheckIP": True,
        "MaxMac": 1,
        "MaxIP": 1,
    }


def test_a_guest_who_is_given_no_service_is_kept_apart_too() -> None:
    given = policies(lab(users=[{"name": "guest"}, {"name": "free", "reach": "free"}]))
    assert set(given["guest"]) >= APART
    assert not APART & set(given["free"])


def test_the_owners_hub_is_as_it_was() -> None:
    given = policies(with_services({"name": "boss", "hub": "OWNER", "reach": "free"}))
    assert given["boss"] == {"AutoDisconnect": 1800, "MultiLogins": 1}


def test_a_user_with_a_virtual_machine_or_a_group_of_them_asks_for_more() -> None:
    group = {"groups": {"makers": {"policies": {"MaxIP": 20}}}}
    given = policies(with_services({"name": "vm", "group": "makers", "MaxMac": 8, "PrivacyFilter": False}, **group))
    assert [given["vm"][key] for key in ("MaxMac", "MaxIP", "PrivacyFilter", "CheckMac")] == [8, 20, False, True]


def test_a_hub_whose_rules_are_kept_is_left_as_somebody_made_it() -> None:
    given = policies(lab(users=[{"name": "guest"}], vpn={"kept": ["access"]}))
    assert not APART & set(given["guest"])


@pytest.mark.parametrize(
    ("users", "lease"),
    [
        ([{"name": "guest"}], 1800),
        ([{"name": "guest"}, {"name": "long", "AutoDisconnect": "1 h"}], 3600),
        ([{"name": "guest"}, {"name": "endless", "AutoDisconnect": 0}], 7200),
        ([{"name": "day", "AutoDisconnect": "24 h"}], 7200),
        ([{"name": "short", "AutoDisconnect": 20}], 60),
        ([], 7200),
    ],
)
def test_a_lease_is_as_long_as_a_session_may_be(users: list[dict[str, Any]], lease: int) -> None:
    assert lab(users=users).lease_of("LAB") == lease
    assert lab(users=users, vpn={"secureNat": {"lease": 600}}).lease_of("LAB") == 600


def test_each_hub_has_a_password_of_its_own_that_tells_no_other() -> None:
    one = with_services({"name": "LAB"})
    hubs = secrets(one, credentials(hubPassword=None))["hubs"]
    assert len({*hubs.values()}) == 2
    assert all(len(word) == LENGTH for word in hubs.values())
    assert derive(credentials().user_secret.get_secret_value(), "LAB", 0) not in hubs.values()


def test_a_password_that_is_set_for_all_hubs_keeps_working_and_is_told() -> None:
    one = with_services({"name": "guest"})
    assert len({*secrets(one, credentials())["hubs"].values()}) == 1
    (said,) = accounts.warnings(one, credentials())
    assert "hubPassword is one password for 2 hubs" in said
    assert "canary" not in said
    assert list(accounts.warnings(lab(users=[{"name": "guest"}]), credentials())) == []


@pytest.mark.parametrize("others", ["anna@campus", "ANNA@lab"])
@pytest.mark.parametrize("right", [{"reach": "free"}, {"devices": "00-AC-11-22-33-44"}])
def test_a_name_that_rules_take_for_anothers_is_refused(others: str, right: dict[str, str]) -> None:
    users = ({"name": "anna", **right}, {"name": others})
    (problem,) = accounts.problems(with_services(*users))
    assert "access rules know no difference between anna" in problem.message
    assert list(accounts.problems(with_services({"name": "anna"}, {"name": others}))) == []
    apart = ({"name": "anna", **right}, {"name": others, "hub": "OWNER"})
    assert list(accounts.problems(with_services(*apart))) == []


@pytest.mark.parametrize("name", ["SecureNAT@campus", "administrator@x", "@anybody"])
def test_a_user_whom_rules_take_for_the_router_or_for_everybody_is_refused(name: str) -> None:
    (problem,) = accounts.problems(with_services({"name": name, "reach": "free"}))
    assert "to an access rule; rename the user" in problem.message


@pytest.mark.parametrize("name", ["SecureNAT", "administrator"])
def test_a_group_of_a_name_that_rules_know_is_refused(name: str) -> None:
    (problem,) = accounts.problems(with_services({"name": "guest"}, groups={name: {}}))
    assert problem.place == f"hubs.LAB.groups.{name}"


def test_a_free_user_beside_everybody_of_radius_is_told() -> None:
    wildcard = {"name": "*", "auth": "radius"}
    one = with_services(wildcard, {"name": "boss", "reach": "free"}, radius={"server": "198.51.100.9"})
    said = [text for text in accounts.warnings(one, credentials(hubPassword=None)) if "boss@ANYTHING" in text]
    assert len(said) == 1


def test_the_reaper_needs_a_hubs_password_that_somebody_else_has_set() -> None:
    one = lab(users=[], vpn={"kept": ["hub-password"]})
    said = [str(problem) for problem in credentials(hubPassword=None).problems(one)]
    assert len(said) == 1
    assert "hubPassword: is missing and vpn.kept leaves the hubs' passwords" in said[0]
    assert list(credentials().problems(one)) == []
    off = lab(users=[], vpn={"kept": ["hub-password"], "sessions": {"enforced": False}})
    assert list(credentials(hubPassword=None).problems(off)) == []
