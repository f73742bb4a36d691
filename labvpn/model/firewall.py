"""firewalld on the VPN host."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from labvpn.model.base import Value

Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,17}$")]


class HostFirewall(Value):
    """Which zone of firewalld lets the VPN in, by a service definition with exactly the derived ports."""

    zone: Zone = Field(default="public", description="the zone that the outside arrives in")
    service: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "vpnserver"
