"""The configuration is read whole: everything right, or every mistake at once before a machine is touched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime.config import set_all_config

from labvpn import settings
from tests.unit.samples import CANARY, credentials

ROOT = Path(__file__).parents[2]
SECRETS = ("sshKey", "administratorPassword", "hubPassword", "userSecret", "presharedKey", "fortigateToken", "dnsKey")


def example() -> dict[str, Any]:
    """The worked example's own configuration, by key."""
    values: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.lab.yaml").read_text())["config"]
    return {key.removeprefix("labvpn:"): value for key, value in values.items()}


def given() -> dict[str, Any]:
    """Credentials as the stack's configuration holds them."""
    whole = credentials()
    values: dict[str, Any] = {"hostKey": whole.host_key, "fortigateCa": whole.fortigate_ca}
    values |= {name: f"{CANARY}-{name}-long-enough" for name in SECRETS}
    assert whole.ssh_key
    values["sshKey"] = whole.ssh_key.get_secret_value()
    return values


def configure(values: dict[str, Any], secret: tuple[str, ...] = SECRETS) -> None:
    texts = {f"labvpn:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    set_all_config(texts, [f"labvpn:{key}" for key in secret])


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pulumi, "get_project", lambda: "labvpn")
    yield
    set_all_config({}, [])


def refused(values: dict[str, Any], **options: Any) -> list[str]:
    configure(values, **options)
    with pytest.raises(pulumi.RunError) as caught:
        settings.load(ROOT)
    return str(caught.value).splitlines()


def test_the_worked_example_is_a_lab_without_a_mistake() -> None:
    configure({**example(), **given()})
    lab, _ = settings.load(ROOT)
    assert lab.dialled == "vpn.lab.example"
    assert [user.name for user in lab.users] == ["owner", "guest1", "guest2"]


def test_every_mistake_of_every_part_comes_at_once_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("name\nbad name\n")
    broken = {**example(), **given(), "vpn": {"listeners": [0]}, "server": {}, "hostKey": "nonsense"}
    configure(broken)
    with pytest.raises(pulumi.RunError) as caught:
        settings.load(tmp_path)
    places = [line.split(":")[0].strip(" -") for line in str(caught.value).splitlines()[1:]]
    assert places == ["users.csv", "server.address", "vpn.listeners[0]", "hostKey"]


def test_a_missing_secret_is_named_with_the_line_that_sets_it() -> None:
    values = {key: value for key, value in {**example(), **given()}.items() if key not in ("presharedKey", "sshKey")}
    lines = refused(values)
    assert "  - sshKey: is missing and server.ssh.login is key; set it: pulumi config set --secret sshKey" in lines


def test_a_secret_that_only_one_hop_needs_is_asked_for_only_with_that_hop() -> None:
    values = {key: value for key, value in {**example(), **given()}.items() if key not in ("dnsKey",)}
    assert any(line.startswith("  - dnsKey: is missing") for line in refused(values))
    configure({key: value for key, value in values.items() if key != "dns"})
    assert settings.load(ROOT).lab.dialled == "203.0.113.20"


def test_a_secret_in_clear_is_refused_and_not_repeated() -> None:
    lines = refused({**example(), **given()}, secret=SECRETS[1:])
    assert any(line.startswith("  - sshKey: is in clear text") for line in lines)
    assert CANARY not in "\n".join(lines)


@pytest.mark.parametrize("name", ["administratorPassword", "hubPassword", "presharedKey", "userSecret", "sshKey"])
def test_a_secret_that_is_wrong_is_never_repeated(name: str) -> None:
    bad = f"{CANARY} with blanks"[:15] if name == "userSecret" else f"{CANARY} with blanks"
    lines = refused({**example(), **given(), name: bad})
    assert any(line.startswith(f"  - {name}:") for line in lines)
    assert bad not in "\n".join(lines)


def test_the_default_psk_that_everybody_knows_is_refused() -> None:
    assert any("everyone knows" in line for line in refused({**example(), **given(), "presharedKey": "vpn"}))


@pytest.mark.parametrize("word", ["none", "NULL"])
def test_a_password_that_softether_reads_as_none_is_refused(word: str) -> None:
    lines = refused({**example(), **given(), "administratorPassword": word})
    assert any("no password at all" in line for line in lines)


def test_a_missing_users_file_is_named() -> None:
    lines = refused({**example(), **given(), "users": {"file": "nobody.csv"}})
    assert any(line.startswith("  - users.file: names the file nobody.csv, which cannot be read") for line in lines)


@pytest.mark.parametrize("name", ["a\0.csv", "a\ud800.csv"])
def test_a_name_that_no_file_can_have_is_a_mistake(name: str) -> None:
    said = "has characters that no file's name can have; name the file"
    assert f"  - users.file: {said}" in refused({**example(), **given(), "users": {"file": name}})
    hubs = {**example()["hubs"], "LAB": {**example()["hubs"]["LAB"], "authorities": [name]}}
    assert f"  - hubs.LAB.authorities[0]: {said}" in refused({**example(), **given(), "hubs": hubs})


def of_archive(folder: Path, digest: str) -> list[str]:
    (folder / "vpnserver.tar.gz").write_bytes(b"archive")
    (folder / "users.csv").write_text("name\n")
    tarball = {"file": "vpnserver.tar.gz", "sha256": digest}
    configure({**example(), **given(), "server": {"address": "203.0.113.20", "install": "tarball", "tarball": tarball}})
    with pytest.raises(pulumi.RunError) as caught:
        settings.load(folder)
    return [line for line in str(caught.value).splitlines() if "tarball" in line]


def test_an_archive_of_the_projects_is_compared_before_any_machine_is_touched(tmp_path: Path) -> None:
    right = hashlib.sha256(b"archive").hexdigest()
    (found,) = of_archive(tmp_path, "0" * 64)
    assert f"file vpnserver.tar.gz has SHA-256 {right}; if that is the right archive, write it to sha256" in found


def test_a_missing_archive_is_named(tmp_path: Path) -> None:
    tarball = {"file": "nothing.tar.gz", "sha256": "0" * 64}
    server = {"address": "203.0.113.20", "install": "tarball", "tarball": tarball}
    lines = refused({**example(), **given(), "server": server})
    assert any("names the file nothing.tar.gz, which cannot be read: No such file" in line for line in lines)


def test_a_password_of_nobody_is_named() -> None:
    lines = refused(
        {**example(), **given(), "passwords": {"stranger": "long-enough-1"}}, secret=(*SECRETS, "passwords")
    )
    assert any(line.startswith("  - passwords.stranger: is not a user") for line in lines)
