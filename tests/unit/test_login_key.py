"""The key of a person's own login: what opens none is said of that file, and never of the stack's own key."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import asyncssh
import pytest

from labvpn.connect.errors import HopError
from labvpn.connect.login_key import key_text

KEY = asyncssh.generate_private_key("ssh-ed25519")
PRIVATE, PUBLIC = KEY.export_private_key(), KEY.export_public_key()


def refusal(file: Path) -> str:
    with pytest.raises(HopError) as refused:
        key_text(file)
    sentence = str(refused.value)
    assert str(file) in sentence
    assert "--key" in sentence
    assert "sshKey" not in sentence
    return sentence


def test_a_private_key_is_read_in_every_form_that_ssh_reads(tmp_path: Path) -> None:
    for form in ("openssh", "pkcs8-pem", "pkcs8-der"):
        file = tmp_path / form
        file.write_bytes(KEY.export_private_key(form))
        text = key_text(file)
        assert text is not None and asyncssh.import_private_key(text).public_data == KEY.public_data
    assert key_text(None) is None


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\x30\x82\xd0\xff" * 50, PRIVATE.decode().encode("utf-16")])
def test_what_is_no_key_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    assert "is not a key that SSH reads" in refusal(tmp_path / "k")


def test_the_public_half_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "k.pub").write_bytes(PUBLIC)
    assert "is the public half of a key" in refusal(tmp_path / "k.pub")


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen locks the key")
def test_a_key_with_a_passphrase_is_said_to_be_locked(tmp_path: Path) -> None:
    file = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", file], check=True)
    assert "is locked by a passphrase; add it to your SSH agent" in refusal(file)


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "missing")
    assert "cannot be read: Is a directory" in refusal(tmp_path)
