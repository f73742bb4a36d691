"""What the agent keeps of its last run, so that nobody is blamed for what the configuration changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.secret_digests import SecretDigests, Secrets

DOCUMENT = (
    "administrator password=current\nipsec l2tp=yes key=current\nhub LAB online=yes password=current\n"
    "user LAB/a password=current\nuser LAB/b radius=\nradius LAB server=x secret=current\n"
    "reaper hubs=LAB password=current\n"
)
LOCKOUTS = {
    "administrator": "canary-admin",
    "ipsec": "canary-key",
    "hubs": {"LAB": "canary-hub"},
    "users": {"LAB/a": "canary-a"},
    "radius": {"LAB": "canary-radius"},
}


@pytest.fixture
def renewal(tmp_path: Path) -> SecretDigests:
    made = SecretDigests(Machine(str(tmp_path)), "hub")
    made.begin(DOCUMENT)
    made.end(DOCUMENT, Secrets(LOCKOUTS))
    return made


def renewed(renewal: SecretDigests, document: str = DOCUMENT, **changes: Any) -> list[str] | None:
    return renewal.renewed(parse(document), Secrets({**LOCKOUTS, **changes}))


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({}, []),
        ({"administrator": "other"}, ["administrator password"]),
        ({"ipsec": "other"}, ["ipsec key"]),
        ({"ipsec": None}, ["ipsec key"]),
        ({"hubs": {"LAB": "other"}}, ["hub LAB password", "reaper password"]),
        ({"users": {"LAB/a": "other"}}, ["user LAB/a password"]),
        ({"radius": {}}, ["radius LAB secret"]),
    ],
)
def test_a_secret_that_the_configuration_changed_is_told_by_its_place(
    renewal: SecretDigests, changes: dict[str, Any], places: list[str]
) -> None:
    assert renewed(renewal, **changes) == places


def test_a_user_who_is_new_has_a_new_secret(renewal: SecretDigests) -> None:
    assert renewed(renewal, f"{DOCUMENT}user LAB/c password=current\n") == ["user LAB/c password"]


def test_no_secret_lies_in_what_is_kept_and_root_alone_reads_it(renewal: SecretDigests, tmp_path: Path) -> None:
    kept = list((tmp_path / "var/lib/labvpn").iterdir())
    assert kept and all("canary" not in path.read_text() and path.stat().st_mode & 0o077 == 0 for path in kept)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"salt": 1}', '{"salt": "s", "digests": []}', "\x00"])
def test_a_damaged_memory_blames_nobody_and_stops_nothing(renewal: SecretDigests, tmp_path: Path, text: str) -> None:
    Path(tmp_path, renewal.digests.name[1:]).write_text(text)
    assert renewed(renewal) is None
    renewal.end(DOCUMENT, Secrets(LOCKOUTS))
    assert renewed(renewal) == []


def test_a_folder_in_the_place_of_the_memory_blames_nobody(renewal: SecretDigests, tmp_path: Path) -> None:
    place = Path(tmp_path, renewal.digests.name[1:])
    place.unlink()
    place.mkdir()
    Path(tmp_path, renewal.draft.name[1:]).mkdir()
    assert renewed(renewal) is None
    assert renewal.begun() is None


def test_a_run_that_was_cut_off_leaves_what_it_was_about_and_one_that_ended_does_not(renewal: SecretDigests) -> None:
    assert renewal.begun() is None
    renewal.begin("hub LAB online=no\n")
    assert renewal.begun() == "hub LAB online=no\n"
    renewal.clear()
    assert (renewal.begun(), renewed(renewal)) == (None, None)


def test_two_hosts_with_one_secret_keep_different_digests(renewal: SecretDigests, tmp_path: Path) -> None:
    file = Path(tmp_path, renewal.digests.name[1:])
    first = json.loads(file.read_text())["value"]["digests"]
    renewal.end(DOCUMENT, Secrets(LOCKOUTS))
    assert not set(first.values()) & set(json.loads(file.read_text())["value"]["digests"].values())


def test_what_an_earlier_agent_kept_is_understood(renewal: SecretDigests, tmp_path: Path) -> None:
    for file, bare in ((renewal.digests, json.dumps), (renewal.draft, str)):
        renewal.begin(DOCUMENT)
        path = Path(tmp_path, file.name[1:])
        path.write_text(bare(json.loads(path.read_text())["value"]))
    assert renewed(renewal) == []
    assert renewed(renewal, ipsec="other") == ["ipsec key"]
    assert renewal.begun() == DOCUMENT
