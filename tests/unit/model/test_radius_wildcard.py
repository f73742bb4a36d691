"""The line for everybody whom RADIUS knows: what it may say, and whom it lets in beside."""

from __future__ import annotations

import pytest

from labvpn.model import accounts
from labvpn.model.users_file import read_users
from labvpn.render import outputs
from labvpn.render.agent_request import secrets
from labvpn.render.documents import Concern, documents
from tests.unit.model.test_accounts import found, problems, with_users
from tests.unit.samples import credentials, lab

WILDCARD = {"name": "*", "auth": "radius"}
RADIUS = {"server": "198.51.100.9"}


def test_a_line_for_everybody_is_one_more_user_of_the_hub() -> None:
    users, none = read_users("name,auth,group\n*,radius,campus\nowner,,\n", "users.csv")
    assert none == []
    one = lab(users=users, hubs={"LAB": {"radius": RADIUS, "groups": {"campus": {}}}})
    assert found(one) == []
    lines = documents(one, "")[Concern.HUB].splitlines()
    (line,) = [line for line in lines if line.startswith("user LAB/*")]
    assert line.startswith('user LAB/* radius="" realname="" note="" group=campus expires=never ')


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("auth", "", "auth must be radius, not password"),
        ("auth", "kept", "auth must be radius, not kept"),
        ("radiusName", "x", "leave radiusName out"),
        ("rotation", "1", "leave rotation out"),
        ("reach", "free", "leave reach out, since a rule knows one name alone; list in the hub's services"),
        ("devices", "00-AC-11-22-33-44", "leave devices out"),
    ],
)
def test_what_everybody_cannot_have_is_refused_with_the_reason(column: str, value: str, message: str) -> None:
    row = {"name": "*", "auth": "radius", column: value}
    (problem,) = problems(",".join(row), ",".join(row.values()))
    assert problem.startswith("users.csv:2: * is everyone whom the hub's RADIUS server knows: ")
    assert message in problem


def test_every_mistake_of_the_line_and_of_others_comes_at_once() -> None:
    first, other = problems("name,auth,reach,rotation", "*,,free,1", "guest,sigend,,")
    assert all(word in first for word in ("auth must be", "leave rotation out", "leave reach out"))
    assert "guest" not in first
    assert other.startswith("users.csv:3.auth: ")


def test_everybody_stands_once_in_a_hub_and_only_in_one_that_asks_radius() -> None:
    text = "name,auth,hub\n*,radius,\n*,radius,LAB\n*,radius,OWNER\n"
    users, none = read_users(text, "users.csv")
    assert none == []
    assert found(lab(users=users, hubs={"LAB": {"radius": RADIUS}, "OWNER": {}})) == [
        "user *: auth: is radius, but the hub has no RADIUS server; give the hub's radius",
        "user *: hub: LAB has two lines for *; keep one",
    ]
    assert problems("name,auth,hub", "*,radius,LAB", "*,radius,LAB") == [
        'users.csv:3.name: "*" is in line 2 already; keep one'
    ]


def test_a_list_that_is_too_long_is_told_of_everybody() -> None:
    (problem,) = problems("name", *[f"u{number}" for number in range(10_001)])
    assert "SoftEther's limit is 10000" in problem
    assert "let * be the line for those whom RADIUS knows" in problem


def test_everybody_has_no_password_and_is_no_user_of_the_outputs() -> None:
    one = with_users(WILDCARD, {"name": "owner"}, radius=RADIUS)
    given = credentials(radiusSecrets={"LAB": "radius-canary"})
    assert set(secrets(one, given)["users"]) == {"LAB/owner"}
    exported = outputs.stack_outputs(one, given, str)
    assert (list(exported["users"]), exported["everybody"]) == (["owner"], ["LAB"])
    mistakes = credentials(passwords={"*": "a-password"}, radiusSecrets={"LAB": "radius-canary"}).problems(one)
    assert [problem.place for problem in mistakes] == ["passwords.*"]


def test_it_is_warned_of_whom_radius_lets_in_by_a_second_password() -> None:
    users = [{"name": name} for name in "abcdef"]
    asked = [{"name": "rita", "auth": "radius"}, {"name": "aka", "auth": "radius", "radiusName": "other"}]
    apart = {"name": "boss", "hub": "OWNER"}
    one = lab(users=[WILDCARD, *users, *asked, apart], hubs={"LAB": {"radius": RADIUS}, "OWNER": {}})
    (said,) = accounts.warnings(one, credentials(hubPassword=None))
    assert said.startswith("hub LAB has a line for *, so RADIUS lets these in as well")
    assert "same name: a, b, c, d, e and 2 more; " in said
    assert list(accounts.warnings(with_users(WILDCARD, asked[0], radius=RADIUS), credentials())) == []
