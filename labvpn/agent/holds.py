"""Users who were cut and may not dial again for a moment, so that only a person brings the session back."""

import json
import re
from typing import Any, Callable, Dict, Iterator, List

from labvpn.agent.machine import Machine
from labvpn.agent.policies import DEFAULTS, policy_parameters
from labvpn.agent.rpc import OBJECT_NOT_FOUND, Answer, RpcError
from labvpn.agent.state import HELD
from labvpn.agent.times import stamp
from labvpn.agent.users import settings_of

# A refused client renews its own hold, but not for ever: it may be a forgotten one, and the person sits elsewhere.
MOST_HOLDS = 10
# The server saves itself every five minutes: one that crashed may come back with a hold that was lifted meanwhile.
MEMORY_SECONDS = 600.0
REFUSED = re.compile(r'^(\S+ \S+) Connection "CID-\d+": Access has beens? refused to user "([^"]*)"')

Call = Callable[..., Answer]


class Holds:
    """The held users of one hub, remembered on the disk before the server is told.

    A held user's policy `Access` is off: the server then refuses the login, and an OpenVPN client that hears so ends.
    """

    def __init__(self, machine: Machine, hub: str) -> None:
        self.machine = machine
        self.hub = hub
        self.entries: Dict[str, Dict[str, Any]] = self.all().get(hub, {})

    def all(self) -> Dict[str, Dict[str, Dict[str, Any]]]:
        """The held users of every hub."""
        text: Dict[str, Dict[str, Dict[str, Any]]] = json.loads(self.machine.read(HELD) or "{}")
        return text

    def save(self) -> None:
        """Write this hub's held users."""
        self.machine.write(HELD, json.dumps(dict(self.all(), **{self.hub: self.entries})) + "\n", 0o600)

    def hold(self, call: Call, user: str, now: float, seconds: float) -> None:
        """Refuse a user's logins for a while; one whose access the administrator took away is left alone."""
        record = call("GetUser", HubName_str=self.hub, Name_str=user)
        entry = self.entries.get(user)
        if entry is None or entry["lifted"]:
            if record.get("UsePolicy_bool") and not record.get("policy:Access_bool"):
                return
            entry = {"since": now, "policy": bool(record.get("UsePolicy_bool"))}
        self.entries[user] = dict(entry, until=now + seconds, lifted=False)
        self.save()
        if not record.get("UsePolicy_bool"):
            record.update(policy_parameters(DEFAULTS), UsePolicy_bool=True)
        call("SetUser", **dict(settings_of(record), **{"policy:Access_bool": False}))

    def renew(self, lines: Iterator[str], seconds: float) -> None:
        """Let every refused login of a held user, as the security log has it, prolong the hold."""
        for line in lines:
            refused = REFUSED.match(line)
            entry = self.entries.get(refused.group(2).lower()) if refused else None
            at = stamp(refused.group(1)) if refused else None
            if entry and at and not entry["lifted"]:
                entry["until"] = max(entry["until"], min(at, entry["since"] + (MOST_HOLDS - 1) * seconds) + seconds)

    def lift(self, call: Call, now: float, anew: bool = False) -> List[str]:
        """Let in again whose time is over, and return who that is; `anew` also those whom the server may have lost."""
        due = self.due(now, anew)
        for user in due:
            self.open(call, user, bool(self.entries[user]["policy"]))
            self.entries[user]["lifted"] = True
        if due:
            self.save()
        return due

    def due(self, now: float, anew: bool = False) -> List[str]:
        """Whose hold is over; what was lifted long ago is forgotten."""
        self.entries = {
            user: entry
            for user, entry in self.entries.items()
            if not entry["lifted"] or now <= entry["until"] + MEMORY_SECONDS
        }
        return [user for user, one in self.entries.items() if now >= one["until"] and (anew or not one["lifted"])]

    def open(self, call: Call, user: str, policy: bool) -> None:
        """Give a user the access back that a hold took; a user who is gone needs none."""
        try:
            record = call("GetUser", HubName_str=self.hub, Name_str=user)
            if record.get("UsePolicy_bool") and not record.get("policy:Access_bool"):
                given = {"policy:Access_bool": True, "UsePolicy_bool": policy}
                call("SetUser", **dict(settings_of(record), **given))
        except RpcError as error:
            if error.code != OBJECT_NOT_FOUND:
                raise

    def held(self) -> bool:
        """Whether anybody is held now."""
        return any(not entry["lifted"] for entry in self.entries.values())

    def end_all(self) -> None:
        """Let every hold be over."""
        for entry in self.entries.values():
            entry["until"] = 0.0
