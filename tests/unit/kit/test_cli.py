"""`labvpn kit`: whose kits are made, where they are kept, and what is said."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from labvpn.kit.cli import kit
from labvpn.render import outputs
from tests.unit.kit.orders import AUTHORITY, identity
from tests.unit.probe.servers import LOOPBACK, certificate, tcp, vpn
from tests.unit.samples import credentials, lab

OUTPUTS: dict[str, Any] = {**outputs.stack_outputs(lab(), credentials(), str), "certificate": AUTHORITY.pem}
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


APP = typer.Typer()
APP.command()(kit)


def run(folder: Path, *words: str, **changes: Any) -> Any:
    text = json.dumps({**OUTPUTS, **changes})
    return CliRunner().invoke(APP, [*words, "--outputs", "-", "--folder", str(folder)], input=text)


def users(**expires: str | None) -> dict[str, Any]:
    return {name: {"password": "of-" + name, "expires": text} for name, text in expires.items()}


def kits(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_kit_is_for_its_owner_alone_and_git_ignores_it(tmp_path: Path) -> None:
    folder = tmp_path / "kits"
    done = run(folder, "guest1")
    assert done.exit_code == 0, done.stderr
    paths = [folder, folder / "guest1", *(folder / "guest1").iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o700, 0o600}
    assert (folder / ".gitignore").read_text() == "*\n"


def test_all_are_made_and_only_of_valid_accounts(tmp_path: Path) -> None:
    run(tmp_path, "--all", users=users(gone=None, guest1=TOMORROW, old=TOMORROW))
    assert kits(tmp_path) == ["gone", "guest1", "old"]
    done = run(tmp_path, "--all", users=users(guest1=TOMORROW, old="2026-01-31T00:00:00+09:00"))
    assert done.exit_code == 0, done.stderr
    assert kits(tmp_path) == ["guest1"]
    assert "gone: the account is gone or expired; its kit was removed" in done.stdout


@pytest.mark.parametrize(
    ("user", "why"), [("old", "expired on 2026-01-31; give it a later date"), ("nobody", "no such user; add the user")]
)
def test_whoever_is_expired_or_unknown_is_refused_and_loses_the_old_kit(tmp_path: Path, user: str, why: str) -> None:
    run(tmp_path, user, users=users(**{user: TOMORROW}))
    assert kits(tmp_path) == [user]
    done = run(tmp_path, user, users=users(old="2026-01-31T00:00:00+09:00"))
    assert done.exit_code == 1
    assert why in done.stderr
    assert kits(tmp_path) == []


def test_an_encrypted_kit_is_one_page_whose_passphrase_is_shown_once(tmp_path: Path) -> None:
    run(tmp_path, "guest1")
    done = run(tmp_path, "guest1", "--secrets")
    assert kits(tmp_path) == ["guest1.html"]
    phrase = done.stdout.split("passphrase ")[1].strip()
    assert len(phrase) == 24
    assert phrase not in (tmp_path / "guest1.html").read_text()
    run(tmp_path, "guest1")
    assert kits(tmp_path) == ["guest1"]


def test_without_an_authority_the_way_out_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "guest1", certificate=None)
    assert done.exit_code == 1
    assert "--trust-shown" in done.stderr
    assert not (tmp_path / "guest1").exists()


def test_the_certificate_that_servers_share_is_taken_from_whichever_is_up(tmp_path: Path) -> None:
    with tcp(vpn(certificate(tmp_path))) as port:
        down, up = ({"address": one, "dialled": one, "ssh": OUTPUTS["ssh"]} for one in ("127.0.0.2", LOOPBACK))
        changes = {"certificate": None, "address": "127.0.0.2", "ports": {"tcp": [port], "udp": []}}
        done = run(tmp_path / "kits", "guest1", "--trust-shown", **changes, servers=[down, up])
        assert done.exit_code == 0, done.stderr
        done = run(tmp_path / "kits", "guest1", "--trust-shown", **changes, servers=[down])
    assert done.exit_code == 1
    assert f"shows no certificate at 127.0.0.2 port {port} ([Errno 111]" in done.stderr


def test_a_certificate_of_the_user_makes_a_kit_for_a_login_by_it(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "guest1.crt").write_text(identity().certificate)
    (own / "guest1.key").write_text(identity().key)
    done = run(tmp_path / "kits", "guest1", "owner", "--certificates", str(own))
    assert done.exit_code == 0, done.stderr
    assert "cert guest1.crt" in (tmp_path / "kits/guest1/openvpn-udp-1194.ovpn").read_text()
    assert "auth-user-pass" in (tmp_path / "kits/owner/openvpn-udp-1194.ovpn").read_text()


def test_a_profile_is_signed_by_the_given_certificate(tmp_path: Path) -> None:
    (tmp_path / "signer.pem").write_text(identity("signer").certificate)
    (tmp_path / "signer.key").write_text(identity("signer").key)
    done = run(
        tmp_path / "kits",
        "guest1",
        "--sign-certificate",
        str(tmp_path / "signer.pem"),
        "--sign-key",
        str(tmp_path / "signer.key"),
    )
    assert done.exit_code == 0, done.stderr
    signed = (tmp_path / "kits/guest1/guest1.mobileconfig").read_bytes()
    assert signed.startswith(b"\x30\x82")
    assert b"com.apple.vpn.managed" in signed


@pytest.mark.parametrize("words", [(), ("guest1", "--all"), ("guest1", "--sign-key", "key")])
def test_wrong_usage_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert run(tmp_path, *words).exit_code == 2


def test_a_user_whose_name_is_a_path_gets_no_kit(tmp_path: Path) -> None:
    done = run(tmp_path / "kits", "..", users={"..": {"password": "x"}})
    assert done.exit_code == 1
    assert "rename the user" in done.stderr


def test_no_password_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, "--all", users=users(guest1=None, owner=None))
    assert "of-guest1" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("user", "why"),
    [("*", "no one dials by that name"), ("jdoe", "has no line in the users' file, so no kit can be made")],
)
def test_the_line_for_everyone_whom_radius_knows_has_no_kit(tmp_path: Path, user: str, why: str) -> None:
    done = run(tmp_path, user, everybody=["LAB"])
    assert done.exit_code == 1
    assert f"{user}: " in done.stderr
    assert why in done.stderr
    run(tmp_path, "--all", everybody=["LAB"])
    assert kits(tmp_path) == ["guest1", "owner"]


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig"])
def test_outputs_are_read_as_a_shell_on_windows_writes_them(tmp_path: Path, codec: str) -> None:
    (tmp_path / "outputs.json").write_bytes(json.dumps(OUTPUTS).encode(codec))
    words = ["guest1", "--outputs", str(tmp_path / "outputs.json"), "--folder", str(tmp_path / "kits")]
    done = CliRunner().invoke(APP, words)
    assert done.exit_code == 0, done.stderr
