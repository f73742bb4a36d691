"""How guessed passwords are slowed down: by the source that they come from, whatever the protocol and the user."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from labvpn.model.base import Value
from labvpn.model.networks import Network

Count = Annotated[int, Field(ge=2, le=10_000)]


class Bans(Value):
    """A service on the VPN host bans a source of many failed logins from new connections, for a while.

    Open sessions go on, and SSH is not touched: a whole campus or carrier may be behind one address.
    """

    enabled: bool = Field(default=True, description="false: wrong passwords may be tried without end")
    slow: Count = Field(default=5, description="failed logins within `seconds` after which each one bans for `pause`")
    pause: int = Field(default=15, ge=5, le=600, description="seconds for which a source is slowed down")
    most: Count = Field(default=10, description="failed logins within `seconds` that ban a source for `seconds`")
    seconds: int = Field(default=600, ge=60, le=86_400, description="how long a source is banned, and counted for")
    exempt: tuple[Network, ...] = Field(default=(), description="addresses and networks that are never banned")

    @model_validator(mode="after")
    def _slow_comes_first(self) -> Self:
        if self.slow >= self.most:
            raise ValueError(
                f"slow ({self.slow}) must be below most ({self.most}), or no source is slowed before the ban"
            )
        return self
