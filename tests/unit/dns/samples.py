"""Names, and what servers show of them."""

from __future__ import annotations

from typing import Any

from labvpn.model.dns import DnsName
from labvpn.state.dns import DelegationTrace, DnsSnapshot, ServerAnswer, Soa
from labvpn.state.records import Sets, read

PRIMARY, SECONDARY = "198.51.100.53", "198.51.100.54"


def name(**changes: Any) -> DnsName:
    values = {"zone": "lab.example", "server": PRIMARY, "key": {"name": "labvpn"}, **changes}
    return DnsName.model_validate({key: value for key, value in values.items() if value is not None})


def by_hand(**changes: Any) -> DnsName:
    return name(mode="manual", key=None, server=None, **changes)


def soa(serial: int = 7, mname: str = "ns1.lab.example") -> Soa:
    return Soa(mname, "hostmaster.lab.example", serial, 5)


def sets(*lines: str) -> Sets:
    return read(lines)


def server_answer(address: str, *lines: str, **more: Any) -> ServerAnswer:
    return ServerAnswer("", address, more.pop("soa", soa()), read(lines), **more)


def snapshot(*servers: ServerAnswer, primary: ServerAnswer | None = None, **more: Any) -> DnsSnapshot:
    return DnsSnapshot(DelegationTrace("delegated", "lab.example", ("192.0.2.1",), servers), primary, **more)
