"""How old sessions are, by the server's own steady clock: no step of the time of day ends or prolongs one."""

from typing import Any, Dict, List, Tuple
from urllib.parse import quote as percent

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import RUN
from labvpn.agent.core.state_file import StateFile, is_number
from labvpn.agent.core.times import moment
from labvpn.agent.softether.rpc import Answer
from labvpn.agent.softether.session_limits import Live


def ages_file(hub: str) -> str:
    """Where the begins of a hub's sessions are kept."""
    return "{}/sessions.{}.json".format(RUN, percent(hub, ""))


def is_ages(value: Any) -> bool:
    """Whether a value is what `SessionAges` keeps."""
    names = {"server": str, "tick": float, "births": dict}
    if not isinstance(value, dict) or not all(isinstance(value.get(name), kind) for name, kind in names.items()):
        return False
    # No session began after the last look at it.
    return all(is_number(one) and one <= value["tick"] for one in [value["tick"], *value["births"].values()])


class SessionAges:
    """When each session of one hub began, in seconds of the server's tick, which starts with the server.

    GetServerStatus gives the tick in milliseconds beside the time of day. A session that is new since the last round
    is not older than that round, whatever the time of day says of its beginning.
    """

    def __init__(self, machine: Machine, hub: str) -> None:
        self.file = StateFile(machine, ages_file(hub), "", is_ages)
        known, _ = self.file.found()
        self.server: str = known["server"] if known else ""
        self.tick: float = known["tick"] if known else 0.0
        self.births: Dict[str, float] = known["births"] if known else {}

    def steady(self, sessions: List[Live], status: Answer, now: float) -> Tuple[List[Live], float]:
        """The sessions with their begin on the steady clock, and what that clock says now.

        Without a tick from the server both stay as they are, on the clock of `now`.
        """
        if "CurrentTick_u64" not in status:
            return sessions, now
        tick = float(status["CurrentTick_u64"]) / 1000
        if self.server != str(status.get("StartTime_dt")) or tick < self.tick:
            # A restarted server has none of the old sessions.
            self.server, self.tick, self.births = str(status.get("StartTime_dt")), 0.0, {}
        known = set(self.births)
        self.births = {one.name: self.birth(one, now, tick) for one in sessions}
        self.tick = tick
        if known != set(self.births):
            self.file.keep({"server": self.server, "tick": tick, "births": self.births})
        return [one._replace(began=self.births[one.name]) for one in sessions], tick

    def birth(self, session: Live, now: float, tick: float) -> float:
        """When a session began: as it was noted, else by its age on the server's clock, within what can be."""
        if session.name in self.births:
            return self.births[session.name]
        return tick - min(max(0.0, now - session.began), tick - self.tick)


def server_time(status: Answer, now: float) -> float:
    """What the server takes for now, in seconds since 1970; `now` where it does not say."""
    return moment(str(status["CurrentTime_dt"])) or now if "CurrentTime_dt" in status else now
