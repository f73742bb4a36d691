"""The name that users dial, from its records to the section `dns`."""

from __future__ import annotations

from typing import Any

from labvpn.adopt.found import Found
from labvpn.model.dns import Mode, Name
from labvpn.model.records import Key
from labvpn.remote import dns_look
from labvpn.remote.errors import HopError


def dns(found: Found, given: dict[str, Any], secret: str | None, server: str) -> None:
    """Add the section `dns`; the records are taken over as they are. Raises HopError."""
    section = {**given, "mode": "rfc2136" if given.get("key") else "manual"}
    name = Name.model_validate(section)
    sight = dns_look.look(name, secret)
    if sight.refusal or sight.unverified:
        raise HopError(f"The name server {name.server}", sight.refusal or sight.unverified, "mend that, run this again")
    shown = [sight.primary] if sight.primary else [one for one in sight.walk.servers if one.records]
    records = shown[0].records if shown else {}
    record = records.get(Key(name.fqdn, "A"))
    if record is None:
        found.remarks.append(f"{name.fqdn} has no A record; the first `pulumi up` makes it, or tells you to")
    else:
        section["ttl"] = record.ttl
        if record.values != (server,):
            section["addresses"] = list(record.values)
        if name.mode is Mode.UPDATE:
            section["adopt"] = True
    if Key(name.fqdn, "AAAA") in records:
        found.remarks.append(f"{name.fqdn} has an AAAA record, which the stack leaves as it is; see docs/dns.md")
    found.sections["dns"] = section
