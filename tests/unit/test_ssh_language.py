"""What sudo says is understood on a host of any language, and what it says otherwise is not blamed on sshd."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from labvpn.connect.frame import Frame, Said
from labvpn.connect.refused import FORCED, unreached
from tests.unit.test_ssh_frame import Login, refused


def said(*lines: str) -> tuple[str, str]:
    """What is made of error output of a session that never came to the command."""
    session = Said(Frame())
    session.err += "\n".join(lines).encode()
    session.exit_status = 1
    return unreached(session, "jane")


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_sudo_is_asked_in_english_whatever_language_the_host_has(tmp_path: Path, shell: str) -> None:
    fake = tmp_path / "sudo"
    fake.write_text(
        '#!/bin/sh\n[ "$LC_ALL" = C ] && echo "sudo: a password is required" || echo "sudo: パスワードが必要です"\n'
    )
    fake.chmod(0o755)
    before = "env LC_ALL=C sudo -n "
    line = Frame().line("true", before)
    assert line.startswith(before)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "LANG": "ja_JP.UTF-8",
        "LC_ALL": "ja_JP.UTF-8",
    }
    done = subprocess.run([shell, "-c", line], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "sudo: a password is required\n"


def test_a_host_is_sent_that_line_for_a_user_who_is_not_root() -> None:
    sentence = refused(Login(instead='echo "$SSH_ORIGINAL_COMMAND" | cut -c1-30'), user="lab")
    assert "env LC_ALL=C sudo -n /bin/sh -" in sentence
    sentence = refused(Login(instead='echo "$SSH_ORIGINAL_COMMAND" | cut -c1-30'), user="root")
    assert "it said: /bin/sh -c" in sentence


@pytest.mark.parametrize(
    "line",
    [
        "env: 'sudo': No such file or directory",
        "env: `sudo': そのようなファイルやディレクトリはありません",
        "env: can't execute 'sudo': x",
    ],
)
def test_a_host_without_sudo_is_told_in_any_language(line: str) -> None:
    assert said(line)[0].startswith("has no sudo for jane")


@pytest.mark.parametrize(
    "line", ["sudo: パスワードが必要です", "sudo: ein Passwort ist notwendig", "sudo: something new"]
)
def test_what_sudo_says_and_nobody_knows_is_sudos_and_not_sshds(line: str) -> None:
    what, remedy = said(line)
    assert what == f"does not let jane use sudo for this (it said: {line})"
    assert "`jane ALL=(root) NOPASSWD: ALL`" in remedy


@pytest.mark.parametrize("line", ["sudo: unable to resolve host lab: Name or service not known", "Welcome to sudo"])
def test_a_warning_of_sudo_is_not_why_a_session_ended(line: str) -> None:
    assert said(line)[1] == FORCED
