"""A thousand users created by bare API calls, by a vpncmd batch and by an Ansible playbook.

The users are counted on the server afterwards, since a run that creates none would be fast.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rehearsal import machine, network, values

USERS = 1_000
PLAYED = 50
"""Users that the playbook creates, one task each; the time is linear, so that of a thousand is extrapolated."""

POLICIES = ("AutoDisconnect", "MultiLogins", "MaxUpload", "MaxDownload")
CALLS = """
import http.client, json, ssl, sys
told = json.load(sys.stdin)
server = http.client.HTTPSConnection("127.0.0.1", 443, context=ssl._create_unverified_context(), timeout=60)
for user in told["users"]:
    record = {"HubName_str": "LAB", "Name_str": user, "AuthType_u32": 1, "Auth_Password_str": user + "-word",
              "UsePolicy_bool": True, "policy:Access_bool": True, "policy:MaxConnection_u32": 32,
              "policy:TimeOut_u32": 20, "policy:AutoDisconnect_u32": 1800, "policy:MultiLogins_u32": 1}
    body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": "CreateUser", "params": record})
    server.request("POST", "/api/", body, {"X-VPNADMIN-PASSWORD": told["password"]})
    assert "error" not in json.loads(server.getresponse().read())
"""
VPNCMD = "vpncmd localhost:443 /SERVER /ADMINHUB:LAB /CSV"


def figures(state: Path, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Rows of what was measured and how long it took, without an aim; the server must be up with hub LAB."""
    secret = values.read(state)["administratorPassword"]
    yield f"the bare JSON-RPC calls, {USERS:,} users", f"{_calls(secret):.1f} s", ""
    yield f"one vpncmd batch, {USERS:,} users", f"{_batch(secret, folder):.1f} s", ""
    seconds = _playbook(state, secret, folder)
    words = f"{seconds * USERS / PLAYED:.0f} s, from {seconds:.1f} s for {PLAYED}"
    yield f"an Ansible playbook, a vpncmd task for each of {USERS:,} users", words, ""


def _commands(user: str) -> list[str]:
    """A user, a password and four policies."""
    made = [f"UserCreate {user} /GROUP:none /REALNAME:none /NOTE:none", f"UserPasswordSet {user} /PASSWORD:{user}-word"]
    return made + [f"UserPolicySet {user} /NAME:{policy} /VALUE:1800" for policy in POLICIES]


def _batch(secret: str, folder: Path) -> float:
    lines = [line for number in range(USERS) for line in _commands(f"batch{number}")]
    (folder / "batch").write_text("\n".join(lines) + "\n")
    put = ["sh", "-c", "umask 077; cat >/root/batch"]
    subprocess.run(machine.line("server", put), input=(folder / "batch").read_text(), text=True, check=True)
    command = [*VPNCMD.split(), "/IN:/root/batch"]
    seconds = _timed("the vpncmd batch", machine.line("server", command), f"{secret}\n\x04")
    _expect(secret, "batch", USERS)
    return seconds


def _calls(secret: str) -> float:
    users = [f"bare{number}" for number in range(USERS)]
    asked = json.dumps({"password": secret, "users": users})
    seconds = _timed("the bare calls", machine.line("server", ["python3", "-c", CALLS]), asked)
    _expect(secret, "bare", USERS)
    return seconds


def _expect(secret: str, prefix: str, count: int) -> None:
    """Raise RuntimeError unless the server has this many users with the prefix."""
    listed = ["sh", "-c", f"echo UserList >/root/list && {VPNCMD} /IN:/root/list"]
    done = subprocess.run(machine.line("server", listed), input=f"{secret}\n\x04", capture_output=True, text=True)
    made = sum(line.startswith(prefix) for line in done.stdout.splitlines())
    if made != count:
        raise RuntimeError(f"{made} of {count} users {prefix}... were created, so this measurement is void")


def _playbook(state: Path, secret: str, folder: Path) -> float:
    subprocess.run([sys.executable, "-m", "venv", folder / "ansible"], check=True)
    pip = [str(folder / "ansible/bin/pip"), "install", "-q", "--disable-pip-version-check", "ansible-core"]
    subprocess.run(pip, check=True)
    users = [{"name": name, "lines": "\n".join(_commands(name))} for name in (f"played{n}" for n in range(PLAYED))]
    task = {
        "name": "a user",
        "ansible.builtin.shell": {
            "cmd": f"printf '%s\\n' \"$LINES_OF_USER\" >/root/user.txt && {VPNCMD} /IN:/root/user.txt",
            "stdin": "{{ secret }}\n\x04",
        },
        "environment": {"LINES_OF_USER": "{{ item.lines }}"},
        "loop": users,
        "loop_control": {"label": "{{ item.name }}"},
        "no_log": True,
    }
    (folder / "play.yaml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    (folder / "secret.yaml").touch(0o600)
    (folder / "secret.yaml").write_text(json.dumps({"secret": secret}))
    key = ["--private-key", str(state / "ssh/admin"), "--ssh-common-args=-o StrictHostKeyChecking=no"]
    command = [str(folder / "ansible/bin/ansible-playbook"), "-i", f"{network.SERVER},", "-u", "root", *key]
    more = ["-e", "ansible_python_interpreter=/usr/bin/python3", "-e", f"@{folder / 'secret.yaml'}"]
    seconds = _timed("the playbook", machine.line("admin", [*command, *more, str(folder / "play.yaml")]), "")
    _expect(secret, "played", PLAYED)
    return seconds


def _timed(what: str, command: list[str], given: str) -> float:
    began = time.monotonic()
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{what} failed:\n{done.stdout[-1000:]}{done.stderr[-500:]}")
    return time.monotonic() - began
