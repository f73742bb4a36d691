"""Users who were cut and may not dial again for a moment, so that only a person brings the session back."""

import json
import re
from typing import Any, Dict, Iterator, List

from labvpn.agent.everybody import Call, is_stand_in, own_record, record_behind, settings_of, shut, stand_in
from labvpn.agent.machine import Machine
from labvpn.agent.rpc import RpcError
from labvpn.agent.state import HELD
from labvpn.agent.times import stamp

# A refused client renews its own hold, but not for ever: it may be a forgotten one, and the person sits elsewhere.
MOST_HOLDS = 10
# The server saves itself every five minutes: one that crashed may come back with a hold that was lifted meanwhile.
MEMORY_SECONDS = 600.0
REFUSED = re.compile(r'^(\S+ \S+) Connection "CID-\d+": Access has beens? refused to user "([^"]*)"')


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

    def hold(self, call: Call, user: str, now: float, seconds: float) -> bool:
        """Refuse a user's logins for a while, False where that cannot be; whom the administrator shut out stays so."""
        record, of_everybody = record_behind(lambda name: own_record(call, self.hub, name), user)
        if record is None:
            return False
        entry = self.entries.get(user)
        if entry is None or entry["lifted"]:
            if record.get("UsePolicy_bool") and not record.get("policy:Access_bool"):
                return True
            entry = {"since": now, "policy": bool(record.get("UsePolicy_bool")), "made": of_everybody}
        self.entries[user] = dict(entry, until=now + seconds, lifted=False)
        self.save()
        if not of_everybody:
            call("SetUser", **shut(settings_of(record)))
            return True
        return self.make(call, user, shut(stand_in(record, user)))

    def make(self, call: Call, user: str, record: Dict[str, Any]) -> bool:
        """Give a name that `*` let in a user of its own who is refused; a full hub and some names take none."""
        try:
            call("CreateUser", **record)
        except RpcError:
            del self.entries[user]
            self.save()
            return False
        return True

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
            self.open(call, user, self.entries[user])
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

    def open(self, call: Call, user: str, entry: Dict[str, Any]) -> None:
        """Give a user the access back that a hold took; a user who is gone needs none, and a stand-in goes."""
        record = own_record(call, self.hub, user)
        if record is None:
            return
        if entry.get("made"):
            # Somebody may have given the name a line of its own meanwhile.
            if is_stand_in(record.get("Note_utf")):
                call("DeleteUser", HubName_str=self.hub, Name_str=user)
        elif record.get("UsePolicy_bool") and not record.get("policy:Access_bool"):
            given = {"policy:Access_bool": True, "UsePolicy_bool": bool(entry["policy"])}
            call("SetUser", **dict(settings_of(record), **given))

    def held(self) -> bool:
        """Whether anybody is held now."""
        return any(not entry["lifted"] for entry in self.entries.values())

    def end_all(self) -> None:
        """Let every hold be over."""
        for entry in self.entries.values():
            entry["until"] = 0.0
