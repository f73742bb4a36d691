"""Which sessions of a hub have to end: those beyond their user's time, and those beyond their user's number."""

from typing import Dict, Iterable, List, NamedTuple

from labvpn.agent.core.times import moment
from labvpn.agent.softether.radius_wildcard import ADMINISTRATOR
from labvpn.agent.softether.rpc import Answer

# What says that a session is the hub's own: of its router, its bridges, its cascades or a switch between hubs.
OWN_MODES = ("SecureNATMode_bool", "BridgeMode_bool", "LinkMode_bool", "Layer3Mode_bool")


DIALLED_AS_ADMINISTRATOR = "nobody may dial in with the hub's own password"


class SessionRules(NamedTuple):
    """How sessions are ended: all times in seconds; `keep` says which one of too many stays, `newest` or `oldest`.

    `grace` is how long a session is left that ends by itself: of SoftEther's own client, or one left by its client.
    `idle` is how long a session may carry nothing; 0 means unlimited.
    """

    interval: float
    hold: float
    grace: float
    keep: str
    idle: float = 0.0


class Limits(NamedTuple):
    """What a user is allowed: seconds and sessions; 0 means unlimited."""

    seconds: int
    sessions: int


class Live(NamedTuple):
    """A user's session; SoftEther's own client is `native`, and counts the time itself."""

    name: str
    user: str
    source: str
    began: float
    native: bool


class SessionVerdict(NamedTuple):
    """A session that has to end, and why."""

    session: Live
    why: str


def is_users(listed: Answer) -> bool:
    """Whether a session of EnumSession's answer is a user's, and not the hub's own."""
    return not any(listed.get(flag) for flag in OWN_MODES)


def live(listed: Iterable[Answer]) -> List[Live]:
    """The users' sessions of EnumSession, without the hub's own, of its router and its bridges."""
    return [
        Live(
            str(one["Name_str"]),
            str(one["Username_str"]).lower(),
            str(one["ClientIP_ip"]),
            moment(str(one["CreatedTime_dt"])) or 0.0,
            # The name contains every other protocol: SID-GUEST1-[OPENVPN_L3]-3.
            "-[" not in str(one["Name_str"]),
        )
        for one in listed
        if is_users(one)
    ]


def verdicts(sessions: List[Live], limits: Dict[str, Limits], rules: SessionRules, now: float) -> List[SessionVerdict]:
    """The sessions that have to end now, each once."""
    found = [SessionVerdict(session, DIALLED_AS_ADMINISTRATOR) for session in sessions if session.user == ADMINISTRATOR]
    found += [one for session in sessions for one in overdue(session, limits[session.user], rules, now)]
    ending = {verdict.session.name for verdict in found}
    for user, allowed in limits.items():
        staying = [one for one in sessions if one.user == user and one.name not in ending]
        found += surplus(staying, allowed, rules, now)
    return found


def overdue(session: Live, allowed: Limits, rules: SessionRules, now: float) -> List[SessionVerdict]:
    """The verdict on a session that is older than its user may stay."""
    limit = allowed.seconds + (rules.grace if session.native else 0)
    age = now - session.began
    if not allowed.seconds or age < limit:
        return []
    return [SessionVerdict(session, "{:.0f} s old, the limit is {} s".format(age, allowed.seconds))]


def surplus(sessions: List[Live], allowed: Limits, rules: SessionRules, now: float) -> List[SessionVerdict]:
    """The verdicts on the sessions of one user beyond their number.

    Whoever dials again after a broken line is there twice until the server drops the old session by itself: OpenVPN's
    after about ten seconds without a ping. So they are too many only once they have been so for `grace` seconds.
    """
    if not allowed.sessions or len(sessions) <= allowed.sessions:
        return []
    since = sorted(one.began for one in sessions)[allowed.sessions]
    if now - since < rules.grace:
        return []
    ordered = sorted(sessions, key=lambda one: one.began, reverse=rules.keep == "newest")
    why = "{} sessions at once, the limit is {}".format(len(sessions), allowed.sessions)
    return [SessionVerdict(session, why) for session in ordered[allowed.sessions :]]


def unused(sessions: List[Live], idle: Dict[str, float], rules: SessionRules) -> List[SessionVerdict]:
    """The verdicts on the sessions that have carried nothing for too long; `idle` is in seconds, by session."""
    if not rules.idle:
        return []
    found = [(one, idle.get(one.name, 0.0)) for one in sessions]
    why = "carried nothing for {:.0f} s, the limit is {:.0f} s"
    return [SessionVerdict(one, why.format(seconds, rules.idle)) for one, seconds in found if seconds >= rules.idle]
