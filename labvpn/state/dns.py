"""What name servers have of a name, as values: their answers, the delegation to them, and all of it at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from labvpn.state.records import Sets


@dataclass(frozen=True)
class Soa:
    """A zone's start of authority; `negative` is how long resolvers keep "there is none" (RFC 2308), in seconds.

    `signed` is whether it has a signature (DNSSEC).
    """

    mname: str
    rname: str
    serial: int
    negative: int
    signed: bool = False


@dataclass(frozen=True)
class ServerAnswer:
    """What one name server shows of a zone: its SOA and our record sets, or the trouble with it.

    `answered` are answers that are no records of these names: they are made from a wildcard, or from another record.
    `silent` means that no answer came, so that nothing is known; trouble without it is what the server itself says.
    """

    name: str
    address: str
    soa: Soa | None = None
    records: Sets = field(default_factory=dict)
    trouble: str = ""
    silent: bool = False
    answered: Sets = field(default_factory=dict)

    def fits(self, wanted: Sets) -> Sets:
        """The records of the wanted names, and answers that are just as wanted, whatever they are made from."""
        alike = {key: one for key, one in self.answered.items() if wanted.get(key) == one}
        return {key: one for key, one in {**alike, **self.records}.items() if key in wanted}

    def __str__(self) -> str:
        """As sentences name it."""
        return f"{self.name} ({self.address})" if self.name else self.address


End = Literal["delegated", "absent", "deeper", "lame", "unseen", "intercepted", "unasked"]


@dataclass(frozen=True)
class DelegationTrace:
    """How the way from the root to a zone ended: at its servers, or where and why before.

    `at` is the last zone whose servers were asked, `by` these servers; `deeper` names in `at` the zone below ours.
    """

    end: End
    at: str = "."
    by: tuple[str, ...] = ()
    servers: tuple[ServerAnswer, ...] = ()


@dataclass(frozen=True)
class DnsSnapshot:
    """Everything that an inspection of the name found: the server that takes updates, and the delegated servers.

    `primary` is None where a person sets the records, where `refusal` is the sentence by which that server refuses us,
    or where `unverified` is the one by which it cannot be reached from here.
    """

    walk: DelegationTrace
    primary: ServerAnswer | None = None
    refusal: str = ""
    unverified: str = ""
