"""A kit that cannot be made is refused in a sentence, and the others are made."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from labvpn.kit.storage import LIST
from tests.unit.kit.orders import identity
from tests.unit.kit.test_cli import TOMORROW, kits, run, users
from tests.unit.kit.test_storage import tree


def test_one_user_whose_kit_is_refused_stops_no_others(tmp_path: Path) -> None:
    run(tmp_path, "--all", users=users(guest1=TOMORROW))
    (tmp_path / "guest1.html").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "guest1")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / LIST).write_text("cut")
    everyone = users(**dict.fromkeys((".hid", "link", "n" * 300, "guest1", "guest2"), TOMORROW))
    for words in (["--all"], ["link", ".hid", "n" * 300, "guest1", "guest2"]):
        done = run(tmp_path, *words, users=everyone)
        assert done.exit_code == 1, done.output
        assert "link: " in done.stderr and ".hid: " in done.stderr and "nnn: " in done.stderr
        assert ("gone: " in done.stderr) == (words == ["--all"])
        assert done.stdout.splitlines() == [f"{name}: {tmp_path / name}" for name in ("guest1", "guest2")]
    assert (tmp_path / "guest1.html").read_text() == "mine"


def test_one_user_with_an_unreadable_certificate_stops_no_others(tmp_path: Path) -> None:
    (tmp_path / "certificates").mkdir()
    (tmp_path / "certificates/guest1.crt").write_bytes(b"\x30\x82\xd0")
    more = ["--certificates", str(tmp_path / "certificates")]
    done = run(tmp_path / "kits", "--all", *more, users=users(guest1=TOMORROW, guest2=TOMORROW))
    assert (done.exit_code, kits(tmp_path / "kits")) == (1, ["guest2"])
    assert "guest1: " in done.stderr


def test_a_folder_that_cannot_be_made_is_refused_once_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file/below", Path("/proc/labvpn-kits")):
        done = run(folder, "--all", users=users(guest1=TOMORROW, guest2=TOMORROW))
        assert done.exit_code == 1
        assert done.stderr.startswith(f"{folder} cannot be made: ")
        assert done.stderr.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_leaves_the_old_kit_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, "guest1", users=users(guest1=TOMORROW))
    before = tree(tmp_path)

    def full(path: Path, _content: bytes) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("labvpn.kit.storage._write", full)
    done = run(tmp_path, "guest1", users=users(guest1=TOMORROW))
    assert (done.exit_code, tree(tmp_path)) == (1, before)
    assert "guest1: the folder of the kits cannot be used: No space left on device" in done.stderr


def test_a_user_who_is_named_twice_gets_one_passphrase(tmp_path: Path) -> None:
    done = run(tmp_path, "guest1", "guest1", "--secrets")
    assert done.stdout.count("passphrase") == 1


def locked(key: str) -> str:
    """The same key with a passphrase."""
    read = load_pem_private_key(key.encode(), None)
    return read.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")).decode()


ONE, OTHER = identity("one"), identity("other")


@pytest.mark.parametrize(
    ("certificate", "key", "why"),
    [
        (ONE.certificate, OTHER.key, "the two do not belong together"),
        ("garbage", ONE.key, "the first is not a certificate in PEM"),
        (ONE.certificate, "garbage", "the second is not a private key in PEM"),
        (ONE.certificate, ONE.certificate, "the second is not a private key in PEM"),
        (ONE.certificate, locked(ONE.key), "the key is locked by a passphrase"),
    ],
)
def test_a_certificate_and_key_that_are_of_no_use_make_no_kit(
    tmp_path: Path, certificate: str, key: str, why: str
) -> None:
    pair = tmp_path / "guest1.crt", tmp_path / "guest1.key"
    for file, content in zip(pair, (certificate, key), strict=True):
        file.write_text(content)
    for words in (
        ["--certificates", str(tmp_path), "--secrets"],
        ["--sign-certificate", str(pair[0]), "--sign-key", str(pair[1])],
    ):
        done = run(tmp_path / "kits", "guest1", *words)
        assert done.exit_code == 1
        assert f"{pair[0]} and {pair[1]}" in done.stderr and why in done.stderr
        assert done.stdout == ""


def test_a_locked_key_stays_with_its_user_and_needs_no_opening(tmp_path: Path) -> None:
    (tmp_path / "guest1.crt").write_text(ONE.certificate)
    (tmp_path / "guest1.key").write_text(locked(ONE.key))
    done = run(tmp_path / "kits", "guest1", "--certificates", str(tmp_path))
    assert done.exit_code == 0, done.stderr


def test_an_authority_that_ended_is_said(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("labvpn.kit.request.Trust.expires", datetime(2021, 1, 31, tzinfo=UTC))
        done = run(tmp_path, "guest1")
    assert "a certificate to trust that ended on 2021-01-31, so devices refuse the server" in done.stderr


def test_a_damaged_certificate_in_the_outputs_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "guest1", certificate="-----BEGIN CERTIFICATE-----\nMIIB\n")
    assert done.exit_code == 1
    assert done.stderr == "The stack's outputs have a damaged `certificate`; take them again\n"


def test_outputs_without_tcp_ports_leave_out_what_needs_one(tmp_path: Path) -> None:
    for ports in ({"udp": [500, 4500]}, {"tcp": [], "udp": [500, 4500]}):
        done = run(tmp_path, "guest1", ports=ports, protocols={"l2tpIpsec": True, "sstp": True})
        assert done.exit_code == 0, done.output
        assert "without SoftEther's own client and SSTP: the outputs name no TCP port" in done.stderr
        assert {"softether.vpn", "windows-sstp.ps1"}.isdisjoint(path.name for path in (tmp_path / "guest1").iterdir())
        pinned = run(tmp_path, "guest1", "--trust-shown", ports=ports, certificate=None)
        assert pinned.exit_code == 1
        assert "name no TCP port" in pinned.stderr
