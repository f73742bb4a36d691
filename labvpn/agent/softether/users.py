"""The users of a hub: password and security policy, read from the configuration at once, written one call a user."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import time
from typing import Any, Dict, Iterable, List, Optional, Set

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Change, Line, line_of
from labvpn.agent.core.state import Remembered
from labvpn.agent.core.times import NEVER_EXPIRES, expiry
from labvpn.agent.softether.accounts import Accounts, hub_block
from labvpn.agent.softether.authentication import (
    LOGIN_KEYS,
    LOGIN_PARAMETERS,
    OTHER_WAY,
    is_kept,
    login_parameters,
    login_value,
)
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.config_file import Tree
from labvpn.agent.softether.fixed_address import note_parameters, note_value
from labvpn.agent.softether.lockouts import lasts, lockouts_file
from labvpn.agent.softether.policies import (
    DEFAULTS,
    INHERITED,
    group_policy,
    policy_parameters,
    policy_value,
    set_policy,
    unstated_policies,
)
from labvpn.agent.softether.radius_wildcard import WILDCARD, is_stand_in, settings_of, without_user
from labvpn.agent.softether.rpc import OBJECT_NOT_FOUND, USER_EXISTS, RpcError
from labvpn.agent.softether.server_settings import Setting
from labvpn.agent.softether.session_limits import live

# A user's texts in a line, beside the policies.
TEXTS = {"realname": ("RealName", "Realname_utf"), "note": ("Note", "Note_utf")}
PROPERTIES = frozenset(TEXTS) | {"address", "group", "expires", "policies"} | LOGIN_KEYS


class Users(Setting):
    """`user LAB/owner password=current realname="Jun" note="" group=none expires=never AutoDisconnect=1800`.

    `policies=inherited` in place of policies: the user has none, and SoftEther uses those of the group.
    """

    kind = "user"

    def __init__(self, softether: SoftEther) -> None:
        super().__init__(softether)
        self.listed = Accounts(softether)
        self.lockouts: Optional[Dict[str, Dict[str, Dict[str, Any]]]] = None
        # The hubs that are ours alone, with the users that they may have, in lower case.
        self.exclusive: Dict[str, Set[str]] = {}

    def unmanaged(self) -> List[Line]:
        """Accounts that others made in a hub that is ours alone."""
        found = [
            (hub, name) for hub, ours in self.exclusive.items() for name in self.names(hub) if name.lower() not in ours
        ]
        return [line_of("user", hub + "/" + name, {}) for hub, name in found]

    def names(self, hub: str) -> List[str]:
        """The users that a hub has."""
        return list(self.accounts(hub))

    def accounts(self, hub: str) -> Dict[str, Tree]:
        """A hub's users without those whom the reaper made for a moment."""
        return {
            name: block for name, block in self.listed.of(hub).items() if not self.is_temporary(hub + "/" + name, block)
        }

    def read(self, line: Line) -> Optional[Values]:
        block = self.listed.find(line.name)
        if block is None or self.is_temporary(line.name, block):
            return None
        policy = self.policy(line, block)
        if self.is_locked_out(line.name):
            # The reaper took the access for a moment, which is not drift.
            policy = dict(policy, Access="true")
        values = {key: self.value(key, line, block, policy) for key in line.values}
        values.update(unstated_policies(policy, values))
        return values

    def policy(self, line: Line, block: Tree) -> Tree:
        """The policy that applies to a user: their own, or their group's, unless the line asks for their own alone."""
        if "Policy" in block or "policies" in line.values:
            return {} if self.inherits(line.name, block) else dict(block["Policy"])
        hub = hub_block(self.softether, line.name.partition("/")[0])
        return group_policy(hub or {}, str(block.get("GroupName", "")))

    def inherits(self, name: str, block: Tree) -> bool:
        """Whether a user has no policy of their own; the one that the reaper set for a lockout does not count."""
        return "Policy" not in block or self.lockout_of(name).get("policy") is False

    def is_locked_out(self, name: str) -> bool:
        """Whether the reaper does not let a user in for the moment."""
        return self.lockout_of(name).get("made") is False

    def is_temporary(self, name: str, block: Tree) -> bool:
        """Whether the reaper made this user, so that `*` does not let this name in for the moment."""
        return is_stand_in(block.get("Note")) and bool(self.lockout_of(name).get("made"))

    def lockout_of(self, name: str) -> Dict[str, Any]:
        """A user's current lockout, empty where there is none; the reaper lifts it within a minute of its end."""
        if self.lockouts is None:
            self.lockouts = lockouts_file(self.softether.machine).found()[0] or {}
        hub, _, user = name.partition("/")
        entry = self.lockouts.get(hub, {}).get(user.lower())
        return dict({"made": False}, **entry) if entry and lasts(entry, time.time()) else {}

    def value(self, key: str, line: Line, block: Tree, policy: Tree) -> str:
        """One value of a user."""
        if key in LOGIN_KEYS:
            return login_value(key, line, block, self.listed.hashes())
        if key in ("note", "address"):
            return note_value(key, line, str(block.get("Note", "")))
        if key in TEXTS:
            return str(block.get(TEXTS[key][0], ""))
        if key == "group":
            return str(block.get("GroupName", "")) or "none"
        if key == "policies":
            return INHERITED if self.inherits(line.name, block) else "own"
        if key == "expires":
            return expiry(str(block.get("ExpireTime", "0")))
        return policy_value(policy, key)

    def purges(self, line: Line) -> bool:
        # A user who is removed from the list must not get in again by the former password.
        return is_kept(line) or line.name.partition("/")[2] == WILDCARD

    def lost(self, lines: Iterable[Line]) -> List[str]:
        """The users whose kept password is not on the server: they are gone, or log in another way by now."""
        actual = ((line.name, self.read(line)) for line in lines if line.kind == self.kind and is_kept(line))
        return [name for name, values in actual if values is None or values["password"] == OTHER_WAY]

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want and change.have is None:
                self.create(change.want)
            elif change.want and change.have:
                self.alter(change.want, change.have)

    def create(self, want: Line) -> None:
        """Create a user; one that a run cut off has made already is altered."""
        own = want.values.get("policies") != INHERITED
        parameters = dict(self.target(want), AuthType_u32=1, UsePolicy_bool=own, **policy_parameters(DEFAULTS))
        parameters.update(self.given(want))
        parameters.update(login_parameters(want, self.softether.secrets))
        try:
            self.call("CreateUser", **parameters)
        except RpcError as error:
            if error.code != USER_EXISTS:
                raise
            self.call("SetUser", **parameters)

    def alter(self, want: Line, have: Line) -> None:
        """Change what differs and keep the rest: group, expiry, and the password where it is right."""
        record = self.call("GetUser", **self.target(want))
        set_policy(record, want.values, have.values)
        given = self.given(want)
        if any(have.values.get(key) != want.values.get(key) for key in LOGIN_KEYS & want.values.keys()):
            for key in LOGIN_PARAMETERS:
                record.pop(key, None)
            given.update(login_parameters(want, self.softether.secrets))
        self.call("SetUser", **dict(settings_of(record), **given))

    def given(self, want: Line) -> Dict[str, Any]:
        """The parameters that a line states."""
        parameters: Dict[str, Any] = policy_parameters(
            {key: value for key, value in want.values.items() if key not in PROPERTIES}
        )
        parameters.update({TEXTS[key][1]: value for key, value in want.values.items() if key in TEXTS})
        parameters.update(note_parameters(want.values))
        if "group" in want.values:
            parameters["GroupName_str"] = "" if want.values["group"] == "none" else want.values["group"]
        if "expires" in want.values:
            parameters["ExpireTime_dt"] = "" if want.values["expires"] == NEVER_EXPIRES else want.values["expires"]
        return parameters

    def target(self, line: Line) -> Dict[str, Any]:
        """The parameters that name a user."""
        hub, _, user = line.name.partition("/")
        return {"HubName_str": hub, "Name_str": user}

    def remove(self, lines: List[Line]) -> None:
        for line in lines:
            try:
                self.call("DeleteUser", **self.target(line))
            except RpcError as error:
                if error.code != OBJECT_NOT_FOUND:
                    raise
        for hub in {line.name.partition("/")[0] for line in lines}:
            gone = {line.name.partition("/")[2].lower() for line in lines if line.name.startswith(hub + "/")}
            self.cut(hub, gone)

    def cut(self, hub: str, names: Set[str]) -> None:
        """End the live sessions of these users; of `*`: of all who have no user of their own."""
        sessions = live(self.call("EnumSession", HubName_str=hub).get("SessionList", []))
        if WILDCARD in names:
            listed = self.call("EnumUser", HubName_str=hub)
            names = names | without_user(listed, [session.user for session in sessions])
        for session in sessions:
            if session.user in names:
                try:
                    self.call("DeleteSession", HubName_str=hub, Name_str=session.name)
                except RpcError as error:
                    if error.code != OBJECT_NOT_FOUND:
                        raise

    def remember(self, line: Line) -> Remembered:
        record = settings_of(self.call("GetUser", **self.target(line)))
        return dict(line.values, record=record)

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        record = settings_of(remembered["record"])
        try:
            self.call("CreateUser", **record)
        except RpcError as error:
            if error.code != USER_EXISTS:
                raise
        # Only this call takes a password's hash.
        self.call("SetUser", **record)
