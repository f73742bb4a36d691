"""The accounts that the code verifier knows: each user's password, or name at the campus's RADIUS, and key of codes."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import json
from typing import Dict, List, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line, current, line_of
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import CODES
from labvpn.agent.core.secret_digests import Secrets

ACCOUNTS = CODES + "/accounts.json"
FILE_MODE = 0o640
"""Root writes these files, and the group that the folder hands on to them, the verifier's, may read them."""

Accounts = Dict[str, Dict[str, str]]


def accounts_of(machine: Machine) -> Accounts:
    """The accounts, by user; none where the file is missing or damaged, so that all of it is written again."""
    accounts = machine.read_object(ACCOUNTS)
    return {user: account for user, account in accounts.items() if isinstance(account, dict)}


class CodeAccounts(Handler):
    """`code LAB/guest1 secret=current`: the user logs in by password and code.

    `radius=NAME` says that the campus's RADIUS has the password; without `secret` such a user gives no code.
    """

    kind = "code"

    def __init__(self, machine: Machine, secrets: Secrets) -> None:
        self.machine = machine
        self.secrets = secrets

    def read(self, line: Line) -> Optional[Values]:
        hub, _, user = line.name.partition("/")
        found = accounts_of(self.machine).get(user)
        if found is None or found.get("hub") != hub:
            return None
        same = current(found == dict(self.secrets.codes.get(line.name, {}), hub=hub))
        values = {"radius": found.get("radius", "none"), "secret": same}
        return {key: value for key, value in values.items() if key in line.values or key in found}

    def unmanaged(self) -> List[Line]:
        """Every account, since the file is ours alone."""
        accounts = accounts_of(self.machine)
        return [line_of(self.kind, "{}/{}".format(account.get("hub"), user), {}) for user, account in accounts.items()]

    def apply(self, changes: List[Change]) -> None:
        accounts = accounts_of(self.machine)
        for change in changes:
            hub, _, user = change.line.name.partition("/")
            accounts[user] = dict(self.account_of(change.line.name), hub=hub)
        self.write(accounts)

    def account_of(self, name: str) -> Dict[str, str]:
        """The account that came with the request."""
        if name not in self.secrets.codes:
            raise AgentError(
                "the request has no secret of codes for the user {}: run `pulumi up` again without --target".format(
                    name
                )
            )
        return self.secrets.codes[name]

    def write(self, accounts: Accounts) -> None:
        """Replace the file; the verifier reads it at each login."""
        self.machine.write(ACCOUNTS, json.dumps(accounts, indent=1, sort_keys=True) + "\n", FILE_MODE)

    def remove(self, lines: List[Line]) -> None:
        gone = {line.name.partition("/")[2] for line in lines}
        if self.machine.path(ACCOUNTS).exists():
            self.write({user: one for user, one in accounts_of(self.machine).items() if user not in gone})
