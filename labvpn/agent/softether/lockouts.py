"""Users who were cut and may not dial again for a moment, so that only a person brings the session back."""

from typing import Any, Dict, Iterable, List, Optional

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import LOCKOUTS
from labvpn.agent.core.state import State
from labvpn.agent.core.state_file import StateFile
from labvpn.agent.softether.login_reader import DENIED, Failure
from labvpn.agent.softether.radius_wildcard import (
    Call,
    is_stand_in,
    own_record,
    record_behind,
    settings_of,
    shut,
    stand_in,
)
from labvpn.agent.softether.rpc import RpcError

# A refused client renews its own hold, but not for ever: it may be a forgotten one, and the person sits elsewhere.
MOST_RENEWALS = 10
# The server saves itself every five minutes: one that crashed may come back with a hold that was lifted meanwhile.
MEMORY_SECONDS = 600.0
LONGEST_LOCKOUT = 900.0
"""The longest hold that a configuration may ask for, in seconds."""

CLOCK_SECONDS = 5.0
"""By so much a clock may be set back without the holds of that moment counting as begun in the future."""

LATE_SECONDS = 60.0
LOCKOUTS_REMEDY = "labvpn-reaper lets the locked out users in again and rewrites it"
Entry = Dict[str, Any]


def is_locked_out(value: Any) -> bool:
    """Whether a value is what the file of the held users holds."""
    hubs: List[Any] = list(value.values()) if isinstance(value, dict) else [None]
    return all(isinstance(hub, dict) and all(map(is_entry, hub.values())) for hub in hubs)


def is_entry(value: Any) -> bool:
    """Whether a value describes one hold."""
    if not isinstance(value, dict) or not isinstance(value.get("lifted"), bool):
        return False
    return all(isinstance(value.get(key, 0), (int, float)) for key in ("since", "until", "policy"))


def lockouts_file(machine: Machine) -> StateFile:
    """The held users of every hub, by hub and user."""
    return StateFile(machine, LOCKOUTS, LOCKOUTS_REMEDY, is_locked_out)


def is_over(entry: Entry, now: float, longest: float = LONGEST_LOCKOUT, late: float = 0.0) -> bool:
    """Whether a hold has run out, `late` seconds ago, or cannot be one: of the future, or longer than any may be."""
    since, until = float(entry.get("since", now)), float(entry.get("until", now + longest))
    return now >= until + late or since > now + CLOCK_SECONDS or until > now + longest + CLOCK_SECONDS


def lasts(entry: Entry, now: float) -> bool:
    """Whether a hold is the reaper's still: one that it has not ended long after its time is nobody's any more."""
    return not entry["lifted"] and not is_over(entry, now, late=LATE_SECONDS)


class Lockouts:
    """The held users of one hub, remembered on the disk where it takes that; where it does not, in memory alone.

    A held user's policy `Access` is off: the server then refuses the login, and an OpenVPN client that hears so ends.
    """

    def __init__(self, machine: Machine, hub: str, longest: float = LONGEST_LOCKOUT) -> None:
        self.machine = machine
        self.hub = hub
        self.longest = longest
        self.file = lockouts_file(machine)
        known, self.damage = self.file.found()
        self.entries: Dict[str, Entry] = (known or {}).get(hub, {})
        # Why the disk does not have what is held.
        self.unsaved: Optional[str] = None

    def save(self) -> None:
        """Write this hub's held users, whether or not the disk takes them."""
        others, _ = self.file.found()
        self.unsaved = self.file.keep(dict(others or {}, **{self.hub: self.entries}))

    def lock_out(self, call: Call, user: str, now: float, seconds: float) -> bool:
        """Refuse a user's logins for a while, False where that cannot be; whom the administrator shut out stays so."""
        record, by_wildcard = record_behind(lambda name: own_record(call, self.hub, name), user)
        if record is None:
            return False
        entry = self.entries.get(user)
        if entry is None or entry["lifted"]:
            if record.get("UsePolicy_bool") and not record.get("policy:Access_bool"):
                return True
            entry = {"since": now, "policy": bool(record.get("UsePolicy_bool")), "made": by_wildcard}
        self.entries[user] = dict(entry, until=now + seconds, lifted=False)
        # Before the server is told, so that whoever crashes in between lets the user in again.
        self.save()
        if not by_wildcard:
            call("SetUser", **shut(settings_of(record)))
            return True
        return self.apply(call, user, shut(stand_in(record, user)))

    def apply(self, call: Call, user: str, record: Dict[str, Any]) -> bool:
        """Give a name that `*` let in a user of its own who is refused; a full hub and some names take none."""
        try:
            call("CreateUser", **record)
        except RpcError:
            del self.entries[user]
            self.save()
            return False
        return True

    def renew(self, failures: Iterable[Failure], seconds: float) -> None:
        """Let every refused login of a held user, as the security log has it, prolong the hold."""
        for failure in failures:
            entry = self.entries.get(failure.user.lower()) if failure.kind == DENIED else None
            if entry and not entry["lifted"]:
                latest = min(failure.at, entry["since"] + (MOST_RENEWALS - 1) * seconds)
                entry["until"] = max(entry["until"], latest + seconds)

    def lift(self, call: Call, now: float, anew: bool = False) -> List[str]:
        """Let in again whose time is over, and return who that is; `anew` also those whom the server may have lost."""
        due = self.due(now, anew)
        for user in due:
            self.open(call, user, self.entries[user])
            # One from the future is forgotten in time too.
            self.entries[user].update(lifted=True, until=min(self.entries[user]["until"], now))
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
        over = [user for user, entry in self.entries.items() if is_over(entry, now, self.longest)]
        return [user for user in over if anew or not self.entries[user]["lifted"]]

    def open(self, call: Call, user: str, entry: Entry) -> None:
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

    def learn_again(self, call: Call) -> None:
        """Take for held, and for over, whom a reaper that lost its memory must have held.

        Those are its stand-ins, by their note, and users who are shut out although the applied document lets them in.
        """
        mine = State(self.machine, "hub").lines()
        for user in call("EnumUser", HubName_str=self.hub).get("UserList", []):
            name = str(user["Name_str"])
            made = is_stand_in(user.get("Note_utf"))
            line = mine.get("user {}/{}".format(self.hub, name))
            ours = line is not None and line.values.get("Access", "yes") == "yes"
            if name.lower() not in self.entries and (made or (ours and user.get("DenyAccess_bool"))):
                entry = {"since": 0.0, "until": 0.0, "policy": True, "made": made, "lifted": False}
                self.entries[name.lower()] = entry
        self.damage = ""
        self.save()

    def any_active(self) -> bool:
        """Whether anybody is held now."""
        return any(not entry["lifted"] for entry in self.entries.values())

    def end_all(self) -> None:
        """Let every hold be over."""
        for entry in self.entries.values():
            entry["until"] = 0.0
