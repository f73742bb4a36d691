"""Settings and secrets that stand in a wrong place are told with the right one, and no remedy makes it worse."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from labvpn.model.keys import OUT_OF_PLACE
from tests.unit.samples import CANARY
from tests.unit.test_settings import _project, example, given, refused  # noqa: F401


def with_key(key: str, value: Any = CANARY) -> list[str]:
    return [line for line in refused({**example(), **given(), key: value}) if key in line]


def below(path: str) -> str:
    """What is said of a secret at a place of the worked example."""
    values: Any = copy.deepcopy({**example(), **given()})
    values["hubs"]["LAB"]["radius"] = {"server": "198.51.100.9"}
    values["server"].setdefault("ssh", {})
    values["certificate"] = {"acme": {"email": "a@lab.example", "key": {"name": "k"}}}
    *way, last = path.split(".")
    current = values
    for part in way:
        current = current.setdefault(part, {})
    current[last] = CANARY
    lines = refused(values)
    assert CANARY not in "\n".join(lines)
    (line,) = [line for line in lines if line.startswith(f"  - {path}: ")]
    return line


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("hubs.LAB.radius.secret", "--secret --path radiusSecrets.LAB"),
        ("hubs.LAB.password", "--secret hubPassword"),
        ("vpn.presharedKey", "labvpn secret | pulumi config set --secret presharedKey"),
        ("vpn.psk", "--secret presharedKey"),
        ("vpn.protocols.presharedKey", "--secret presharedKey"),
        ("server.ssh.password", "--secret sshPassword"),
        ("server.ssh.privateKey", "--secret sshKey"),
        ("server.administratorPassword", "--secret administratorPassword"),
        ("fortigate.token", "--secret fortigateToken"),
        ("dns.key.secret", "--secret dnsKey"),
        ("certificate.acme.key.secret", "--secret acmeKey"),
    ],
)
def test_a_secret_in_a_section_is_told_with_its_own_key_and_to_be_changed(path: str, words: str) -> None:
    line = below(path)
    assert "is a secret, which is not kept here; remove it" in line
    assert words in line
    assert line.endswith("and change it everywhere if it was in clear")


def test_every_secret_with_a_section_is_known_out_of_its_place() -> None:
    assert len({*OUT_OF_PLACE.values()}) == len(OUT_OF_PLACE)


@pytest.mark.parametrize("path", ["vpn.listener", "server.ssh.keys", "fortigate.keys", "hubs.LAB.radius.servers"])
def test_what_is_no_secret_is_told_as_before(path: str) -> None:
    assert "there is no such setting" in below(path)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("vpn.hub", "set it below vpn by --path (pulumi config set --path vpn.hub)"),
        ("passwords.guest1", "(pulumi config set --secret --path passwords.guest1)"),
        ("hubs.LAB.services[0].port", "--path 'hubs.LAB.services[0].port')"),
        ("hostKeys.two", "(pulumi config set --path hostKeys.two)"),
    ],
)
def test_a_key_that_was_set_without_path_is_told_with_it(key: str, words: str) -> None:
    (line,) = with_key(key)
    assert words in line
    assert "and remove this: pulumi config rm " in line
    assert "did you mean" not in line and CANARY not in line


@pytest.mark.parametrize("name", ["labvpn", "config"])
def test_a_configuration_one_level_too_deep_is_one_mistake(name: str) -> None:
    (line,) = refused({name: {**example(), **given()}})[1:]
    assert line.startswith(f"  - labvpn:{name}: holds the settings, such as users, one level too deep")
    assert "as `labvpn:users:`" in line
    assert CANARY not in line


def test_a_block_of_the_projects_name_without_settings_is_an_unknown_key() -> None:
    (line,) = with_key("labvpn", {"a": 1})
    assert "there is no such setting" in line
