"""The session reaper: it ends sessions at the limits of their users' policies, as the hub's administrator."""

import re
import time
from functools import partial
from typing import Any, Dict, List, Optional

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.lock import held
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import HOME, REAPER_ORDERS
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.core.state_file import StateFile, are_texts
from labvpn.agent.core.takeover import Troubles, replaced, versions
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.crashes import CrashWatch
from labvpn.agent.softether.idle_sessions import IdleTimes
from labvpn.agent.softether.lockouts import Lockouts
from labvpn.agent.softether.login_reader import LoginReader
from labvpn.agent.softether.login_records import Grammars
from labvpn.agent.softether.message_tables import messages_of
from labvpn.agent.softether.radius_wildcard import own_record, record_behind
from labvpn.agent.softether.rpc import OBJECT_NOT_FOUND, Answer, Rpc, RpcError, Unreachable
from labvpn.agent.softether.security_log import SecurityLog
from labvpn.agent.softether.session_ages import SessionAges, server_time
from labvpn.agent.softether.session_limits import Limits, Live, SessionRules, SessionVerdict, live, unused, verdicts
from labvpn.agent.softether.syslog import set_again

RULES = ("interval", "hold", "grace", "keep")
SECONDS = ("interval", "hold", "grace", "idle")

TROUBLE_SECONDS = 5.0
REAPER_REMEDY = "run `pulumi up`, which rewrites the session reaper's orders"


class SessionReaper:
    """The reaper of one hub; its connection is the hub's and opens at first need."""

    def __init__(self, machine: Machine, hub: str, password: str, rules: SessionRules) -> None:
        self.machine = machine
        self.hub = hub
        self.password = password
        self.rules = rules
        self.connection: Optional[Rpc] = None
        self.lockouts = Lockouts(machine, hub, rules.hold)
        self.ages = SessionAges(machine, hub)
        self.idle = IdleTimes()
        # The users of this round; hundreds may be there by `*`, which is asked for once.
        self.records: Dict[str, Optional[Answer]] = {}
        self.log = SecurityLog(machine, hub)
        self.logins = LoginReader(Grammars(messages_of(machine)))
        # The last report of a disk that refuses writes.
        self.reported: Optional[str] = None

    def call(self, method: str, **parameters: Any) -> Answer:
        """Call the server as the hub's administrator."""
        if self.connection is None:
            raise Unreachable("the session reaper has no connection to SoftEther: run it again")
        return self.connection.call(method, **parameters)

    def connect(self) -> bool:
        """Whether a new connection had to be opened; the server may be another one than before."""
        if self.connection is not None:
            return False
        self.connection = SoftEther(self.machine, Secrets({})).first_listener(self.connect_at)
        return True

    def connect_at(self, port: int) -> Rpc:
        """A connection to one listener that takes the hub's password."""
        rpc = SoftEther(self.machine, Secrets({})).rpc(port, self.password, hub=self.hub)
        rpc.call("GetHubStatus", HubName_str=self.hub)
        return rpc

    def round(self, now: float) -> List[str]:
        """End what has to end, lift lockouts that are over, and return what was done."""
        try:
            fresh = self.connect()
            status = self.call("GetServerStatus")
            now = server_time(status, now)
            messages = self.recover() + self.end_sessions(now, status)
            if self.lockouts.any_active():
                self.lockouts.renew(self.logins.events(self.log.lines(), now), self.rules.hold)
            return messages + self.lift(now, fresh) + self.save_again()
        except Exception:
            self.close()
            raise

    def recover(self) -> List[str]:
        """Find out again who is locked out where the record of that is damaged, and report it."""
        if not self.lockouts.damage:
            return []
        messages = [self.lockouts.damage]
        with self.locked():
            self.lockouts.learn_again(self.call)
        return messages

    def save_again(self) -> List[str]:
        """Retry a write that the disk refused, and report a change."""
        before = self.lockouts.unsaved
        if before:
            self.lockouts.save()
        reported, self.reported = self.reported, self.lockouts.unsaved
        return [self.reported or "the session reaper's state is on the disk again"] if reported != self.reported else []

    def lift(self, now: float, fresh: bool) -> List[str]:
        """Lift lockouts that are over; a restarted server may have come back with one that was lifted."""
        if not self.lockouts.due(now, fresh):
            return []
        with self.locked():
            lifted = self.lockouts.lift(self.call, now, fresh)
        return ["{} in {} may dial again".format(user, self.hub) for user in lifted]

    def end_sessions(self, now: float, status: Optional[Answer] = None) -> List[str]:
        """End the sessions that are too old or too many; `status` is GetServerStatus's answer."""
        listed = self.call("EnumSession", HubName_str=self.hub).get("SessionList", [])
        sessions, steady = self.ages.steady(live(listed), status or {}, now)
        self.records = {}
        limits = {user: self.limits(session) for user, session in {one.user: one for one in sessions}.items()}
        ending = verdicts(sessions, limits, self.rules, steady)
        self.idle.update(listed, steady)
        names = {verdict.session.name for verdict in ending}
        quiet = {one.name: self.idle.seconds(one.name, steady) for one in sessions if one.name not in names}
        return [self.end(verdict, now) for verdict in ending + unused(sessions, quiet, self.rules)]

    def limits(self, session: Live) -> Limits:
        """What the session's user is allowed now; where the user has no policy, what the session began with."""
        record, _ = record_behind(self.record, session.user)
        if record is not None and not record.get("UsePolicy_bool"):
            record = self.status(session)
        if record is None:
            return Limits(0, 0)
        return Limits(int(record.get("policy:AutoDisconnect_u32", 0)), int(record.get("policy:MultiLogins_u32", 0)))

    def record(self, user: str) -> Optional[Answer]:
        """A user's current record, None where the server has no such user."""
        if user not in self.records:
            self.records[user] = own_record(self.call, self.hub, user)
        return self.records[user]

    def status(self, session: Live) -> Optional[Answer]:
        """What the session began with, None where it has just ended."""
        try:
            return self.call("GetSessionStatus", HubName_str=self.hub, Name_str=session.name)
        except RpcError as error:
            if error.code != OBJECT_NOT_FOUND:
                raise
            return None

    def end(self, verdict: SessionVerdict, now: float) -> str:
        """Refuse the user's logins for a moment, then end the session."""
        session = verdict.session
        then = self.lock_out(session.user, now)
        try:
            self.call("DeleteSession", HubName_str=self.hub, Name_str=session.name)
        except RpcError as error:
            if error.code != OBJECT_NOT_FOUND:
                raise
        return "cut {} of {} from {} in {}: {}; {}".format(
            session.name, session.user, session.source, self.hub, verdict.why, then
        )

    def lock_out(self, user: str, now: float) -> str:
        """Lock a user out, and return whether that worked; the session ends either way."""
        try:
            with self.locked():
                refused = self.lockouts.lock_out(self.call, user, now, self.rules.hold)
        except RpcError as error:
            return "not locked out: {}".format(error)
        return (
            "locked out for {:.0f} s".format(self.rules.hold)
            if refused
            else "not locked out: SoftEther does not accept such a user"
        )

    def locked(self) -> Any:
        """The hub's lock, so that a user is not set by two at once."""
        return held(self.machine, HOME + "/hub.lock", "the reaper")

    def close(self) -> None:
        """Disconnect; the next round connects again."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def is_orders(value: Any) -> bool:
    """Whether a value is the reaper's orders."""
    hubs = value.get("hubs") if isinstance(value, dict) else None
    if not isinstance(hubs, dict) or not are_texts([*hubs.values()]) or not {*RULES} <= set(value):
        return False
    return all(is_seconds(value.get(name, "0")) for name in SECONDS)


