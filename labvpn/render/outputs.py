"""What the stack tells those who go on from it: the doctor, the kits, the administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from labvpn.model.lab import Lab
from labvpn.model.ports import Transport, of_transport
from labvpn.model.users import User

Password = TypeVar("Password")


def ports(lab: Lab) -> dict[str, list[int]]:
    """The open ports by transport: `{"tcp": [443, ...], "udp": [500, ...]}`."""
    return {transport.value: list(of_transport(lab.vpn.ports, transport)) for transport in Transport}


def users(lab: Lab, password: Callable[[User], Password]) -> dict[str, dict[str, Password]]:
    """Every user with the password, which the caller keeps a secret."""
    return {user.name: {"password": password(user)} for user in lab.users}
