"""A configuration with mistakes: all of them at once, each key with the nearest right one, and nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime.config import set_all_config

from labvpn import settings
from labvpn.render import certificate
from labvpn.render.certificate import create_authority
from tests.unit.samples import CANARY
from tests.unit.test_settings import ROOT, SECRETS, _project, configure, example, given, refused  # noqa: F401


def messages(values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said of a configuration without a mistake."""
    said: list[str] = []
    for way in ("info", "warn"):
        monkeypatch.setattr(pulumi, way, lambda text, *_: said.append(text))
    configure(values)
    settings.load(ROOT)
    return said


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("fortigat", "fortigate"),
        ("FortiGate", "fortigate"),
        ("protct", "protect"),
        ("fire_wall", "firewall"),
        ("hub", "hubs"),
        ("user", "users"),
        ("sshkey", "sshKey"),
        ("presharedkey", "presharedKey"),
        ("dnskey", "dnsKey"),
        ("sever", "server"),
    ],
)
def test_a_misspelt_key_is_a_mistake_with_the_right_one_and_not_the_loss_of_a_hop(wrong: str, right: str) -> None:
    values = {**example(), **given()}
    lines = refused({**{key: value for key, value in values.items() if key != right}, wrong: values.get(right, "true")})
    assert any(f"labvpn:{wrong}: there is no such setting" in line and f"'labvpn:{right}'?" in line for line in lines)


def test_a_key_like_none_of_ours_is_told_with_what_is_known() -> None:
    (line,) = refused({**example(), **given(), "zzz": "1"})[1:]
    assert line.startswith(
        "  - labvpn:zzz: there is no such setting, so it would have no effect; remove it; known here: "
    )
    assert not {"mayRemove", "passwords.version", "alone", "listed"} & set(line.replace(",", "").split())


@pytest.mark.parametrize("key", ["lavpn:firewall", "labvnp:dns", "LabVPN:dns", "lab-vpn:sshKey", "mylab:fortigate"])
def test_a_key_below_a_wrong_prefix_is_a_mistake(key: str) -> None:
    configure({**example(), **given()})
    everything = {**settings._everything(), key: '{"zone": "public"}'}
    set_all_config(dict(everything), [f"labvpn:{name}" for name in SECRETS])
    with pytest.raises(pulumi.RunError) as caught:
        settings.load(ROOT)
    assert f"did you mean 'labvpn:{key.partition(':')[2]}'?" in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        *("pulumi:tags", "fortios:hostname", "aws:region", "aws:defaultTags", "gcp:project", "kubernetes:context"),
        *("command:server", "infoblox:server", "dnsimple:account", "gitlab:token", "aws:server"),
    ],
)
def test_keys_of_pulumi_and_of_providers_are_left_alone(key: str) -> None:
    configure({**example(), **given()})
    value = '{"a": 1}' if key.startswith(("aws", "pulumi")) else "text"
    set_all_config({**settings._everything(), key: value}, [f"labvpn:{name}" for name in SECRETS])
    assert settings.load(ROOT).lab.dialled == "vpn.lab.example"


@pytest.mark.parametrize("text", ["null", "", " "])
@pytest.mark.parametrize("section", ["fortigate", "firewall", "dns", "hubs", "users", "protect", "vpn"])
def test_a_section_with_nothing_below_it_is_a_mistake_and_not_its_absence(section: str, text: str) -> None:
    lines = refused({**example(), **given(), section: text})
    assert f"  - {section}: has no value; write its settings below it, or remove the line" in lines


def test_an_empty_secret_is_a_mistake() -> None:
    assert "  - fortigateToken: is empty; set it: pulumi config set --secret fortigateToken" in refused(
        {**example(), **given(), "fortigateToken": ""}
    )


@pytest.mark.parametrize(("text", "is_so"), [("yes", True), ("True", True), ("off", False), ("false", False)])
def test_a_switch_is_understood_as_yaml_has_it(text: str, is_so: bool) -> None:
    configure({**example(), **given(), "protect": text})
    assert settings.load(ROOT).lab.protect is is_so


@pytest.mark.parametrize("section", ["server", "vpn", "fortigate", "firewall", "dns", "hubs", "users"])
def test_a_text_in_the_place_of_a_block_is_told(section: str) -> None:
    lines = refused({**example(), **given(), section: "203.0.113.20"})
    assert [line for line in lines if line.startswith(f"  - {section}: '203.0.113.20' is given where settings belong")]


