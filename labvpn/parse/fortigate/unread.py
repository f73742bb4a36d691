"""Rows that are not in FortiOS's form: of these the name or id is known, and nothing is concluded from them."""

from __future__ import annotations

from ipaddress import IPv4Address

from labvpn.parse.fortigate import keys
from labvpn.parse.fortigate.objects import Row
from labvpn.state.fortigate import ALL, ALL_SERVICES, AddressGroup, AddressObject, Policy, ServiceObject, Vip

FORM = "fields that are not in FortiOS's form"


def policy(row: Row) -> Policy:
    """A policy of which only the id is known: it may match anything, and do anything with it."""
    everything = (("any",), ("any",), (ALL,), (ALL,), (ALL_SERVICES,))
    what = f"action and conditions: {FORM}"
    return Policy(
        str(row.get("name") or ""), *everything, comment="", number=int(row["policyid"]), unread=(what,), widening=True
    )


def address(row: Row) -> AddressObject:
    """An address of any networks."""
    return AddressObject(str(row["name"]), comment="", unread=(FORM,), visible=keys.visible(row))


def group(row: Row) -> AddressGroup:
    """A group of any members."""
    return AddressGroup(str(row["name"]), (), comment="", unread=(FORM,), visible=keys.visible(row))


def service(row: Row) -> ServiceObject:
    """A service of any ports."""
    return ServiceObject(str(row["name"]), comment="", unread=(FORM,), visible=keys.visible(row))


def vip(row: Row) -> Vip:
    """A VIP for any addresses."""
    none = IPv4Address(0)
    return Vip(str(row["name"]), "any", none, none, comment="", unread=(FORM,), visible=keys.visible(row))
