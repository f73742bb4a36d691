"""The names and addresses for which alone an authority may sign (X.509 name constraints; RFC 5280, 4.2.1.10)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_network

from cryptography import x509

NOBODY = "nobody.invalid"
"""A host that there never is (RFC 2606, 2): of the forms of names that have it as their only limit none is allowed."""


def constraints(limits: Sequence[str]) -> x509.NameConstraints:
    """The extension for these names, addresses and networks. Raises ValueError for what is none of them."""
    networks, names = list[x509.GeneralName](), list[x509.GeneralName]()
    for limit in limits:
        try:
            networks.append(x509.IPAddress(ip_network(limit)))
        except ValueError:
            if not re.fullmatch(
                r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9-]*", limit
            ):
                raise ValueError(f"'{limit}' is not a name such as vpn.lab.example, an address or a network") from None
            names.append(x509.DNSName(limit))
    if not names:
        # OpenSSL takes the common name for a host's, also where it is an address.
        names = [x509.DNSName(limit) for limit in limits if "/" not in limit]
    if not names:
        raise ValueError(f"{limits[0]} is a network alone; give the address that users dial, or the name, beside it")
    # What no limit speaks of would be free of limits.
    every = [] if networks else [x509.IPAddress(ip_network(all_of)) for all_of in ("0.0.0.0/0", "::/0")]
    nobody = [x509.RFC822Name(NOBODY), x509.UniformResourceIdentifier(NOBODY)]
    return x509.NameConstraints([*names, *networks, *nobody], every or None)


def limits_of(authority: x509.Certificate) -> x509.NameConstraints | None:
    """An authority's limits, None where it has none."""
    try:
        return authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None


def is_within(name: x509.GeneralName, limits: x509.NameConstraints | None) -> bool:
    """Whether an authority with these limits may sign for a name or address."""
    if limits is None:
        return True
    same = [each for each in limits.permitted_subtrees or () if type(each) is type(name)]
    if isinstance(name, x509.IPAddress):
        return any(name.value in each.value for each in same)
    own = str(name.value).lower()
    return any(own == each.value.lower() or own.endswith(f".{each.value.lower()}") for each in same)
