"""The name that users dial: an A record kept by dynamic update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import (
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from labvpn.model.dns import Name as Wanted
from labvpn.remote import dns

KEY = "dnsKey"
"""The configuration's key of the TSIG secret: read where it is used, so it is in no resource's state."""


class ARecordProvider(ResourceProvider):
    """Keeps one A record at the primary name server."""

    secret: str = ""

    def configure(self, req: ConfigureRequest) -> None:
        """Take the TSIG secret from the stack's configuration."""
        self.secret = req.config.get(KEY) or ""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Add the record where there is none."""
        record = _record(props)
        dns.create(self._zone(props), record)
        return CreateResult(f"{record.host}.{props['zone']}", props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The record as the server shows it; gone if there is none."""
        found = dns.read(self._zone(props), str(props["host"]))
        if found is None:
            return ReadResult("", {}, {})
        shown = {**props, "address": found.address, "ttl": found.ttl}
        return ReadResult(id_, shown, shown)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Another name is another record; address and TTL change in place."""
        replaces = [key for key in ("zone", "host") if _olds.get(key) != _news[key]]
        changes = any(_olds.get(key) != value for key, value in _news.items())
        return DiffResult(changes=changes, replaces=replaces, delete_before_replace=False)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Put the new address in the old one's place."""
        dns.replace(self._zone(_news), _record(_olds), _record(_news))
        return UpdateResult(_news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove our address; others of the same name stay."""
        dns.delete(self._zone(_props), _record(_props))

    def _zone(self, props: dict[str, Any]) -> dns.Zone:
        signer = dns.Signer(str(props["key_name"]), str(props["algorithm"]), self.secret)
        return dns.Zone(str(props["zone"]), str(props["server"]), int(props["port"]), signer)


class ARecord(Resource):
    """The record as a resource."""

    address: pulumi.Output[str]

    def __init__(self, name: str, wanted: Wanted, address: str, opts: pulumi.ResourceOptions | None = None) -> None:
        props = {
            "zone": wanted.zone,
            "host": wanted.host,
            "address": address,
            "ttl": wanted.ttl,
            "server": str(wanted.server),
            "port": wanted.port,
            "key_name": wanted.key.name,
            "algorithm": wanted.key.algorithm.value,
        }
        super().__init__(ARecordProvider(), name, props, opts)


@dataclass(frozen=True)
class NameArgs:
    """Which name, and the address that it points to."""

    wanted: Wanted
    address: str


class Name(pulumi.ComponentResource):
    """The name of the VPN server in a zone that takes updates."""

    fqdn: pulumi.Output[str]

    def __init__(self, name: str, args: NameArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("labvpn:index:Name", name, {}, opts)
        record = ARecord(f"{name}-a", args.wanted, args.address, pulumi.ResourceOptions(parent=self))
        self.fqdn = record.address.apply(lambda _address: args.wanted.fqdn)
        self.register_outputs({"fqdn": self.fqdn})


def _record(props: dict[str, Any]) -> dns.Record:
    return dns.Record(str(props["host"]), str(props["address"]), int(props["ttl"]))
