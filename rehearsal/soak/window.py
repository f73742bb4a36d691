"""Strangers who try without pause to administer the VPN server without its password, while something else happens."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rehearsal import network
from rehearsal.machine import line
from rehearsal.places import PROJECT

KNOCK = """
import collections, http.client, json, ssl, subprocess, sys, threading, time
server, seen, ended = sys.argv[1], collections.Counter(), threading.Event()
context = ssl._create_unverified_context()
body = '{"jsonrpc": "2.0", "id": "1", "method": "GetServerInfo", "params": {}}'
def rpc(port, password):
    connection = http.client.HTTPSConnection(server, port, context=context, timeout=2)
    try:
        connection.request("POST", "/api/", body, {"X-VPNADMIN-PASSWORD": password} if password else {})
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException):
        return "closed"
def vpncmd():
    try:
        done = subprocess.run(["vpncmd", server + ":443", "/SERVER", "/PASSWORD:", "/CMD", "ServerInfoGet"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=10)
    except subprocess.TimeoutExpired:
        return "closed"
    return str(done.returncode)
def calls(port):
    while not ended.is_set():
        for password in ("", "whatever"):
            seen["JSON-RPC " + rpc(port, password)] += 1
            time.sleep(0.05)
def commands():
    while not ended.is_set():
        seen["vpncmd " + vpncmd()] += 1
        time.sleep(0.5)
# Each port has its own stranger: a closed port takes two seconds per try.
threads = [threading.Thread(target=calls, args=(port,)) for port in (443, 992, 1194, 5555)]
threads.append(threading.Thread(target=commands))
for thread in threads: thread.start()
sys.stdin.read()
ended.set()
for thread in threads: thread.join()
print(json.dumps(seen))
"""
"""Tries until its input ends, then prints how often it got each answer; 200 and 0 would be a success."""

SUCCESSES = ("JSON-RPC 200", "vpncmd 0")

Answers = dict[str, Counter[str]]


@contextmanager
def knocking(state: Path, machines: Sequence[str] = ("internet", "campus")) -> Iterator[Answers]:
    """Have strangers try from each machine during the block; their answers are available at its end."""
    environment = {**os.environ, "LABVPN_REHEARSAL": state.name, "PYTHONPATH": str(PROJECT)}
    command = ["python3", "-c", KNOCK, network.SERVER]
    strangers = {
        name: subprocess.Popen(
            line(name, command), env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in machines
    }
    answers: Answers = {}
    try:
        yield answers
    finally:
        for name, stranger in strangers.items():
            answer, _ = stranger.communicate(timeout=60)
            answers[name] = Counter(json.loads(answer))
