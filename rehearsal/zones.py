"""The rehearsal's zones: the lab's own, and below `example` one for each way in which a delegation can be wrong."""

from __future__ import annotations

from collections.abc import Iterable

from rehearsal.network import KNOT, PRIMARY, ROOT

ZONE = "lab.example"

BIND_ZONE = "wide.example"
"""On BIND, where the lab's key may change any record."""

KNOT_ZONE = "knot.example"
"""On knot, where the lab's key may change `vpn`, `alias` and `_labvpn.vpn` alone, and no other types than ours."""

HIDDEN_ZONE = "hidden.example"
"""Its primary (BIND) is not among its delegated servers, two secondaries: Knot and the BIND of the root."""

REGISTRAR_ZONE = "registrar.example"
"""Delegated to Knot, while BIND has another zone of that name: nobody ever sees updates made to BIND."""

LAME_ZONE = "lame.example"
"""Delegated to two servers that do not serve it."""

LOOP_ZONE = "loop.example"
"""Delegated to the server of the parent zone, which answers with that delegation again."""

SILENT_ZONE = "silent.example"
"""Delegated to an address that nothing answers from."""

ABSENT_ZONE = "absent.example"
"""On BIND, and not delegated."""

BROKEN_ZONE = "broken.example"
"""On BIND, where its journal cannot be written."""

WILD_ZONE, WILD_KNOT_ZONE = "wild.example", "wild-knot.example"
"""On BIND and on Knot, like other people's zones: a wildcard answers for every name, and a subtree is redirected."""

SIGNED_ZONE = "signed.example"
"""Its primary (BIND) is hidden and unsigned; clients ask Knot, which signs its copy and has its own serials."""

ACME_ZONE, CHALLENGES_ZONE = "acme.example", "challenges.example"
"""On BIND: the challenge of `vpn` alone is delegated, by a CNAME, to a zone that the challenge's key changes."""

ALGORITHMS = ("hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")

NOBODY = "198.51.100.99"


def zone(name: str, servers: Iterable[tuple[str, str]], *more: str) -> str:
    """A master file; its servers are named within the zone, with an address each."""
    servers = list(servers)
    lines = [f"$TTL 60\n$ORIGIN {name}.", f"@ SOA {servers[0][0]} hostmaster 1 3600 600 86400 5"]
    lines += [f"@ NS {label}\n{label} A {address}" for label, address in servers]
    return "\n".join([*lines, *more, ""])


def _delegation(name: str, *servers: tuple[str, str]) -> str:
    short = name.removesuffix(".example")
    return "\n".join(f"{short} NS {label}.{short}\n{label}.{short} A {address}" for label, address in servers)


ROOT_FILE = (
    "$TTL 60\n. SOA a.root. hostmaster. 1 3600 600 86400 5\n. NS a.root.\n"
    f"a.root. A {ROOT}\nexample. NS a.nic.example.\na.nic.example. A {ROOT}\n"
)

EXAMPLE_FILE = zone(
    "example",
    [("a.nic", ROOT)],
    _delegation(ZONE, ("ns1", PRIMARY)),
    _delegation(BIND_ZONE, ("ns1", PRIMARY)),
    _delegation(KNOT_ZONE, ("ns1", KNOT)),
    _delegation(HIDDEN_ZONE, ("ns1", KNOT), ("ns2", ROOT)),
    _delegation(REGISTRAR_ZONE, ("ns1", KNOT)),
    _delegation(LAME_ZONE, ("ns1", PRIMARY), ("ns2", KNOT)),
    _delegation(SILENT_ZONE, ("ns1", NOBODY)),
    _delegation(BROKEN_ZONE, ("ns1", PRIMARY)),
    _delegation(WILD_ZONE, ("ns1", PRIMARY)),
    _delegation(WILD_KNOT_ZONE, ("ns1", KNOT)),
    _delegation(SIGNED_ZONE, ("ns1", KNOT)),
    _delegation(ACME_ZONE, ("ns1", PRIMARY)),
    _delegation(CHALLENGES_ZONE, ("ns1", PRIMARY)),
    "loop NS a.nic",
)

WILD = (
    '* A 203.0.113.9\n* AAAA 2001:db8::9\n* MX 10 www\n* TXT "v=spf1 -all"',
    "www A 203.0.113.9\nold DNAME new.example.\n*.east CNAME www\ndeep.north A 203.0.113.9",
)
"""What other people have in their zones."""

ON_BIND = {
    ZONE: zone(ZONE, [("ns1", PRIMARY)]),
    BIND_ZONE: zone(BIND_ZONE, [("ns1", PRIMARY)], "vpn-is-an-alias CNAME ns1", "deep NS ns1"),
    HIDDEN_ZONE: zone(HIDDEN_ZONE, [("ns1", KNOT), ("ns2", ROOT)]),
    REGISTRAR_ZONE: zone(REGISTRAR_ZONE, [("dns", PRIMARY)]),
    ABSENT_ZONE: zone(ABSENT_ZONE, [("ns1", PRIMARY)]),
    BROKEN_ZONE: zone(BROKEN_ZONE, [("ns1", PRIMARY)]),
    WILD_ZONE: zone(WILD_ZONE, [("ns1", PRIMARY)], *WILD),
    SIGNED_ZONE: zone(SIGNED_ZONE, [("ns1", KNOT)]),
    ACME_ZONE: zone(ACME_ZONE, [("ns1", PRIMARY)], f"_acme-challenge.vpn CNAME vpn.{CHALLENGES_ZONE}."),
    CHALLENGES_ZONE: zone(CHALLENGES_ZONE, [("ns1", PRIMARY)]),
}
"""The master files of BIND's primary, by zone."""

ON_KNOT = {
    KNOT_ZONE: zone(KNOT_ZONE, [("ns1", KNOT)]),
    REGISTRAR_ZONE: zone(REGISTRAR_ZONE, [("ns1", KNOT)]),
    WILD_KNOT_ZONE: zone(WILD_KNOT_ZONE, [("ns1", KNOT)], *WILD),
}
"""The master files of knot, by zone."""
