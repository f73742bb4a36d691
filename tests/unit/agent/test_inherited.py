"""What a user inherits from a group stays inherited, and what hangs on a hub is not disturbed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.concern import observed_text
from labvpn.agent.core.document import Change, parse, parse_line
from labvpn.agent.core.state import State
from labvpn.agent.softether.generation import Generation
from labvpn.agent.softether.groups import Groups
from labvpn.agent.softether.hashes import user_hash
from labvpn.agent.softether.hub import HubConcern
from labvpn.agent.softether.lockouts import lockouts_file
from labvpn.agent.softether.users import Users
from tests.unit.adopt.labs import NETWORK, config, hub, policy, text_of, user
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther

STAFF = {"RealName": "", "Note": "", "Policy": policy(AutoDisconnect=900)}
INHERITS = 'user LAB/a password=kept realname="" note="" group=staff expires=never policies=inherited'
OWN = 'user LAB/a password=kept realname="" note="" group=staff expires=never AutoDisconnect=0 MultiLogins=0'


def softether(root: Path, **more: Any) -> FakeSoftEther:
    users = {"a": user("a", GroupName="staff"), "b": user("b", GroupName="staff", Policy=policy())}
    groups = {"staff": STAFF, "bare": {"RealName": "", "Note": ""}}
    return FakeSoftEther(FakeMachine(root), text_of(config({"LAB": hub(users, groups, **more)})))


def actual(server: FakeSoftEther, line: str) -> str:
    return observed_text(HubConcern(State(server.machine, "hub"), server), line + "\n").strip()


def test_a_user_without_a_policy_is_foundwith_the_limits_that_hold(tmp_path: Path) -> None:
    server = softether(tmp_path)
    assert actual(server, INHERITS) == INHERITS
    assert actual(server, OWN) == OWN.replace("AutoDisconnect=0", "AutoDisconnect=900")
    assert actual(server, OWN.replace("/a", "/b")) == OWN.replace("/a", "/b")
    assert "policies=own" in actual(server, INHERITS.replace("/a", "/b"))


def test_the_reapers_hold_is_no_policy_of_the_users_own(tmp_path: Path) -> None:
    server = softether(tmp_path)
    server.text = server.text.replace(
        "string GroupName staff\n", "string GroupName staff\ndeclare Policy\n{\nbool Access false\n}\n", 1
    )
    times = {"since": time.time(), "until": time.time() + 60}
    lockouts_file(server.machine).write({"LAB": {"a": {**times, "policy": False, "made": False, "lifted": False}}})
    assert actual(server, INHERITS) == INHERITS


@pytest.mark.parametrize(("want", "have", "used"), [(INHERITS, OWN, False), (OWN, INHERITS, True)])
def test_a_policy_comes_and_goes_as_a_whole(tmp_path: Path, want: str, have: str, used: bool) -> None:
    server = softether(tmp_path)
    server.answers["GetUser"] = {"UsePolicy_bool": not used, "policy:AutoDisconnect_u32": 5, "GroupName_str": "staff"}
    found = have if used else have.replace("AutoDisconnect=0", "AutoDisconnect=5")
    Users(server).apply(
        [Change(parse_line(want), parse_line(found.replace("policies=inherited", "AutoDisconnect=900")))]
    )
    sent = server.calls[-1][1]
    assert sent["UsePolicy_bool"] is used
    assert sent["GroupName_str"] == "staff"


def test_another_note_gives_nobody_a_policy(tmp_path: Path) -> None:
    server = softether(tmp_path)
    server.answers["GetUser"] = {"UsePolicy_bool": False}
    plain = 'user LAB/a note="" AutoDisconnect=0 MultiLogins=0'
    Users(server).apply([Change(parse_line(plain.replace('""', "new")), parse_line(plain))])
    assert server.calls[-1][1]["UsePolicy_bool"] is False
    Groups(server).apply(
        [Change(parse_line('group LAB/bare realname="" note=new'), parse_line('group LAB/bare note=""'))]
    )
    assert server.calls[-1][1]["UsePolicy_bool"] is False
    Groups(server).apply([Change(parse_line("group LAB/bare note=new MaxIP=1"), parse_line('group LAB/bare note=""'))])
    assert server.calls[-1][1]["UsePolicy_bool"] is True


def test_a_user_without_a_password_is_a_warning(tmp_path: Path) -> None:
    server = softether(tmp_path)
    users = {
        "open": user("open", AuthPassword="+WzqGYrR3VYXrAhKPZLGEHcIwO8="),
        "any": user("any", AuthType=0),
        "c": user("c"),
    }
    users["open"]["AuthPassword"] = user_hash("", "open")
    server.text = text_of(config({"LAB": hub(users)}))
    (said,) = HubConcern(State(server.machine, "hub"), server).warnings(parse("hub LAB online=yes\n"))
    assert said.startswith("open, any of the hub LAB: anyone who knows the name gets in")


WANTED = "hub LAB online=yes\nsecurenat LAB enabled=yes\n"
BRIDGE = {"LocalBridgeList": {"L": {"DeviceName": "eth1", "HubName": "lab"}}}


@pytest.mark.parametrize(
    ("off", "bridge", "word", "refused"),
    [
        (True, BRIDGE, "", True),
        (False, BRIDGE, "", False),
        (True, {}, "", False),
        (True, BRIDGE, " beside-bridge=yes", False),
    ],
)
def test_secure_nat_is_switched_on_beside_a_bridge_by_the_administrators_word_alone(
    tmp_path: Path, off: bool, bridge: dict[str, Any], word: str, refused: bool
) -> None:
    tree = config({"LAB": hub(SecureNAT={**NETWORK, "Disabled": off})}, **bridge)
    server = FakeSoftEther(FakeMachine(tmp_path), text_of(tree))
    found = HubConcern(State(server.machine, "hub"), server).refusals(parse(WANTED.replace("=yes\n", f"=yes{word}\n")))
    assert bool(found) == refused
    if refused:
        assert "a local bridge to eth1 on the hub LAB" in found[0][0]


def test_a_generation_that_leaves_the_document_is_nothing_to_bring_back(tmp_path: Path) -> None:
    Generation(softether(tmp_path)).restore(parse_line("generation number=4"), {"number": "4"})
