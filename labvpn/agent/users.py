"""The users of a hub: password and security policy, read from the configuration at once, written one call a user."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import time
from typing import Any, Dict, Iterable, List, Optional, Tuple

from labvpn.agent.concern import Values
from labvpn.agent.document import Change, Line
from labvpn.agent.errors import AgentError
from labvpn.agent.hashes import user_hash
from labvpn.agent.policies import DEFAULTS, NUMBERS, SWITCHES
from labvpn.agent.rpc import OBJECT_NOT_FOUND, USER_EXISTS, Answer, RpcError
from labvpn.agent.settings import Setting, current
from labvpn.agent.softether import SoftEther
from labvpn.agent.state import Remembered
from labvpn.agent.vpnconfig import Tree

PASSWORD = "1"  # noqa: S105 -- the number of the authentication type
# What a line says of a user beside the policies.
PROPERTIES = ("password", "realname", "note", "expires")
NEVER_EXPIRES = "never"
# The file counts milliseconds from nine hours after the beginning of 1970, as measured; zero is never.
FILE_EPOCH_SECONDS = 9 * 3600
# Parts of GetUser's answer that describe use, not settings.
COUNTERS = ("Recv.", "Send.", "NumLogin", "CreatedTime", "UpdatedTime")


def hub_block(softether: SoftEther, name: str) -> Optional[Tree]:
    """A hub's configuration, None where there is no such hub; SoftEther's names fold case."""
    if not softether.installed:
        return None
    hubs: Dict[str, Tree] = softether.tree().get("VirtualHUB", {})
    if name in hubs:
        return hubs[name]
    return next((block for own, block in hubs.items() if own.lower() == name.lower()), None)


class Users(Setting):
    """`user LAB/owner password=current realname="Jun" note="" expires=never AutoDisconnect=1800 MultiLogins=0`."""

    kind = "user"

    def __init__(self, softether: SoftEther) -> None:
        super().__init__(softether)
        self.folded: Tuple[Optional[Tree], Dict[str, Tree]] = (None, {})

    def names(self, hub: str) -> List[str]:
        """The users that a hub has."""
        return list(self.blocks(hub))

    def blocks(self, hub: str) -> Dict[str, Tree]:
        """A hub's users as the configuration has them."""
        block = hub_block(self.softether, hub) or {}
        users: Dict[str, Tree] = block.get("SecurityAccountDatabase", {}).get("UserList", {})
        return users

    def find(self, name: str) -> Optional[Tree]:
        """A user's configuration by `HUB/USER`; SoftEther's names fold case."""
        hub, _, user = name.partition("/")
        users = self.blocks(hub)
        if user in users:
            return users[user]
        if self.folded[0] is not users:
            self.folded = (users, {own.lower(): block for own, block in users.items()})
        return self.folded[1].get(user.lower())

    def show(self, line: Line) -> Optional[Values]:
        block = self.find(line.name)
        if block is None:
            return None
        policy = block.get("Policy", {})
        return {key: self.value(key, line.name, block, policy) for key in line.values}

    def value(self, key: str, name: str, block: Tree, policy: Tree) -> str:
        """One value of a user."""
        if key == "password":
            return current(self.has_password(name, block))
        if key in ("realname", "note"):
            return str(block.get({"realname": "RealName", "note": "Note"}[key], ""))
        if key == "expires":
            return expiry(str(block.get("ExpireTime", "0")))
        word = str(policy.get(key, DEFAULTS.get(key, "")))
        return {"true": "yes", "false": "no"}.get(word, word)

    def has_password(self, name: str, block: Tree) -> bool:
        """Whether the stored hash is that of the wanted password."""
        password = self.softether.secrets.users.get(name)
        hashed = None if password is None else user_hash(password, name.partition("/")[2])
        return block.get("AuthType") == PASSWORD and block.get("AuthPassword") == hashed

    def make(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want and change.have is None:
                self.create(change.want)
            elif change.want and change.have:
                self.alter(change.want, change.have)

    def create(self, want: Line) -> None:
        """Create a user; one that a run cut off has made already is altered."""
        parameters = dict(self.target(want), AuthType_u32=1, UsePolicy_bool=True, **policy_parameters(DEFAULTS))
        parameters.update(self.given(want))
        try:
            self.call("CreateUser", **parameters)
        except RpcError as error:
            if error.code != USER_EXISTS:
                raise
            self.call("SetUser", **parameters)

    def alter(self, want: Line, have: Line) -> None:
        """Change what differs and keep the rest: group, expiry, and the password where it is right."""
        record = self.call("GetUser", **self.target(want))
        if not record.get("UsePolicy_bool"):
            record.update(policy_parameters(DEFAULTS), UsePolicy_bool=True)
        left_out = {key: DEFAULTS[key] for key in have.values if key not in want.values and key in DEFAULTS}
        record.update(policy_parameters(left_out))
        keeps = have.values.get("password") == want.values.get("password")
        given = self.given(want)
        if keeps:
            given.pop("Auth_Password_str", None)
        else:
            record.pop("HashedKey_bin", None)
            record.pop("NtLmSecureHash_bin", None)
            record["AuthType_u32"] = 1
        self.call("SetUser", **dict(settings_of(record), **given))

    def given(self, want: Line) -> Dict[str, Any]:
        """The parameters that a line states."""
        parameters: Dict[str, Any] = policy_parameters(
            {key: value for key, value in want.values.items() if key not in PROPERTIES}
        )
        texts = {"realname": "Realname_utf", "note": "Note_utf"}
        parameters.update({texts[key]: value for key, value in want.values.items() if key in texts})
        if "expires" in want.values:
            parameters["ExpireTime_dt"] = "" if want.values["expires"] == NEVER_EXPIRES else want.values["expires"]
        if "password" in want.values:
            parameters["Auth_Password_str"] = self.password(want.name)
        return parameters

    def password(self, name: str) -> str:
        """The password that came with the request."""
        password = self.softether.secrets.users.get(name)
        if password is None:
            raise AgentError("no password came for the user {}: give one, or let the stack derive it".format(name))
        return password

    def target(self, line: Line) -> Dict[str, Any]:
        """The parameters that name a user."""
        hub, _, user = line.name.partition("/")
        return {"HubName_str": hub, "Name_str": user}

    def drop(self, lines: List[Line]) -> None:
        for line in lines:
            try:
                self.call("DeleteUser", **self.target(line))
            except RpcError as error:
                if error.code != OBJECT_NOT_FOUND:
                    raise
        for hub in {line.name.partition("/")[0] for line in lines}:
            gone = {line.name.partition("/")[2].lower() for line in lines if line.name.startswith(hub + "/")}
            self.cut(hub, gone)

    def cut(self, hub: str, names: Iterable[str]) -> None:
        """End the live sessions of these users."""
        for session in self.call("EnumSession", HubName_str=hub).get("SessionList", []):
            if session.get("Username_str", "").lower() in names:
                try:
                    self.call("DeleteSession", HubName_str=hub, Name_str=session["Name_str"])
                except RpcError as error:
                    if error.code != OBJECT_NOT_FOUND:
                        raise

    def remember(self, line: Line) -> Remembered:
        record = settings_of(self.call("GetUser", **self.target(line)))
        return dict(line.values, record=record)

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        record = remembered["record"]
        try:
            self.call("CreateUser", **record)
        except RpcError as error:
            if error.code != USER_EXISTS:
                raise
        # Only this call takes a password's hash.
        self.call("SetUser", **record)


def expiry(milliseconds: str) -> str:
    """When an account ends, of the file's number: `2027-03-31T23:59:59Z` or `never`."""
    if not int(milliseconds):
        return NEVER_EXPIRES
    seconds = int(milliseconds) // 1000 + FILE_EPOCH_SECONDS
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def settings_of(record: Answer) -> Dict[str, Any]:
    """GetUser's answer without its counters and times."""
    return {key: value for key, value in record.items() if not key.startswith(COUNTERS)}


def policy_parameters(policies: Values) -> Dict[str, Any]:
    """Policies as the parameters of CreateUser and SetUser; AgentError for a name that is no policy."""
    parameters: Dict[str, Any] = {}
    for name, value in policies.items():
        if name in NUMBERS:
            parameters["policy:{}_u32".format(name)] = int(value)
        elif name in SWITCHES:
            parameters["policy:{}_bool".format(name)] = value == "yes"
        else:
            raise AgentError("SoftEther knows no security policy {}: see its list in the guide".format(name))
    return parameters
