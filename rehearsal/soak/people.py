"""The users that the server has, and one who is connected while faults strike."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal import network
from rehearsal.machine import line
from rehearsal.problems import RehearsalError
from rehearsal.soak import connected_client
from rehearsal.soak.engine import Engine

PEOPLE = """
import http.client, json, ssl
password = open("/var/lib/labvpn/administrator").read()
server = http.client.HTTPSConnection("127.0.0.1", 443, context=ssl._create_unverified_context(), timeout=20)
def call(method, field, **params):
    body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": params})
    server.request("POST", "/api/", body, {"X-VPNADMIN-PASSWORD": password})
    return json.loads(server.getresponse().read())["result"][field]
users, sessions = [], []
for hub in call("EnumHub", "HubList"):
    name = hub["HubName_str"]
    users += [name + "/" + one["Name_str"] for one in call("EnumUser", "UserList", HubName_str=name)]
    sessions += [one["Name_str"] for one in call("EnumSession", "SessionList", HubName_str=name)
                 if one["ClientIP_ip"] == "CAMPUS"]
print(json.dumps({"users": users, "sessions": sessions}))
""".replace("CAMPUS", network.CAMPUS)
"""Prints the users that the server has, and the sessions of the client that stays connected."""


def people(engine: Engine) -> dict[str, list[str]]:
    """Users, and the sessions of the client that stays connected; empty if no server answers."""
    done = subprocess.run(
        line("server", ["python3", "-"]),
        input=PEOPLE,
        capture_output=True,
        text=True,
        env=engine.environment,
        check=False,
    )
    found: dict[str, list[str]] = json.loads(done.stdout) if done.returncode == 0 else {"users": [], "sessions": []}
    return found


@contextmanager
def staying(engine: Engine) -> Iterator[None]:
    """Keep a client on the campus connected during the block; RehearsalError if it cannot connect."""
    client = subprocess.Popen(
        [sys.executable, "-m", connected_client.__name__],
        env=engine.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        if not client.stdout or not client.stdout.readline():
            raise RehearsalError("no client could dial in before the fault")
        yield
    finally:
        client.communicate(timeout=60)
