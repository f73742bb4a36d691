"""Hosts as they are found: whatever a login prints, the answer is found or one sentence says what stood in its way.

Each host is OpenSSH on Debian with one thing set otherwise; what is not ours is compared before and after all of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from rehearsal import network
from tests.rehearsal.agent_host import AgentHost

PUT = "if [ -e {file} ]; then cp -a {file} {kept}; fi; cat >{kept}.new; [ ! -e {kept} ] || cat {kept} >>{kept}.new; "
FIRST = PUT + "cat {kept}.new >{file}; rm {kept}.new"
BACK = "if [ -e {kept} ]; then cp -a {kept} {file}; rm {kept}; else rm -f {file}; fi"
SSHD = "/etc/ssh/sshd_config"
RELOAD = "; systemctl reload ssh; sleep 0.5"
LISTING = (
    "find /etc /root /home /usr/local /var/lib/labvpn /lib/systemd -xdev -type f -exec sha256sum {} + | sort; "
    "find / -xdev -name __pycache__ -newer /etc/hostname | sort; nft list ruleset; ss -Hlntu | cut -c1-60 | sort"
)
USER = "labadmin"


@pytest.fixture(scope="module")
def host() -> Iterator[AgentHost]:
    host = AgentHost("found-ssh")
    host.stop()
    host.start()
    yield host
    host.stop()


@pytest.fixture(scope="module", autouse=True)
def _nothing_else_changed(host: AgentHost) -> Iterator[None]:
    """Every file, rule and listener of the host is as before, though it was asked for its state all the time."""
    before = host.output("server", "sh", "-c", LISTING)
    yield
    assert host.output("server", "sh", "-c", LISTING) == before


@contextmanager
def found(host: AgentHost, file: str, text: str, after: str = "") -> Iterator[None]:
    """The host with a text at the beginning of one of its files."""
    places = {"file": file, "kept": f"/run/kept{file.replace('/', '.')}"}
    host.output("server", "sh", "-c", FIRST.format(**places) + after, input=text)
    try:
        yield
    finally:
        host.output("server", "sh", "-c", BACK.format(**places) + after)


@contextmanager
def made(host: AgentHost, do: str, undo: str) -> Iterator[None]:
    host.output("server", "sh", "-c", do)
    try:
        yield
    finally:
        host.output("server", "sh", "-c", undo)


def asked(host: AgentHost, user: str = "root", seconds: int = 20, host_key: str | None = None) -> str:
    known = yaml.safe_load((host.state / "values.yaml").read_text())["hostKey"]
    given = {
        "server": {"address": network.SERVER, "ssh": {"user": user}},
        "opens": {"private_key": (host.state / "ssh/admin").read_text()},
        "hostKey": host_key or known,
        "seconds": seconds,
    }
    line = [sys.executable, "-m", "tests.rehearsal.ssh_inspection"]
    said = host.output("admin", *line, input=json.dumps(given))
    assert "Traceback" not in said
    assert "\n" not in said
    return said


GREETINGS = {
    "a line": "echo Welcome to the lab\n",
    "an answer's look-alike": """echo '{"host": {"observed": ""}}'\n""",
    "megabytes": "head -c 5000000 /dev/zero | tr '\\0' x\n",
    "no text": "printf '\\377\\376\\000'\n",
    "a question": "read -p 'Press Enter' answer\n",
    "its own command": 'echo "$BASH_EXECUTION_STRING"; set -x\n',
    "a program left behind": "sleep 60 &\n",
    "another folder and environment": "cd /var; umask 077; export PYTHONPATH=/root PYTHONHOME=/nowhere PATH=/nowhere\n",
}


@pytest.mark.parametrize("greeting", GREETINGS.values(), ids=GREETINGS)
def test_a_greeting_of_the_shell_is_skipped(host: AgentHost, greeting: str) -> None:
    with found(host, "/root/.bashrc", greeting):
        assert asked(host) == "{}"


@pytest.mark.parametrize("file", ["/root/.ssh/rc", "/etc/ssh/sshrc"])
def test_a_greeting_of_sshd_is_skipped(host: AgentHost, file: str) -> None:
    with found(host, file, "echo Welcome\n"):
        assert asked(host) == "{}"


def test_a_notice_before_the_login_is_skipped(host: AgentHost) -> None:
    with found(host, SSHD, "Banner /etc/issue\n", RELOAD):
        assert asked(host) == "{}"


HIJACK = "import os\nos.system('id >/run/hijacked')\nraise SystemExit('hijacked')\n"


@pytest.mark.parametrize("user", ["root", USER])
@pytest.mark.parametrize("module", ["json", "socket", "sitecustomize", "usercustomize"])
def test_no_code_of_a_home_runs_as_root(host: AgentHost, user: str, module: str) -> None:
    home = "/root" if user == "root" else f"/home/{USER}"
    with (
        found(host, f"{home}/{module}.py", HIJACK),
        found(host, f"{home}/.bashrc", f"export PYTHONPATH={home}\n"),
    ):
        assert asked(host, user) == "{}"
    assert host.run("server", "test", "-e", "/run/hijacked").returncode != 0


KEYS = f"/home/{USER}/.ssh/authorized_keys"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("echo backups only", "did something else than what it was asked (it said: backups only)"),
        (
            'echo \\\\"refused: $SSH_ORIGINAL_COMMAND\\\\"',
            "did something else than what it was asked (it said: refused: env LC_ALL=C sudo",
        ),
        ("cat", "did something else than what it was asked"),
        ("exit 7", "ended the session without a word (exit status 7)"),
    ],
)
def test_a_forced_command_is_told_from_an_answer(host: AgentHost, command: str, words: str) -> None:
    forced = f"cp -a {KEYS} /run/keys; sed -i 's|^|command=\"{command}\" |' {KEYS}"
    with made(host, forced, f"cp -a /run/keys {KEYS}"):
        sentence = asked(host, USER)
    assert words in sentence
    assert "look there for command= in authorized_keys" in sentence


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "ForceCommand internal-sftp\n",
            "lets labadmin move files alone (it said: This service allows sftp connections only.)",
        ),
        ("MaxSessions 0\n", "opens no session"),
        ("AllowUsers nobody\n", "refused the login of labadmin by key; add the public half"),
        (
            "AuthenticationMethods publickey,keyboard-interactive\nKbdInteractiveAuthentication yes\n",
            "wants more of labadmin than a key",
        ),
        (
            "AuthenticationMethods publickey,password\nPasswordAuthentication yes\n",
            "wants more of labadmin than a key (a password",
        ),
    ],
)
def test_what_sshd_is_set_to_is_said(host: AgentHost, setting: str, words: str) -> None:
    with found(host, SSHD, setting, RELOAD):
        assert words in asked(host, USER)
    assert asked(host, USER) == "{}"


@pytest.mark.parametrize(
    ("do", "undo", "words"),
    [
        (
            "usermod -s /usr/sbin/nologin labadmin",
            "usermod -s /bin/bash labadmin",
            "gives labadmin no shell (it said: This account",
        ),
        (
            "usermod -s /bin/false labadmin",
            "usermod -s /bin/bash labadmin",
            "ended the session without a word (exit status 1)",
        ),
        ("echo Closed until Monday >/etc/nologin", "rm /etc/nologin", "Closed until Monday"),
        ("chage -d 0 labadmin", "chage -d -1 labadmin", "wants labadmin to change an expired password first"),
        ("chage -E 1 labadmin", "chage -E -1 labadmin", "labadmin"),
    ],
)
def test_an_account_that_is_closed_is_said_in_the_hosts_words(host: AgentHost, do: str, undo: str, words: str) -> None:
    files = "/etc/passwd /etc/shadow /etc/passwd- /etc/shadow-"
    back = f"{undo}; tar -C / -xpf /run/accounts.tar"
    with made(host, f"touch {files}; tar -C / -cpf /run/accounts.tar {files} 2>/dev/null; {do}", back):
        sentence = asked(host, USER)
    assert words in sentence
    assert asked(host, USER) == "{}"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (f"{USER} ALL=(root) PASSWD: ALL\n", "does not let labadmin run everything as root by sudo without a password"),
        (f"{USER} ALL=(root) NOPASSWD: /usr/bin/id\n", "does not let labadmin run everything as root by sudo"),
        (f"{USER} ALL=(root) NOPASSWD: ALL\nDefaults requiretty\n", "does not let labadmin use sudo as a program does"),
        (f'{USER} ALL=(root) NOPASSWD: ALL\nDefaults lecture=always, secure_path="/nowhere"\n', "{}"),
    ],
)
def test_what_sudo_is_set_to_is_said_or_does_not_matter(host: AgentHost, rule: str, words: str) -> None:
    grants = "mkdir /var/tmp/sudo; for f in $(grep -l labadmin /etc/sudoers.d/*); do mv $f /var/tmp/sudo/; done; "
    put = f"{grants}printf '%s' '{rule}' >/etc/sudoers.d/zz-found; chmod 0440 /etc/sudoers.d/zz-found"
    with made(host, put, "rm /etc/sudoers.d/zz-found; mv /var/tmp/sudo/* /etc/sudoers.d/; rmdir /var/tmp/sudo"):
        sentence = asked(host, USER)
    assert words in sentence


@pytest.mark.parametrize(
    ("stub", "words"),
    [
        (None, "has no python3, which the agent needs; install it"),
        ("#!/bin/sh\necho 'Python is not installed; ask the administrator'\n", "it said: Python is not installed"),
        ("#!/bin/sh\necho 'Unknown option: -I' >&2; exit 2\n", "has a python3 that is not Python 3"),
    ],
)
def test_a_python_that_is_none_is_said(host: AgentHost, stub: str | None, words: str) -> None:
    put = f"printf '%s' \"{stub}\" >/usr/bin/python3; chmod 0755 /usr/bin/python3" if stub else "true"
    with made(host, f"mv /usr/bin/python3 /usr/bin/python3.kept; {put}", "mv /usr/bin/python3.kept /usr/bin/python3"):
        assert words in asked(host) or (stub and "not installed" in asked(host))


def test_a_login_that_never_ends_is_given_up_with_what_it_said(host: AgentHost) -> None:
    with found(host, "/root/.bashrc", "echo Choose a project:; sleep 100\n"):
        sentence = asked(host, seconds=3)
    assert "did not come to the command within 3 s, it had said: Choose a project:" in sentence


def test_a_start_file_that_ends_the_shell_is_said(host: AgentHost) -> None:
    with found(host, "/root/.bashrc", "echo Interactive logins only; exit 0\n"):
        assert "(it said: Interactive logins only); look there for command=" in asked(host)


def test_another_host_key_is_said(host: AgentHost) -> None:
    other = (host.state / "ssh/admin.pub").read_text()
    assert "shows another host key than the recorded one; if it was reinstalled" in asked(host, host_key=other)
