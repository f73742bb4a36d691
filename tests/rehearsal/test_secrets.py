"""No secret of the stack stands where anybody else could read it, whatever the stack does and however it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from labvpn.rehearsal import sealed, stack
from labvpn.rehearsal.soak.secrets import Hunt
from labvpn.rehearsal.soak.window import SUCCESSES, Answers, knocking
from tests.rehearsal.stack import Stack

BY_HAND = """
import http.client, json, ssl
password = open("/var/lib/labvpn/administrator").read()
server = http.client.HTTPSConnection("127.0.0.1", 443, context=ssl._create_unverified_context())
user = {"HubName_str": "LAB", "Name_str": "guest1", "AuthType_u32": 1, "Auth_Password_str": "by hand"}
body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": "SetUser", "params": user})
server.request("POST", "/api/", body, {"X-VPNADMIN-PASSWORD": password})
assert "error" not in json.loads(server.getresponse().read())
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Stack]:
    lab = Stack("secrets")
    lab.stop()
    lab.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABVPN_REHEARSAL", lab.name)
        yield lab
    lab.stop()


@dataclass(frozen=True)
class Watched:
    """The hunt after a whole life of the stack, and what strangers were answered while it came up."""

    hunt: Hunt
    answers: Answers


@pytest.fixture(scope="module")
def watched(lab: Stack) -> Watched:
    """The stack brought up, made to fail, changed by hand and taken down, all the while watched."""
    lab.output("server", "apt-get", "update", "-q")
    engine = stack.ready(lab.state, lambda _words: None)
    sealed.ensure(lab.state, engine.pulumi, engine.environment(lab.state))
    hunt = Hunt(lab.state)
    with hunt.watching():
        with knocking(lab.state) as answers:
            hunt.refuse_writing(True)
            assert not hunt.run("up", "--yes", "--skip-preview", "--diff")
            hunt.refuse_writing(False)
            assert hunt.run("up", "--yes", "--skip-preview", "--json")
        lab.output("server", "python3", "-", input=BY_HAND)
        assert not hunt.run("preview", "--diff", "--expect-no-changes", "-v=3", "--logtostderr")
        assert hunt.run("refresh", "--yes", "--skip-preview", "--debug")
        hunt.refuse_writing(True)
        assert not hunt.run("destroy", "--yes", "--skip-preview", "--debug")
        hunt.refuse_writing(False)
        assert hunt.run("destroy", "--yes", "--skip-preview")
    return Watched(hunt, answers)


def test_no_secret_stands_where_somebody_else_could_read_it(watched: Watched) -> None:
    assert watched.hunt.leaks() == []


def test_the_hunt_looked_often_and_finds_what_has_to_hold_a_secret(watched: Watched) -> None:
    assert watched.hunt.seen["looks"] > 500
    missed = [reason for reason, seen in watched.hunt.kept().items() if not seen]
    assert [reason for reason in missed if "outputs" not in reason] == []


def test_nobody_administers_the_fresh_server_without_a_password_while_it_comes_up(watched: Watched) -> None:
    for machine, answers in watched.answers.items():
        assert not any(answers[success] for success in SUCCESSES), machine
        assert sum(answers.values()) > 20, machine
    assert watched.answers["campus"]["JSON-RPC 401"], "they never met the server"
