"""How the users' limits on time and number of sessions are enforced, whatever the protocol."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labvpn.model.base import Value


class Sessions(Value):
    """A service on the VPN host ends sessions that SoftEther lets go on: only its own client obeys AutoDisconnect."""

    enforced: bool = Field(default=True, description="false: only SoftEther's own client obeys AutoDisconnect")
    interval: int = Field(default=5, ge=1, le=60, description="seconds between two readings of the sessions")
    hold: int = Field(
        default=60,
        ge=15,
        le=900,
        description="seconds for which a user who was cut off is refused, renewed by attempts",
    )
    grace: int = Field(
        default=30, ge=5, le=300, description="seconds more for SoftEther's own client, which ends by itself"
    )
    keep: Literal["newest", "oldest"] = Field(default="newest", description="which of too many sessions stays")
