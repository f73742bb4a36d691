"""The FortiGate in front of the VPN host."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from labvpn.model.base import Value

ObjectName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ._/-]{1,79}$")]
PolicyName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ._/-]{1,35}$")]
Interface = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._/-]{1,15}$")]


class FortiGate(Value):
    """Where the box is, between which interfaces the VPN passes, and where its policy stands in the order."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+(:\d+)?$")] = Field(
        description="name or address of the administration interface, with :PORT if it is not 443"
    )
    vdom: ObjectName = "root"
    outside: tuple[Interface, ...] = Field(min_length=1, description="interfaces from which users dial in")
    inside: Interface = Field(description="interface behind which the VPN host stands")
    before: PolicyName = Field(description="the existing policy before which ours is placed, such as the deny of all")
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,20}$")] = Field(
        default="vpn", description="how the names of our objects begin"
    )
