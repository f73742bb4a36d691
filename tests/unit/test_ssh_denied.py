"""A login or a sudo that a host refuses is told in its own words, with what to do about it."""

from __future__ import annotations

import shlex
from typing import Any

import asyncssh
import pytest

from labvpn.connect import ssh
from labvpn.connect.errors import HopError
from labvpn.model.server import Server
from tests.unit.test_ssh import HOST_KEY, PASSWORD, PRIVATE, USER_KEY, in_a_loop, public
from tests.unit.test_ssh_frame import Login, refused


class Strict(asyncssh.SSHServer):
    """Lets nobody in by a key, says something before, and asks for answers."""

    def __init__(self, banner: str, password_expired: bool = False) -> None:
        self.banner, self.password_expired = banner, password_expired

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.conn = conn

    def begin_auth(self, username: str) -> bool:
        if self.banner:
            self.conn.send_auth_banner(self.banner)
        return True

    def public_key_auth_supported(self) -> bool:
        return False

    def kbdint_auth_supported(self) -> bool:
        return not self.password_expired

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        return "", "", "", [("One-time code: ", False)]

    def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        return False

    def password_auth_supported(self) -> bool:
        return self.password_expired

    def validate_password(self, username: str, password: str) -> bool:
        raise asyncssh.PasswordChangeRequired("Your password has expired.")


def turned_away(banner: str = "", key: str | None = PRIVATE, password: str | None = None) -> str:
    async def ask() -> str:
        host = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=lambda: Strict(banner, bool(password)), server_host_keys=[HOST_KEY]
        )
        try:
            server = Server.model_validate(
                {"address": "192.0.2.1", "ssh": {"host": "127.0.0.1", "port": host.get_port()}}
            )
            return await ssh.run(server, key, public(HOST_KEY), "cat", "", 10, password)
        finally:
            host.close()

    with pytest.raises(HopError) as caught:
        in_a_loop(ask)
    return str(caught.value)


def test_a_second_factor_is_called_one_and_not_a_refused_key() -> None:
    assert (
        "wants more of root than a key (answers at a keyboard), such as a second factor; let root in" in turned_away()
    )


def test_an_expired_password_is_a_sentence() -> None:
    sentence = turned_away(key=None, password=PASSWORD)
    assert "wants root to change an expired password first (it said: Your password has expired.)" in sentence
    assert PASSWORD not in sentence


@pytest.mark.parametrize(
    ("banner", "words"),
    [
        (
            "The account is locked due to 3 failed logins.\n(9 minutes left)\n",
            "says that the account of root is locked",
        ),
        ("Too many logins for 'root'.\n", "lets root log in no more often at once"),
        ("Ask Hanako in room 301.\n", "refused the login of root by key (it said: Ask Hanako in room 301.); add"),
    ],
)
def test_what_a_host_says_while_it_refuses_a_login_is_told(
    banner: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Strict, "kbdint_auth_supported", lambda _: False)
    assert words in turned_away(banner)


@pytest.mark.parametrize(
    "advice",
    [
        "Use sudo with your own password; all is logged",
        "If your password has expired, call the helpdesk",
        "-- When your account has expired: 1234",
    ],
)
def test_advice_before_a_login_is_not_taken_for_its_refusal(advice: str) -> None:
    assert "wants more of root than a key" in turned_away(f"{advice}\n")


def test_a_notice_before_the_login_does_not_hide_what_was_refused() -> None:
    notice = "*** AUTHORISED USERS ONLY ***\nAccess is restricted. Maintenance every Monday.\n"
    assert "wants more of root than a key" in turned_away(notice)
    assert "the account of root has expired" in turned_away(f"{notice}Your account has expired; please contact us\n")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("not a key", "sshKey is not a key that SSH reads; set it again from the key file"),
        (
            USER_KEY.export_private_key("pkcs8-pem", passphrase="canary").decode(),
            "sshKey is locked by a passphrase; set a key without",
        ),
    ],
)
def test_a_key_that_cannot_be_used_is_a_sentence(key: str, words: str) -> None:
    assert words in turned_away(key=key)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("sudo: a password is required", "run everything as root by sudo without a password"),
        ("sudo: sorry, you must have a tty to run sudo", "Defaults:lab !requiretty"),
        ("lab is not in the sudoers file.  This incident will be reported.", "`lab ALL=(root) NOPASSWD: ALL`"),
        ("bash: sudo: command not found", "; install sudo there, or log in as root"),
        ("fish: Unknown command: sudo", "has no sudo for lab"),
        ("zsh:1: command not found: sudo", "has no sudo for lab"),
        ("sudo: I'm sorry lab. I'm afraid I can't do that", "does not let lab use sudo for this (it"),
        ("sudo: something that a later version says", "does not let lab use sudo for this (it said"),
        ("sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set", "a sudo that cannot become root"),
        ('sudo: The "no new privileges" flag is set, which prevents sudo from', "a sudo that cannot become root"),
        ("/etc/sudoers:28:5: syntax error", "a sudo whose configuration it cannot read"),
        ("sudo: no valid sudoers sources found, quitting", "; correct that there (visudo -c names file and line)"),
        ("Sorry, user lab is not allowed to execute '/bin/sh' as root on h.", "run everything as root by sudo"),
    ],
)
def test_what_sudo_says_is_told_with_the_line_for_sudoers(said: str, words: str) -> None:
    lecture = "We trust you have received the usual lecture from the local System Administrator."
    login = Login(instead=f"echo Welcome; echo {shlex.quote(lecture)} >&2; echo {shlex.quote(said)} >&2; exit 1")
    sentence = refused(login, user="lab")
    assert words in sentence
    assert said.split("  ")[0][:40] in sentence
