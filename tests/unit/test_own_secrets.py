"""The secrets that are ours to choose: strong in new stacks, and as they were in old ones."""

from __future__ import annotations

import pytest

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
    assert any(line.startswith("  - passwords: is in clear text") for line in lines)


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
