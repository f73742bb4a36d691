"""The running box: its configuration, its enforcement, access control, and the faults set by a test."""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from rehearsal.fortigate import store
from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.initial import initial
from rehearsal.fortigate.kernel import Enforcement, EnforcementError
from rehearsal.fortigate.refusals import Refused

Fault = Literal["pass", "401", "403", "404", "424", "429", "500", "garbage", "hang", "close", "slow"]
KEPT_REQUESTS = 20_000


class Faults(BaseModel):
    """The faults that a test sets: the next answers one by one, then all later ones, and the token's rights.

    `without` are the tables that the administrator's profile has no right to, such as `firewall/address`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    next: tuple[Fault, ...] = ()
    then: Fault = "pass"
    rights: Literal["write", "read", "none"] = "write"
    without: tuple[str, ...] = ()


@dataclass
class Admission:
    """A running FortiGate; every change is enforced first, then saved, then visible."""

    folder: Path
    enforcement: Enforcement
    box: StandIn
    faults: Faults = field(default_factory=Faults)
    requests: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))

    @classmethod
    def start(cls, folder: Path, enforcement: Enforcement) -> Admission:
        """The box as last saved, with its policies enforced; OSError without a file `token`."""
        gate = cls(folder, enforcement, store.load(folder))
        gate.token()
        gate.change(lambda box: box)
        return gate

    def change(self, how: Callable[[StandIn], StandIn]) -> None:
        """Make a change; if the kernel refuses the rules, the box is unchanged."""
        changed = how(self.box)
        try:
            self.enforcement.apply(changed)
        except EnforcementError as error:
            raise Refused(500, cli_error=str(error)) from error
        store.save(self.folder, changed)
        self.box = changed

    def reset(self) -> None:
        """Back to the initial configuration, with all counters at zero and no faults."""
        self.faults = Faults()
        self.enforcement.clear()
        self.change(lambda _: initial())

    def upgrade(self, version: str) -> None:
        """Run another firmware on the same configuration."""
        self.change(lambda box: replace(box, version=version))

    def next_fault(self) -> Fault:
        """The fault for this request; each is used once."""
        if not self.faults.next:
            return self.faults.then
        fault, *rest = self.faults.next
        self.faults = self.faults.model_copy(update={"next": tuple(rest)})
        return fault

    def token(self) -> str:
        """The API token, read each time so that it can be changed while the box runs."""
        return (self.folder / "token").read_text().strip()

    def admit(self, *, header: str, query: str, writes: bool, path: str = "") -> None:
        """Check a request's token; Refused with 401 for an invalid one, 403 for insufficient rights."""
        bearer = header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else ""
        offered = bearer or (query if self.box.token_in_url else "")
        token = self.token()
        if not token or not hmac.compare_digest(offered.encode(), token.encode()):
            raise Refused(401)
        table = "/".join(path.removeprefix("/api/v2/cmdb/").split("/")[:2])
        lacks = table in self.faults.without
        if lacks or self.faults.rights == "none" or (writes and self.faults.rights == "read"):
            raise Refused(403, -37, "the administrator's profile does not permit this")