def test_mistakes_of_secrets_models_hops_and_users_come_in_one_run(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("name,group,hub,auth\nanna,gests,,\nben,,OWNR,\ncarol,,,signed\nbad name,,,\n")
    values = {**example(), **given()}
    del values["presharedKey"], values["dnsKey"]
    broken = {
        **values,
        "server": {**values["server"], "ssh": {"user": "Root User", "login": "password"}},
        "vpn": {"listeners": [0], "secureNat": {"address": "203.0.113.1/24"}, "protocols": {"esp": True}},
        "fortigate": {**values["fortigate"], "outside": "wan1", "befor": "x"},
        "dns": {**values["dns"], "ttl": "5 min"},
        "hostKey": "nonsense",
        "protct": True,
        "fortigateToken": "",
    }
    configure(broken)
    with pytest.raises(pulumi.RunError) as caught:
        settings.load(tmp_path)
    text = str(caught.value)
    for part in (
        "labvpn:protct: there is no such setting",
        "users.csv:5.name: ",
        "server.ssh.user: ",
        "vpn.listeners[0]: ",
        "fortigate.outside: 'wan1' is given where a list belongs; write [wan1]",
        "fortigate.befor: there is no such setting; did you mean 'before'?",
        "dns.ttl: ",
        "covers server.address, 203.0.113.20",
        "user anna: group: there is no such group; did you mean 'guests'?",
        "user ben: hub: there is no such hub; did you mean 'OWNER'?",
        "user carol: auth: is signed",
        "hostKey: is not a public host key",
        "sshPassword: is missing and server.ssh.login is password",
        "presharedKey: is missing and L2TP/IPsec is on",
        "dnsKey: is missing",
        "fortigateToken: is empty",
    ):
        assert part in text, text
    assert "placeholder" not in text
    assert "tand-in" not in text
    assert "192.0.2." not in text.replace("such as 192.0.2.1", "")
    assert f"has {len(text.splitlines()) - 1} mistakes" in text


def test_a_section_that_is_wrong_as_a_whole_asks_for_no_secret_that_it_would_not_need() -> None:
    values = {key: value for key, value in {**example(), **given()}.items() if key not in ("sshKey", "dnsKey")}
    server = {"address": "203.0.113.20", "ssh": {"login": "agent"}, "install": "tarball"}
    dns = {"zone": "lab.example", "mode": "manual", "aliases": ["vpn"]}
    places = [line.split(":")[0] for line in refused({**values, "server": server, "dns": dns})[1:]]
    assert places == ["  - server", "  - dns"]


def test_every_mistake_between_the_parts_of_a_lab_comes_at_once() -> None:
    values = {**example(), **given()}
    values["vpn"] = {"protocols": {"esp": True, "l2tpIpsec": False}, "kept": ["access"]}
    values["hubs"] = {"LAB": {"services": [{"name": "x", "to": "203.0.113.21"}], "log": {"security": False}}}
    values["server"] = {"address": "203.0.113.20", "host": "vpn"}
    lines = refused({**values, "users": {"file": "users.csv"}})
    for part in (
        "esp needs l2tpIpsec",
        "vpn.kept leaves the access lists",
        "firewall.bans reads",
        "is the name of all",
    ):
        assert any(part in line for line in lines), lines


def test_an_account_that_is_over_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi, "warn", lambda text, *_: said.append(text))
    (tmp_path / "users.csv").write_text("name,expires\nanna,2025-03-31\nben,2099-03-31\n")
    configure({**example(), **given()})
    settings.load(tmp_path)
    assert "the accounts of anna (since 2025-03-31) have expired; give a later date to whoever should dial in" in said


def test_nothing_that_is_said_has_a_secret_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CANARY not in "\n".join(messages({**example(), **given()}, monkeypatch))


def test_a_secret_of_a_name_that_is_none_is_told_with_the_nearest_right_one() -> None:
    blocks = {"passwords": {"version": 2, "guest-1": "own-password-1"}, "radiusSecrets": {"zzz": "x"}}
    lines = refused({**example(), **given(), **blocks}, secret=(*SECRETS, *blocks))
    assert "  - passwords.guest-1: is not a user of the lab who logs in by password; did you mean 'guest1'?" in lines
    assert "  - radiusSecrets.zzz: is of no hub with a RADIUS server; remove it or give the hub one" in lines


def test_a_certificate_that_cannot_be_made_is_told_with_the_other_mistakes() -> None:
    limited = create_authority("vpn.other.example", datetime.now(UTC), ["vpn.other.example"])
    configure({**example(), **given(), "protct": "1", "authority": limited}, secret=(*SECRETS, "authority"))
    with pytest.raises(pulumi.RunError) as caught:
        settings.load(ROOT, also=certificate.problems)
    assert "has 2 mistakes" in str(caught.value)
    assert "authority: may not sign for vpn.lab.example" in str(caught.value)
