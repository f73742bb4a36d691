"""What the challenge's own key may change, found by updates that change nothing: it is kept on the VPN host.

A key that may do more than the challenge would let whoever takes the host take the name as well.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import dns.message
import dns.name
import dns.rdatatype
import dns.update

from labvpn.connect.dns.delegation import SECONDS, servers_for
from labvpn.connect.dns.query import ask
from labvpn.connect.dns.tsig import Conflict, Signer, Unreachable, Zone, exchange
from labvpn.connect.errors import HopError, HopErrors
from labvpn.model.acme import Acme
from labvpn.model.dns import DnsName
from labvpn.parse import dns as dns_sets

LABEL = "_acme-challenge"
ALIASES = 8

TRACE = "check that port 53 is open from here, or the delegation"

NOTHING = {"TXT": '"no record of anybody has this value: labvpn asks for rights"', "A": "0.0.0.0"}  # noqa: S104
"""Values that no record has, by type: to delete one changes nothing, and needs the right to (RFC 2136, 3.4.2.4)."""


class Challenge:
    """The challenge of one name: where its record is, and who may change what there."""

    def __init__(self, acme: Acme, dns: DnsName, name: str, signer: Signer) -> None:
        self.acme, self.dns, self.name, self.signer = acme, dns, name, signer
        self.place, zone = self._target(f"{LABEL}.{name}")
        self.zone = acme.zone.rstrip(".") if acme.zone else zone

    def _target(self, place: str) -> tuple[str, str]:
        """Where the aliases of a name lead, and in which zone that is."""
        for _ in range(ALIASES):
            zone, servers = self._servers(place)
            answers = (ask(address, place, "CNAME", time.monotonic() + SECONDS) for address in servers)
            alias = next((found for answer in answers if (found := _alias(answer, place))), None)
            if alias is None:
                break
            place = alias
        return place, zone

    def _servers(self, place: str) -> tuple[str, list[str]]:
        if self.dns.delegation == "private":
            return self.dns.apex, [str(self.dns.server)] if self.dns.server else []
        zone, servers = servers_for(place, [str(root) for root in self.dns.roots])
        if not servers:
            raise Unreachable(f"The name {place}", f"is delegated to no server that answers here ({zone})", TRACE)
        return zone, [server.address for server in servers]

    def zone_at(self, name: str) -> Zone | None:
        """A zone at the primary that takes the updates, None where the configuration does not name it."""
        own = self.acme.server
        address = own or self.dns.server
        port = self.acme.port if own else self.dns.port
        return Zone(name, str(address), port, self.signer) if address else None

    def check(self) -> None:
        """HopError where the key may not do its work, or may do more than that."""
        zone = self.zone_at(self.zone)
        if zone is None:
            return
        exchange(zone, dns.message.make_query(dns.name.from_text(zone.name), "SOA", flags=0))
        if not _may(zone, self.place, "TXT"):
            remedy = f"grant it that, and nothing else (BIND: update-policy {{ grant {self.signer.name} "
            what = f"does not let the key '{self.signer.name}' change the TXT record of {self.place}"
            raise HopError(zone.hop, what, f"{remedy}name {self.place}. TXT; }})")
        if more := list(self._beyond(zone)):
            what = f"lets the key '{self.signer.name}' change {' and '.join(more)}, too, and it is kept on the VPN host"
            raise HopError(zone.hop, what, f"limit it to the TXT record of {self.place}")

    def _beyond(self, zone: Zone) -> Iterator[str]:
        """What it may change of the name, and of the rest of a zone that is not the challenges' alone."""
        own = self.dns.apex
        delegated = zone.name.lower() != own.lower()
        names = [(own, self.name)] if delegated else [(own, self.name), (own, f"labvpn-asks.{own}")]
        for apex, name in names:
            asked = self.zone_at(apex)
            for kind in NOTHING:
                if asked and _may(asked, name, kind):
                    yield f"{kind} of {name}"


def check(acme: Acme, dns: DnsName, names: list[str], secret: str) -> list[str]:
    """Check the challenge of each name; the sentences of what cannot be checked from here. Raises HopErrors."""
    if acme.key is None:
        return []
    signer = Signer(acme.key.name, acme.key.algorithm.value, secret)
    unverified: dict[str, None] = {}
    failures: dict[str, HopError] = {}
    for name in names:
        try:
            Challenge(acme, dns, name, signer).check()
        except Unreachable as error:
            unverified[f"{error}; so the rights of the challenge's key were not checked"] = None
        except HopError as error:
            failures[str(error)] = error
    if failures:
        raise HopErrors(failures.values())
    return list(unverified)


def _may(zone: Zone, name: str, kind: str) -> bool:
    """Whether the key may change records of a name and type there."""
    message = dns.update.UpdateMessage(dns.name.from_text(zone.name))
    message.delete(dns.name.from_text(name), kind, NOTHING[kind])
    try:
        exchange(zone, message)
    except Unreachable:
        raise
    except (HopError, Conflict):
        return False
    return True


def _alias(answer: dns.message.Message | None, name: str) -> str | None:
    """Where a name is an alias of, None where it is none."""
    for rrset in answer.answer if answer is not None else ():
        if rrset.rdtype == dns.rdatatype.CNAME and rrset.name == dns.name.from_text(name):
            return dns_sets.text(rrset[0].target)
    return None