def is_seconds(value: Any) -> bool:
    """Whether a rule is a number of seconds, as a document has it."""
    return bool(re.match(r"\d{1,9}(\.\d+)?\Z", str(value)))


def orders_file(machine: Machine) -> StateFile:
    """The reaper's orders: its rules and the hubs' passwords."""
    return StateFile(machine, REAPER_ORDERS, REAPER_REMEDY, is_orders)


def reapers(machine: Machine) -> List[SessionReaper]:
    """A reaper for each hub of the orders."""
    orders = orders_file(machine).read()
    if orders is None:
        raise AgentError(
            "the session reaper has no orders in {}: run `pulumi up`, which writes them".format(REAPER_ORDERS)
        )
    interval, hold, grace, idle = (float(orders.get(name, 0)) for name in SECONDS)
    rules = SessionRules(interval, hold, grace, str(orders["keep"]), idle)
    return [SessionReaper(machine, hub, password, rules) for hub, password in orders["hubs"].items()]


def reap_sessions(machine: Machine) -> None:
    """Run until the agent or the orders are replaced."""
    began = versions(machine, REAPER_ORDERS)
    workers = reapers(machine)
    troubles = Troubles()
    watch = CrashWatch(machine)
    while not replaced(began, versions(machine, REAPER_ORDERS)):
        pause = workers[0].rules.interval if workers else TROUBLE_SECONDS
        troubles.beside("crashes cannot be counted now", partial(crashes_since, watch))
        for worker in workers:
            trouble = "no session of {} can be ended now".format(worker.hub)
            if not troubles.beside(trouble, partial(worker.round, time.time())):
                pause = max(pause, TROUBLE_SECONDS)
        for worker in workers[:1]:
            troubles.beside("syslog cannot be set again now", partial(set_again, machine, worker.ages.server))
        time.sleep(pause)


def crashes_since(watch: CrashWatch) -> List[str]:
    """The server's crashes since the last call, in words."""
    crashes = watch.poll(time.time())
    words = "SoftEther crashed; connecting then: {}"
    return [words.format(", ".join(crash.sources) or "no known source") for crash in crashes]
