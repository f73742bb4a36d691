"""Where adopt's expectations come from and go to: the configuration as it will be, whatever is not yet set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labvpn.adopt import expectations as adopted
from labvpn.adopt.expectations import expectations
from labvpn.adopt.found import Found
from labvpn.adopt.project import Project
from labvpn.connect.errors import HopError, HopErrors
from labvpn.reach import live
from labvpn.settings import Settings
from tests.unit.reach.labs import after, declared, states

SECRETS = {
    "hostKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9",
    "sshKey": "-----BEGIN OPENSSH PRIVATE KEY-----\nof nobody\n-----END OPENSSH PRIVATE KEY-----\n",
    **dict.fromkeys(("administratorPassword", "userSecret", "hubPassword"), "a-value-of-the-stack-1"),
}


def project(folder: Path, **more: str) -> Project:
    """A selected stack with the secrets that somebody sets before adopting."""
    made = object.__new__(Project)
    values = {f"lab:{key}": value for key, value in SECRETS.items()}
    made.folder, made.stack, made.name = folder, "mylab", "lab"
    made.values = {**values, **{f"lab:{key}": value for key, value in more.items()}}
    made.texts, made.secrets = {key: str(value) for key, value in made.values.items()}, {*values}
    return made


def found() -> Found:
    one = Found({"server": {"address": "203.0.113.20", "install": "present"}})
    one.sections |= {"vpn": {"hub": "LAB", "kept": ["hub-password"], "secureNat": {}}}
    one.sections["hubs"] = {"LAB": {"radius": {"server": "192.0.2.9"}}, "My Lab": {"radius": {"server": "192.0.2.9"}}}
    one.users = [{"name": "jun", "auth": "kept"}]
    one.secrets = {"presharedKey": "of-the-lab-by-hand-and-long", "radiusSecrets.LAB": "one-radius-secret"}
    one.secrets['radiusSecrets["My Lab"]'] = "another-radius-secret"
    return one


def test_the_lab_is_judged_with_what_was_found_and_with_the_secrets_of_the_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Settings] = []

    def models(settings: Settings) -> Any:
        given.append(settings)
        one = declared(hubs={"LAB": {}}, vpn={"secureNat": {}, "kept": ["access"]})
        return after(one, state=states()), after(one, state=states())

    monkeypatch.setattr(live, "models", models)
    one = found()
    expectations(one, project(tmp_path))
    assert one.sections["expect"], one.remarks
    assert json.loads(json.dumps(one.sections["expect"])) == one.sections["expect"]
    (settings,) = given
    assert [user.name for user in settings.lab.users] == ["jun"]
    assert settings.lab.vpn.hub == "LAB"
    secrets = {name: secret.get_secret_value() for name, secret in settings.credentials.radius_secrets.items()}
    assert secrets == {"LAB": "one-radius-secret", "My Lab": "another-radius-secret"}
    assert list(tmp_path.iterdir()) == []


def test_somebodys_own_expectations_stay(tmp_path: Path) -> None:
    one = found()
    expectations(one, project(tmp_path, expect='["internet does not reach vpn-host"]'))
    assert "expect" not in one.sections
    assert one.remarks == [adopted.THEIRS]


@pytest.mark.parametrize("lacking", ["a hop", "a secret"])
def test_what_prevents_judging_is_said_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    def models(_settings: Settings) -> Any:
        raise HopErrors([HopError("The FortiGate", "did not answer", "try again")])

    monkeypatch.setattr(live, "models", models)
    one, stack = found(), project(tmp_path)
    if lacking == "a secret":
        del stack.texts["lab:hostKey"]
    expectations(one, stack)
    assert "expect" not in one.sections
    (remark,) = one.remarks
    assert remark.startswith(adopted.LATER)
    assert ("hostKey" if lacking == "a secret" else "did not answer") in remark
    assert "radius-secret" not in remark
