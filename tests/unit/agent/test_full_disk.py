"""Full disks and damaged files under the reaper: it goes on, and learns again what it can."""

from __future__ import annotations

import errno
import os
from typing import Any

import pytest

from labvpn.agent.core.document import line_of
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.lock import held
from labvpn.agent.core.paths import AGENT, LOCKOUTS, REAPER_ORDERS
from labvpn.agent.core.state import State
from labvpn.agent.core.takeover import replaced, versions
from labvpn.agent.daemons.session_reaper import orders_file
from labvpn.agent.softether.lockouts import Lockouts, lockouts_file
from labvpn.agent.softether.radius_wildcard import STAND_IN
from tests.unit.agent.fakes import FakeMachine
from tests.unit.agent.steady import Server, reaper, rounds


def full(*_args: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("part", ["fsync", "open"])
def test_a_full_disk_keeps_nobody_in_and_nobody_out(
    machine: FakeMachine, server: Server, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    one = reaper(machine, server)
    real = os.open
    with monkeypatch.context() as patched:
        fails = (
            full if part == "fsync" else lambda name, flags, *mode: full() if flags & os.O_CREAT else real(name, flags)
        )
        patched.setattr(os, part, fails)
        server.dial()
        said = rounds(one, server, 1800)
        assert said[0].startswith("cut SID-GUEST1-[OPENVPN_L3]-1 of guest1")
        assert not server.lets_in
        assert [f"{LOCKOUTS} on the VPN host cannot be written" in line for line in said[1:]] == [True]
        said = rounds(one, server, 60)
        assert said == ["guest1 in LAB may dial again"]
        assert server.lets_in
    assert rounds(one, server, 10) == ["the session reaper's state is on the disk again"]
    assert lockouts_file(machine).read()["LAB"]["guest1"]["lifted"] is True


def test_a_lock_holds_on_a_full_disk_and_where_a_folder_is_in_its_place(machine: FakeMachine) -> None:
    machine.path("/var/lib/labvpn/hub.lock").mkdir(parents=True)
    with (
        held(machine, "/var/lib/labvpn/hub.lock", "the reaper"),
        pytest.raises(AgentError, match="has the lock"),
        held(machine, "/var/lib/labvpn/hub.lock", "converge hub", 0.1),
    ):
        pass


def test_a_reaper_that_lost_its_memory_lets_in_whom_it_must_have_held(machine: FakeMachine, server: Server) -> None:
    for name in ("shut", "theirs", "guest2", "jdoe"):
        server.add(name, **{"policy:Access_bool": False})
    server.users["jdoe"]["Note_utf"] = STAND_IN
    lines = [
        line_of("user", f"LAB/{name}", {"AutoDisconnect": "1800", **more}).text
        for name, more in (("guest1", {}), ("guest2", {}), ("shut", {"Access": "no"}))
    ]
    State(machine, "hub").record("\n".join(lines) + "\n")
    machine.write(LOCKOUTS, "\0\0")
    one = reaper(machine, server)
    said = rounds(one, server, 10)
    assert LOCKOUTS in said[0]
    assert sorted(said[1:]) == ["guest2 in LAB may dial again", "jdoe in LAB may dial again"]
    assert "jdoe" not in server.users
    assert not server.users["shut"]["policy:Access_bool"]
    assert not server.users["theirs"]["policy:Access_bool"]
    assert Lockouts(machine, "LAB").damage == ""


def test_one_user_who_cannot_be_held_keeps_nobody_elses_session_alive(machine: FakeMachine, server: Server) -> None:
    one = reaper(machine, server)
    server.fails = {"SetUser"}
    server.dial()
    server.dial("SID-GUEST1-[L2TP]-2")
    said = rounds(one, server, 1805)
    assert len(said) == 2
    assert all("not locked out: " in line for line in said)
    assert server.sessions == {}


def test_a_reaper_goes_on_while_its_orders_or_its_program_are_damaged(machine: FakeMachine) -> None:
    orders_file(machine).write({"hubs": {}, "interval": "5", "hold": "60", "grace": "30", "keep": "newest"})
    machine.write(AGENT, "sys.exit(main())\n", 0o755)
    began = versions(machine, REAPER_ORDERS)
    assert len(began) == 2
    machine.write(REAPER_ORDERS, '{"hubs"', 0o600)
    assert not replaced(began, versions(machine, REAPER_ORDERS))
    orders_file(machine).write({"hubs": {}, "interval": "9", "hold": "60", "grace": "30", "keep": "newest"})
    assert replaced(began, versions(machine, REAPER_ORDERS))
    for text, mode in (("", 0o755), ("sys.exit(ma", 0o755), ("sys.exit(main())\n", 0o644)):
        machine.write(AGENT, text, mode)
        assert not replaced(began, versions(machine, REAPER_ORDERS))
