"""SoftEther's user `*`: everyone whom the hub's RADIUS server knows and who has no user of their own."""

from typing import Any, Callable, Dict, Iterable, Optional, Set, Tuple

from labvpn.agent.core.times import storable
from labvpn.agent.softether.policies import DEFAULTS, policy_parameters
from labvpn.agent.softether.rpc import INVALID_PARAMETER, OBJECT_NOT_FOUND, Answer, RpcError

WILDCARD = "*"
# A login with the hub's password has this name; no user has it, and `*` does not cover it.
ADMINISTRATOR = "administrator"
STAND_IN = "held off by labvpn-reaper"
"""The note of a user whom the reaper made for a moment, so that one name among all of `*` is refused."""

# Parts of GetUser's answer that describe use, not settings.
COUNTERS = ("Recv.", "Send.", "NumLogin", "CreatedTime", "UpdatedTime")

END = "ExpireTime_dt"

Call = Callable[..., Answer]


def settings_of(record: Answer) -> Dict[str, Any]:
    """GetUser's answer without its counters and times, with an end that stays one when it is written again."""
    settings = {key: value for key, value in record.items() if not key.startswith(COUNTERS)}
    return dict(settings, **{key: storable(str(settings[key])) for key in settings if key == END})


def own_record(call: Call, hub: str, user: str) -> Optional[Answer]:
    """A user's record, None where the hub has no such user; of a name that no user can have the server says 38."""
    try:
        return call("GetUser", HubName_str=hub, Name_str=user)
    except RpcError as error:
        if error.code not in (OBJECT_NOT_FOUND, INVALID_PARAMETER):
            raise
        return None


def record_behind(record_of: Callable[[str], Optional[Answer]], user: str) -> Tuple[Optional[Answer], bool]:
    """The record by which a user was let in, None where there is none by now, and whether it is that of `*`."""
    # A login as `*` itself is covered by `*` too, and must not affect the others.
    own = record_of(user) if user != WILDCARD else None
    if own is not None or user == ADMINISTRATOR:
        return own, False
    return record_of(WILDCARD), True


def stand_in(wildcard: Answer, user: str) -> Dict[str, Any]:
    """A user of this name with all that `*` has, so that the limits stay what they are."""
    return dict(settings_of(wildcard), Name_str=user, Note_utf=STAND_IN)


def is_stand_in(note: object) -> bool:
    """Whether a user's note says that the reaper made it."""
    return note == STAND_IN


def shut(record: Dict[str, Any]) -> Dict[str, Any]:
    """A record whose logins are refused."""
    if not record.get("UsePolicy_bool"):
        record = dict(record, UsePolicy_bool=True, **policy_parameters(DEFAULTS))
    return dict(record, **{"policy:Access_bool": False})


def without_user(listed: Answer, sessions: Iterable[str]) -> Set[str]:
    """Those of these names, in lower case, that EnumUser's answer does not list: `*` has let them in."""
    own = {str(user["Name_str"]).lower() for user in listed.get("UserList", [])}
    return set(sessions) - own - {ADMINISTRATOR}
