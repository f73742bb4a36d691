"""A user's fixed address: where it may be, and the words of a note that SoftEther would take for one."""

from __future__ import annotations

from typing import Any

import pytest

from labvpn.model import accounts
from labvpn.model.lab import Lab
from labvpn.model.users_file import read_users
from labvpn.render.documents import Concern, documents
from tests.unit.samples import lab

OUTSIDE = "192.168.30.210"


def with_users(*users: dict[str, Any], **changes: Any) -> Lab:
    return lab(users=[{"name": f"u{number}", **user} for number, user in enumerate(users)], **changes)


def said(given: Lab) -> list[str]:
    return [str(problem) for problem in accounts.problems(given)]


def lines_of_users(given: Lab) -> list[str]:
    return [line for line in documents(given, "")[Concern.HUB].splitlines() if line.startswith("user ")]


def test_a_fixed_address_is_a_column_of_the_users_file_and_a_part_of_the_users_line() -> None:
    (user,), problems = read_users(f"name,note,address\nann,until spring,{OUTSIDE}\n", "users.csv")
    assert problems == []
    assert str(user.address) == OUTSIDE
    with_one, without = lines_of_users(with_users({"address": OUTSIDE}, {}))
    assert f" address={OUTSIDE} " in with_one
    assert "address=" not in without


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("192.168.31.9", "which is not one of the hub's network 192.168.30.0/24"),
        ("192.168.30.255", "which is not one of the hub's network"),
        ("192.168.30.1", "which is the router's"),
        ("192.168.30.100", "which DHCP may give to others (192.168.30.10 to 192.168.30.200)"),
    ],
)
def test_an_address_that_others_have_or_get_is_refused(address: str, words: str) -> None:
    (sentence,) = said(with_users({"address": address}))
    assert sentence.startswith(f"user u0: address: is {address}, {words}")


def test_two_users_of_one_hub_need_an_address_each() -> None:
    (sentence,) = said(with_users({"address": OUTSIDE}, {"address": OUTSIDE}))
    assert sentence == f"user u1: address: is {OUTSIDE}, which u0 has too; give each their own"


def test_a_hub_without_securenat_gives_no_address() -> None:
    (sentence,) = said(with_users({"address": OUTSIDE}, vpn={"secureNat": "off"}))
    assert "and the hub has no SecureNAT, which would give it; leave it out" in sentence


def test_everyone_whom_radius_knows_cannot_have_one_address() -> None:
    _, problems = read_users(f"name,auth,address\n*,radius,{OUTSIDE}\n", "users.csv")
    assert "leave address out, since one address is for one user" in str(problems[0])


@pytest.mark.parametrize("note", ["IPv4:192.168.30.9", "seat 4, ipv4: x", "MAC:00-AC-11-22-33-44", "an iMac: blue"])
def test_a_note_that_5_02_would_take_for_an_address_is_refused_with_the_column_to_use(note: str) -> None:
    _, (problem,) = read_users(f'name,note\nann,"{note}"\n', "users.csv")
    assert str(problem).startswith("users.csv:2.note")
    assert "the column `address`" in str(problem)


def test_an_account_that_was_there_keeps_such_a_note_but_has_one_address_at_most() -> None:
    (user,), problems = read_users("name,auth,note\nann,kept,office MAC:00-AC-11-22-33-44\n", "users.csv")
    assert (user.note, problems) == ("office MAC:00-AC-11-22-33-44", [])
    _, (problem,) = read_users(f"name,auth,note,address\nann,kept,IPv4:192.168.30.9,{OUTSIDE}\n", "users.csv")
    assert "address is given too; keep one of them" in str(problem)


@pytest.mark.parametrize("note", ["IPv4 192.168.30.9", "Mac mini, 4th floor", "machine: blue"])
def test_other_notes_are_free_text(note: str) -> None:
    (user,), problems = read_users(f'name,note\nann,"{note}"\n', "users.csv")
    assert (user.note, problems) == (note, [])


def test_wireguard_has_a_line_only_where_it_is_kept() -> None:
    assert "wireguard" not in documents(lab(), "")[Concern.SERVER]
    kept = documents(lab(vpn={"kept": ["wireguard"]}), "")[Concern.SERVER]
    assert "wireguard enabled=kept\n" in kept
