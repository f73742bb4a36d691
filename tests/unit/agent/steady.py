"""A server in memory whose clocks can be set, and a reaper that is connected to it."""

from __future__ import annotations

import time
from typing import Any

from labvpn.agent.daemons.session_reaper import SessionReaper
from labvpn.agent.softether.rpc import OBJECT_NOT_FOUND, Answer, RpcError
from labvpn.agent.softether.session_limits import SessionRules
from tests.unit.agent.fakes import FakeMachine

RULES = SessionRules(interval=5, hold=60, grace=30, keep="newest")
STARTED, DAYS = 1_795_000_000.0, 2 * 24 * 3600.0


def when(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


class Server:
    """A server of one hub and one user, whose time of day is off by `wrong` seconds."""

    def __init__(self) -> None:
        self.tick, self.wrong, self.started = 100.0, 0.0, STARTED
        self.sessions: dict[str, float] = {}
        self.users: dict[str, Answer] = {}
        self.fails: set[str] = set()
        self.add("guest1")

    def add(self, name: str, **record: Any) -> None:
        policy = {"UsePolicy_bool": True, "policy:Access_bool": True, "policy:AutoDisconnect_u32": 1800}
        self.users[name] = {"Name_str": name, **policy, **record}

    @property
    def now(self) -> float:
        return STARTED + self.tick + self.wrong

    def dial(self, name: str = "SID-GUEST1-[OPENVPN_L3]-1") -> None:
        self.sessions[name] = self.now

    def call(self, method: str, **named: Any) -> Answer:
        if method in self.fails:
            raise RpcError(method, 52, "not enough privileges")
        if method == "GetServerStatus":
            status = {"CurrentTime_dt": when(self.now), "CurrentTick_u64": int(self.tick * 1000)}
            return {**status, "StartTime_dt": when(self.started)}
        if method == "EnumSession":
            common = {"Username_str": "guest1", "ClientIP_ip": "198.51.100.10"}
            return {
                "SessionList": [
                    {"Name_str": n, "CreatedTime_dt": when(at), **common} for n, at in self.sessions.items()
                ]
            }
        if method == "EnumUser":
            shut = {n: {**u, "DenyAccess_bool": not u["policy:Access_bool"]} for n, u in self.users.items()}
            return {"UserList": list(shut.values())}
        return self.of_user(method, named)

    def of_user(self, method: str, named: dict[str, Any]) -> Answer:
        name = str(named.get("Name_str"))
        if method == "DeleteSession":
            del self.sessions[name]
        elif method == "SetUser":
            self.users[name] = dict(named)
        elif method == "DeleteUser":
            del self.users[name]
        elif method == "GetUser":
            if name not in self.users:
                raise RpcError(method, OBJECT_NOT_FOUND, "gone")
            return dict(self.users[name])
        return {}

    @property
    def lets_in(self) -> bool:
        return bool(self.users["guest1"]["policy:Access_bool"])


def reaper(machine: FakeMachine, server: Server) -> SessionReaper:
    """A reaper that is connected; its own clock is of no account."""
    made = SessionReaper(machine, "LAB", "hub-canary", RULES)
    made.connect = lambda: False  # type: ignore[method-assign]
    made.call = server.call  # type: ignore[method-assign]
    return made


def rounds(one: SessionReaper, server: Server, seconds: float, step: float = 5) -> list[str]:
    said: list[str] = []
    for _ in range(int(seconds / step)):
        server.tick += step
        said += one.round(0.0)
    return said
