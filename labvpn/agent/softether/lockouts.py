"""Users whose session was ended and who may not dial again for a moment, so that only a person brings it back."""

from typing import Any, Dict, Iterable, List, Optional

from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import LOCKOUTS
from labvpn.agent.core.state import State
from labvpn.agent.core.state_file import StateFile, is_number
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

# A refused client prolongs its own lockout, but not forever: it may be forgotten while its user sits elsewhere.
MOST_RENEWALS = 10
# The server saves itself every five minutes: one that crashed may come back with a lockout that was lifted meanwhile.
MEMORY_SECONDS = 600.0
LONGEST_LOCKOUT = 900.0
"""The longest lockout that a configuration may ask for, in seconds."""

CLOCK_SECONDS = 5.0
"""A clock may be set back by this many seconds before a lockout counts as begun in the future."""

LATE_SECONDS = 60.0
LOCKOUTS_REMEDY = "labvpn-reaper lets the locked out users in again and rewrites it"
Entry = Dict[str, Any]
UNKNOWN: Entry = {"since": 0.0, "until": 0.0, "policy": True, "made": False, "lifted": False}
"""A lockout of which nothing is known: it is over."""


def is_locked_out(value: Any) -> bool:
    """Whether a value is the content of the lockouts' file."""
    hubs: List[Any] = list(value.values()) if isinstance(value, dict) else [None]
    return all(isinstance(hub, dict) and all(map(is_entry, hub.values())) for hub in hubs)


def is_entry(value: Any) -> bool:
    """Whether a value describes one lockout."""
    if not isinstance(value, dict) or not isinstance(value.get("lifted"), bool):
        return False
    return all(is_number(value.get(key, 0)) for key in ("since", "until", "policy"))


def lockouts_file(machine: Machine) -> StateFile:
    """The lockouts of every hub, by hub and user."""
    return StateFile(machine, LOCKOUTS, LOCKOUTS_REMEDY, is_locked_out)


def is_over(entry: Entry, now: float, longest: float = LONGEST_LOCKOUT, late: float = 0.0) -> bool:
    """Whether a lockout ran out, `late` seconds ago, or cannot be one: in the future, or longer than allowed."""
    since, until = float(entry.get("since", now)), float(entry.get("until", now + longest))
    return now >= until + late or since > now + CLOCK_SECONDS or until > now + longest + CLOCK_SECONDS


def lasts(entry: Entry, now: float) -> bool:
    """Whether a lockout is still the reaper's: one that it has not lifted long after its end is abandoned."""
    return not entry["lifted"] and not is_over(entry, now, late=LATE_SECONDS)


class Lockouts:
    """The lockouts of one hub, kept on the disk; where that refuses writes, in memory alone.

    A locked out user's policy `Access` is off: the server then refuses the login, and an OpenVPN client ends at that.
    """

    def __init__(self, machine: Machine, hub: str, longest: float = LONGEST_LOCKOUT) -> None:
        self.machine = machine
        self.hub = hub
        self.longest = longest
        self.file = lockouts_file(machine)
        known, self.damage = self.file.found()
        held: Dict[str, Entry] = (known or {}).get(hub, {})
        self.entries = {user: dict(UNKNOWN, **entry) for user, entry in held.items()}
        # Why the disk does not have the lockouts.
        self.unsaved: Optional[str] = None

    def save(self) -> None:
        """Write this hub's lockouts, whether or not the disk accepts them."""
        others, _ = self.file.found()
        self.unsaved = self.file.keep(dict(others or {}, **{self.hub: self.entries}))

    def lock_out(self, call: Call, user: str, now: float, seconds: float) -> bool:
        """Refuse a user's logins for a while, False where that fails; the administrator's own refusal stays."""
        record, by_wildcard = record_behind(lambda name: own_record(call, self.hub, name), user)
        if record is None:
            return False
        entry = self.entries.get(user)
        if entry is None or entry["lifted"]:
            if record.get("UsePolicy_bool") and not record.get("policy:Access_bool"):
                return True
            entry = {"since": now, "policy": bool(record.get("UsePolicy_bool")), "made": by_wildcard}
        self.entries[user] = dict(entry, until=now + seconds, lifted=False)
        # Before the call, so that a crash in between does not leave the user locked out.
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
        """Prolong a lockout by every refused login of its user in the security log."""
        for failure in failures:
            entry = self.entries.get(failure.user.lower()) if failure.kind == DENIED else None
            if entry and not entry["lifted"]:
                latest = min(failure.at, entry["since"] + (MOST_RENEWALS - 1) * seconds)
                entry["until"] = max(entry["until"], latest + seconds)

    def lift(self, call: Call, now: float, again: bool = False) -> List[str]:
        """Lift what is over and return its users; `again` those too that the server may have forgotten."""
        due = self.due(now, again)
        for user in due:
            self.open(call, user, self.entries[user])
            # One from the future is dropped in time too.
            self.entries[user].update(lifted=True, until=min(self.entries[user]["until"], now))
        if due:
            self.save()
        return due

    def due(self, now: float, again: bool = False) -> List[str]:
        """The users whose lockout is over; what was lifted long ago is dropped."""
        self.entries = {
            user: entry
            for user, entry in self.entries.items()
            if not entry["lifted"] or now <= entry["until"] + MEMORY_SECONDS
        }
        over = [user for user, entry in self.entries.items() if is_over(entry, now, self.longest)]
        return [user for user in over if again or not self.entries[user]["lifted"]]

    def open(self, call: Call, user: str, entry: Entry) -> None:
        """Give a user access again; a user who is gone needs none, and a stand-in is deleted."""
        record = own_record(call, self.hub, user)
        if record is None:
            return
        if entry.get("made"):
            # The name may have got a user of its own meanwhile.
            if is_stand_in(record.get("Note_utf")):
                call("DeleteUser", HubName_str=self.hub, Name_str=user)
        elif record.get("UsePolicy_bool") and not record.get("policy:Access_bool"):
            given = {"policy:Access_bool": True, "UsePolicy_bool": bool(entry["policy"])}
            call("SetUser", **dict(settings_of(record), **given))

    def learn_again(self, call: Call) -> None:
        """Record as locked out, and as over, the users whom a reaper that lost its record must have locked out.

        Those are its stand-ins, by their note, and users who are shut out although the applied document lets them in.
        """
        mine = State(self.machine, "hub").lines()
        for user in call("EnumUser", HubName_str=self.hub).get("UserList", []):
            name = str(user["Name_str"])
            made = is_stand_in(user.get("Note_utf"))
            line = mine.get("user {}/{}".format(self.hub, name))
            ours = line is not None and line.values.get("Access", "yes") == "yes"
            if name.lower() not in self.entries and (made or (ours and user.get("DenyAccess_bool"))):
                self.entries[name.lower()] = dict(UNKNOWN, made=made)
        self.damage = ""
        self.save()

    def any_active(self) -> bool:
        """Whether any user is locked out now."""
        return any(not entry["lifted"] for entry in self.entries.values())

    def end_all(self) -> None:
        """End every lockout."""
        for entry in self.entries.values():
            entry["until"] = 0.0
