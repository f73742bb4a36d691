"""The name that users dial, from its records to the section `dns`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labvpn.adopt.found import Found
from labvpn.connect.dns import inspect
from labvpn.connect.errors import HopError
from labvpn.model.dns import DnsMode, DnsName
from labvpn.plan.dns_diff import ALONE
from labvpn.state.dns import ServerAnswer
from labvpn.state.records import Key


def dns(found: Found, given: dict[str, Any], secret: str | None, server: str) -> None:
    """Add the section `dns`; the records are adopted as they are. Raises HopError."""
    section = {**given, "mode": "rfc2136" if given.get("key") else "manual"}
    name = DnsName.model_validate(section)
    snapshot = inspect.inspect(name, secret)
    if snapshot.refusal or snapshot.unverified:
        raise HopError(
            f"The name server {name.server}", snapshot.refusal or snapshot.unverified, "mend that, run this again"
        )
    served = sorted((one for one in snapshot.walk.servers if one.soa), key=lambda one: not one.records)
    servers = [snapshot.primary] if snapshot.primary else served[:1]
    records = servers[0].records if servers else {}
    record = records.get(Key(name.fqdn, "A"))
    section["host"] = name.relative(name.host)
    if record is None:
        found.remarks.append(f"{name.fqdn} has no A record{_instead(name, servers)}")
    else:
        section["ttl"] = record.ttl
        if record.values != (server,):
            section["addresses"] = list(record.values)
        if name.mode is DnsMode.UPDATE:
            section["adopt"] = True
    if Key(name.fqdn, "AAAA") in records:
        found.remarks.append(f"{name.fqdn} has an AAAA record, which the stack leaves as it is; see docs/dns.md")
    found.sections["dns"] = section


def _instead(name: DnsName, servers: Sequence[ServerAnswer]) -> str:
    """What the name has instead, and what follows from it."""
    for one in (one for server in servers for one in server.records.values() if one.key.kind in ALONE):
        return f" but {one.text}, beside which none can exist; remove that, or choose another name, before `pulumi up`"
    makes = "the first `pulumi up` creates it, or asks you to"
    for one in (one for server in servers for key, one in server.answered.items() if key == Key(name.fqdn, "A")):
        return f" of its own (a wildcard or the like answers {', '.join(one.values)}); {makes}"
    return f"; {makes}"
