"""The campus's RADIUS behind a second factor: what the code verifier needs to ask it, and who cannot dial by PPP."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from pydantic import SecretStr

from labvpn.model.hub import Radius
from labvpn.model.lab import Lab
from labvpn.model.problems import Problem
from labvpn.model.users import User

SLOWEST = 2000
"""The most milliseconds between SoftEther's questions: the verifier takes a server for silent a second later."""

UNFIT = re.compile(r"[\\\x00-\x1f\x7f]|\A\Z")
"""What FreeRADIUS's settings cannot hold in a secret: it reads a backslash in ways that differ by what follows it."""


def problems(lab: Lab, secrets: Mapping[str, SecretStr]) -> Iterator[Problem]:
    """Servers and secrets by which FreeRADIUS would not start, and hubs that one verifier cannot serve together."""
    hubs = lab.campus_hubs
    first, *others = hubs or [""]
    for name, radius in hubs.items():
        for server in radius.servers:
            if not _is_address(server):
                yield Problem(
                    f"hubs.{name}.radius.server",
                    f"'{server}' is not an address, and the code verifier, which asks it, does not start while a name "
                    "cannot be resolved; write its address",
                )
        if radius.retry > SLOWEST:
            yield Problem(
                f"hubs.{name}.radius.retry",
                f"is more than {SLOWEST}, and beside secondFactor a server counts as silent that has not answered for "
                f"three seconds; take up to {SLOWEST}",
            )
        if name in secrets and UNFIT.search(secrets[name].get_secret_value()):
            yield Problem(
                f"radiusSecrets.{name}",
                "is empty, or has a backslash or a control character, which FreeRADIUS's settings cannot hold; agree "
                "on another with whoever runs that RADIUS server",
            )
    for name in others:
        yield from _unlike(first, name, hubs, secrets)


def _unlike(first: str, name: str, hubs: Mapping[str, Radius], secrets: Mapping[str, SecretStr]) -> Iterator[Problem]:
    why = f"than that of hub {first}, and both have one code verifier, which asks one RADIUS; give both the same"
    one, other = hubs[first], hubs[name]
    if (one.servers, one.port) != (other.servers, other.port):
        yield Problem(f"hubs.{name}.radius", f"is another server {why}")
    if {first, name} <= secrets.keys() and secrets[first] != secrets[name]:
        yield Problem(f"radiusSecrets.{name}", f"is another secret {why}")


def _is_address(server: str) -> bool:
    try:
        return bool(ip_address(server))
    except ValueError:
        return False


def without_ppp(lab: Lab) -> list[User]:
    """Users whose code can only follow a password in clear, where protocols are offered that hand on none."""
    offers = lab.vpn.protocols.l2tp_ipsec or lab.vpn.protocols.sstp
    return [user for user in lab.users if offers and lab.is_of_campus(user) and lab.needs_code(user)]
