"""Rows that are not in FortiOS's form: of these the name or id is known, and nothing is concluded from them."""

from __future__ import annotations

from ipaddress import IPv4Address

from labvpn.parse.fortigate import keys
from labvpn.parse.fortigate.objects import Row
from labvpn.state.fortigate import ALL, ALL_SERVICES, AddressGroup, AddressObject, Policy, ServiceObject, Vip

FORM = "fields that are not in FortiOS's form"


def policy(row: Row) -> Policy:
    """A policy of which at most the id is known: it may match anything, and do anything with it."""
    everything = (("any",), ("any",), (ALL,), (ALL,), (ALL_SERVICES,))
    number = str(row.get("policyid", ""))
    return Policy(
        str(row.get("name") or ""),
        *everything,
        comment=str(row.get("comments") or ""),
        number=int(number) if number.isdecimal() else 0,
        unread=(f"action and conditions: {FORM}",),
        widening=True,
    )


def address(row: Row) -> AddressObject:
    """An address of any networks."""
    return AddressObject(_name(row), comment=_comment(row), unread=(FORM,), visible=keys.visible(row))


def group(row: Row) -> AddressGroup:
    """A group of any members."""
    return AddressGroup(_name(row), (), comment=_comment(row), unread=(FORM,), visible=keys.visible(row))


def service(row: Row) -> ServiceObject:
    """A service of any ports."""
    return ServiceObject(_name(row), comment=_comment(row), unread=(FORM,), visible=keys.visible(row))


def vip(row: Row) -> Vip:
    """A VIP for any addresses."""
    none = IPv4Address(0)
    return Vip(_name(row), "any", none, none, comment=_comment(row), unread=(FORM,), visible=keys.visible(row))


def _name(row: Row) -> str:
    """The name by which others refer to it; nothing refers to one without."""
    return str(row.get("name") or "")


def _comment(row: Row) -> str:
    return str(row.get("comment") or "")
