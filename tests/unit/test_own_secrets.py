"""The secrets that are ours to choose: strong in new stacks, and as they were in old ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from labvpn import settings
from tests.unit.test_configuration import messages
from tests.unit.test_settings import ROOT, SECRETS, _project, configure, example, given, refused  # noqa: F401

STRONG = "k7wd-h3mq-xn2r-p9tz-vb4c-ys6j-fg8a"


def test_a_new_stack_has_passwords_of_a_stretched_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {**example(), **given(), "userSecret": STRONG, "passwords": {"version": 2}}
    assert not any("stretch" in line for line in messages(values, monkeypatch))
    lab, secrets = settings.load(ROOT)
    old = {user.name: secrets.model_copy(update={"version": 1}).password_of(user) for user in lab.users}
    assert all(secrets.password_of(user) != old[user.name] for user in lab.users)


def begun(monkeypatch: pytest.MonkeyPatch, **changes: object) -> list[str]:
    """The secrets that a load of the settings begins to stretch, before anybody asks for a password."""
    secrets: list[str] = []
    monkeypatch.setattr("labvpn.model.credentials.stretched", secrets.append)
    configure({**example(), **given(), "userSecret": STRONG, "hubPassword": "hubs-own-1", **changes})
    settings.load(ROOT)
    return secrets


def test_the_key_of_the_passwords_is_begun_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert begun(monkeypatch, passwords={"version": 2}) == [STRONG]


def test_no_key_is_made_that_no_password_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert begun(monkeypatch, passwords={}) == []
    lab, known = settings.load(ROOT)
    own = known.model_copy(update={"version": 2, "passwords": {user.name: known.user_secret for user in lab.users}})
    secrets: list[str] = []
    monkeypatch.setattr("labvpn.model.credentials.stretched", secrets.append)
    own.begin_derivation(lab.users)
    assert secrets == []
    own.model_copy(update={"hub_password": None}).begin_derivation(lab.users)
    assert secrets == [STRONG]


def test_an_old_stack_keeps_its_passwords_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {key: value for key, value in {**example(), **given()}.items() if key != "passwords"}
    said = messages(values, monkeypatch)
    assert any("without stretching it" in line and "passwords.version 2" in line for line in said)
    lab, secrets = settings.load(ROOT)
    assert {user.name: secrets.password_of(user) for user in lab.users}["guest1"] == "h6sy7r3edn6wub6rcrjq"


def test_passwords_of_users_may_stand_beside_the_version() -> None:
    values = {**example(), **given(), "userSecret": STRONG, "passwords": {"version": "2", "owner": "own-password-1"}}
    configure(values, secret=(*SECRETS, "passwords"))
    lab, secrets = settings.load(ROOT)
    assert (secrets.version, secrets.password_of(lab.users[0])) == (2, "own-password-1")


def test_a_version_that_is_none_and_passwords_in_clear_are_told() -> None:
    lines = refused({**example(), **given(), "passwords": {"version": 3, "owner": "own-password-1"}})
    assert "  - passwords.version: 3 is not a valid choice; write 1 or 2" in lines
    assert any(line.startswith("  - passwords.owner: is in clear text") for line in lines)


@pytest.mark.parametrize(
    "weak",
    [
        "password12345678",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "correct horse battery",
        "MySecretForTheLab2026!",
        "1234567890" * 4,
    ],
)
def test_a_weak_secret_is_refused_with_the_way_to_a_strong_one(weak: str) -> None:
    lines = refused({**example(), **given(), "userSecret": weak, "passwords": {"version": 2}})
    sentence = "can be guessed from one user's password; set it: labvpn secret | pulumi config set --secret userSecret"
    assert f"  - userSecret: {sentence}" in lines
    assert weak not in "\n".join(lines)


def test_a_weak_secret_of_an_old_stack_is_told_and_its_passwords_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {key: value for key, value in {**example(), **given()}.items() if key != "passwords"}
    said = messages({**values, "userSecret": "password12345678"}, monkeypatch)
    assert any(line.startswith("userSecret can be guessed by anyone who has one derived password") for line in said)


def test_passwords_that_can_be_guessed_by_asking_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    said = messages({**example(), **given(), "hubPassword": "labvpn2026"}, monkeypatch)
    assert "hubPassword can be guessed; take one of `labvpn secret`" in said


def in_file(folder: Path, stack: str, **blocks: Any) -> list[str]:
    """What is said of encrypted blocks where the stack's file has them like this."""
    written = {f"labvpn:{key}": block for key, block in blocks.items()}
    (folder / "users.csv").write_text("name,auth\nowner,\nguest1,\nguest2,radius\n")
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": written}))
    radius = {"server": "198.51.100.9"}
    hubs = {"LAB": {"radius": radius}, "my hub": {"radius": radius}}
    clear = {key: dict.fromkeys(block, "own-password-1") for key, block in blocks.items()}
    configure({**example(), **given(), "hubs": hubs, **clear}, secret=(*SECRETS, *blocks))
    try:
        settings.load(folder)
    except pulumi.RunError as error:
        return [line for line in str(error).splitlines() if "clear text" in line]
    return []


HIDDEN = {"secure": "v1:abc"}


def test_a_password_in_clear_beside_an_encrypted_one_is_told_with_the_way_to_set_that_one(tmp_path: Path) -> None:
    (line,) = in_file(tmp_path, pulumi.get_stack(), passwords={"guest1": HIDDEN, "owner": "own-password-1"})
    assert line == (
        "  - passwords.owner: is in clear text in the configuration; "
        "set it: pulumi config set --secret --path passwords.owner, and change it everywhere"
    )


def test_a_radius_secret_in_clear_beside_an_encrypted_one_is_told(tmp_path: Path) -> None:
    secrets = {"LAB": HIDDEN, "my hub": "own-password-1"}
    (line,) = in_file(tmp_path, pulumi.get_stack(), radiusSecrets=secrets)
    assert """pulumi config set --secret --path 'radiusSecrets["my hub"]', and""" in line


@pytest.mark.parametrize("block", [{"owner": HIDDEN}, {"owner": "another"}, {"secure": "v1:abc"}])
def test_a_password_that_the_stacks_file_does_not_show_is_encrypted(tmp_path: Path, block: dict[str, Any]) -> None:
    assert in_file(tmp_path, pulumi.get_stack(), passwords=block) == []
    assert in_file(tmp_path, "another", passwords=block) == []


@pytest.mark.parametrize("text", ["config: [", "- 1", "config: 1", "\0"])
def test_a_stacks_file_that_cannot_be_read_stops_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / f"Pulumi.{pulumi.get_stack()}.yaml").write_text(text)
    (tmp_path / "users.csv").write_text("name\nowner\n")
    configure({**example(), **given(), "passwords": {"owner": "own-password-1"}}, secret=(*SECRETS, "passwords"))
    assert settings.load(tmp_path).credentials.passwords


@pytest.mark.parametrize("key", ["passwords", "radiusSecrets"])
def test_the_way_to_mend_a_block_never_replaces_it_by_one_text(key: str) -> None:
    block = {"version": 2, "owner": "own-password-1", "guest1": "own-password-2"}
    hubs = {name: {"radius": {"server": "198.51.100.9"}} for name in ("owner", "guest1")}
    lines = refused({**example(), **given(), "hubs": hubs, key: block})
    assert any(f"--secret --path {key}.owner," in line for line in lines)
    assert any(f"--secret --path {key}.guest1," in line for line in lines)
    lines += refused({**example(), **given(), key: "null"})
    assert f"  - {key}: has no value; write its settings below it, or remove the line" in lines
    assert not any(f"--secret {key}" in line for line in lines)
