"""Who gives a code: what the configuration says, what it cannot say, and what is derived from it."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from labvpn.model import accounts, second_factor
from labvpn.model.lab import Lab
from labvpn.model.passwords import derive, derive_for_codes, derive_for_hub, derive_for_verifier
from labvpn.model.spreadsheet import read_table
from labvpn.model.table_edit import with_cell
from labvpn.model.users import User
from labvpn.model.users_file import columns, read_users
from labvpn.render.agent_request import secrets
from labvpn.render.documents import Concern, documents
from labvpn.render.outputs import stack_outputs
from tests.unit.samples import CANARY, credentials, lab

USERS: list[dict[str, Any]] = [
    {"name": "owner", "reach": "free"},
    {"name": "guest1", "group": "staff"},
    {"name": "guest2"},
    {"name": "boss", "group": "staff"},
]


def coded(given: list[dict[str, Any]] = USERS, /, **factor: Any) -> Lab:
    hub = {"groups": {"staff": {}}, "secondFactor": factor or {"groups": ["Staff"], "exempt": ["BOSS"]}}
    return lab(users=given, hubs={"LAB": hub})


def sentences(one: Lab) -> list[str]:
    return [str(problem) for problem in accounts.problems(one)]


def needing(one: Lab) -> list[str]:
    return [user.name for user in one.users if one.needs_code(user)]


def test_groups_and_users_are_covered_without_the_exempt_in_any_case_of_letters() -> None:
    assert needing(coded()) == ["guest1"]
    assert needing(coded(groups=["staff"], users=["GUEST2"])) == ["guest1", "guest2", "boss"]


def test_a_user_of_another_hub_is_not_covered_by_the_same_group_name() -> None:
    users = [*USERS, {"name": "else", "hub": "OTHER", "group": "staff"}]
    hubs = {"LAB": {"groups": {"staff": {}}, "secondFactor": {"groups": ["staff"]}}, "OTHER": {"groups": {"staff": {}}}}
    assert needing(lab(users=users, hubs=hubs)) == ["guest1", "boss"]


@pytest.mark.parametrize("factor", [{"groups": []}, {"exempt": ["guest1"]}, {"users": ["a"], "exempt": ["A"]}])
def test_a_second_factor_of_nobody_or_of_an_exempt_user_is_refused(factor: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="secondFactor"):
        coded(**factor)


def test_names_that_the_hub_lacks_are_named_with_what_is_near_all_at_once() -> None:
    said = "\n".join(sentences(coded(groups=["stuff"], users=["gues1"], exempt=["bos"])))
    assert "secondFactor.groups: there is no such group; did you mean 'staff'?" in said
    assert "secondFactor.users: " in said and "did you mean 'guest1'?" in said
    assert "secondFactor.exempt: " in said and "did you mean 'boss'?" in said


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ({"auth": "kept"}, "passwords.guest1"),
        ({"auth": "signed"}, "exempt"),
    ],
)
def test_a_login_without_a_password_of_ours_cannot_have_a_code(user: dict[str, Any], why: str) -> None:
    said = "\n".join(sentences(coded([{"name": "guest1", **user}], users=["guest1"])))
    assert "user guest1: auth: " in said and why in said


def test_the_preview_names_whoever_logs_in_without_a_code_where_others_need_one() -> None:
    assert list(second_factor.notes(lab())) == []
    (said,) = second_factor.notes(coded())
    assert said == "without a second factor: owner, guest2, boss of hub LAB log in by the password alone"
    alone = lab(
        users=[{"name": "guest1"}, {"name": "owner", "hub": "OWNER"}],
        hubs={"LAB": {"secondFactor": {"users": ["guest1"]}}, "OWNER": {}},
    )
    assert next(iter(accounts.notes(alone, credentials()))).endswith("owner of hub OWNER logs in by the password alone")


def test_the_preview_says_that_several_servers_do_not_share_the_used_codes() -> None:
    servers = [{"name": "one", "address": "203.0.113.20"}, {"name": "two", "address": "203.0.113.22"}]
    several = lab(server=None, servers=servers, hubs={"LAB": {"secondFactor": {"users": ["guest1", "owner"]}}})
    (said,) = second_factor.notes(several)
    assert said.endswith("a code is good once at each of them")


def test_secrets_of_codes_are_160_bits_apart_from_each_other_and_from_every_password() -> None:
    given = [derive_for_codes("s" * 20, user, turn, reset) for user in "ab" for turn in (0, 1) for reset in (0, 1)]
    assert len(set(given)) == 8
    assert {len(base64.b32decode(one)) for one in given} == {20}
    assert derive_for_codes("s" * 20, "A", 0, 0) == given[0], "SoftEther folds case"
    others = {derive("s" * 20, "a", 0), derive_for_hub("s" * 20, "a"), derive_for_verifier("s" * 20)}
    assert not any(one.lower().startswith(other) for one in given for other in others)
    assert derive_for_codes("s" * 20, "a", 0, 0, 2) != given[0]


def test_rotation_and_reset_code_give_another_secret_and_reset_code_keeps_the_password() -> None:
    known, user = credentials(), User(name="guest1")
    reset = user.model_copy(update={"reset_code": 1})
    assert known.code_secret_of(reset) != known.code_secret_of(user)
    assert known.password_of(reset) == known.password_of(user)
    assert known.code_secret_of(user.model_copy(update={"rotation": 1})) != known.code_secret_of(user)


def test_the_hub_asks_the_verifier_for_those_who_need_a_code_and_for_nobody_else() -> None:
    hub = documents(coded(), "")[Concern.HUB]
    lines = [line for line in hub.splitlines() if line.startswith(("radius", "code", "verifier"))]
    assert lines == [
        "radius LAB server=127.0.0.1 port=11812 retry=1000 secret=current",
        "code LAB/guest1 secret=current",
        "verifier port=11812 files=current secret=current active=yes",
    ]
    assert "user LAB/guest1 radius=guest1 " in hub
    assert "user LAB/guest2 password=current " in hub
    assert "package freeradius-python3 installed=yes\n" in documents(coded(), "")[Concern.HOST]


def test_without_a_second_factor_nothing_of_it_is_in_any_document_request_or_output() -> None:
    assert "freeradius" not in documents(lab(), "")[Concern.HOST]
    assert "verifier" not in documents(lab(), "")[Concern.HUB]
    assert not {"codes", "verifier"} & secrets(lab(), credentials()).keys()
    users = stack_outputs(lab(), credentials(), str)["users"]
    assert not [user for user in users.values() if "code" in user or "secondFactor" in user]


def test_the_secrets_go_to_the_verifier_alone_and_the_output_is_marked_as_one() -> None:
    one, known = coded(), credentials()
    sent = secrets(one, known)
    assert sent["codes"].keys() == {"LAB/guest1"}
    assert "LAB/guest1" not in sent["users"], "SoftEther keeps no hash of a password that alone opens nothing"
    assert sent["radius"] == {"LAB": sent["verifier"]}
    exported = stack_outputs(one, known, lambda text: ("secret", text))["users"]
    assert exported["guest1"]["code"] == ("secret", sent["codes"]["LAB/guest1"]["secret"])
    assert exported["guest1"]["secondFactor"] is True
    assert "code" not in exported["boss"]
    texts = "".join(documents(one, "").values())
    assert not [word for word in (CANARY, *sent["codes"]["LAB/guest1"].values(), sent["verifier"]) if word in texts]


def test_the_line_for_everyone_has_no_code_to_reset() -> None:
    _, problems = read_users("name,auth,resetCode\n*,radius,1\n", "users.csv")
    assert "leave resetCode out" in str(problems[0])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name,resetCode\nguest1,3\n", "name,resetCode\nguest1,7\n"),
        ("name,note\nx,1\nguest1,\n", "name,note,resetCode\nx,1\nguest1,,7\n"),
        ("name,note,resetCode\nguest1\nx,,1\n", "name,note,resetCode\nguest1,,7\nx,,1\n"),
        (
            'note;name;resetCode\r\n"a;""b""\r\nc";guest1;\r\nd;e;',
            'note;name;resetCode\r\n"a;""b""\r\nc";guest1;7\r\nd;e;',
        ),
        ("\n\nname,resetCode,note\n\nguest1,1,last", "\n\nname,resetCode,note\n\nguest1,7,last"),
        ('name,resetCode\n"guest1","0"\n', 'name,resetCode\n"guest1",7\n'),
        ("name\nguest1", "name,resetCode\nguest1,7"),
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_one_cell_is_changed_and_every_other_byte_stays(before: str, after: str, codec: str) -> None:
    table = read_table(before.encode(codec), "users.csv", columns())
    row = next(row for row in table.rows if row.cells["name"].strip('"') == "guest1")
    assert with_cell(table, row, "resetCode", "7") == after.encode(codec)
