"""What the stack tells those who go on from it: the doctor, the kits, the status, the administrator."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Any

from labvpn.model.credentials import Credentials
from labvpn.model.lab import Lab
from labvpn.model.ports import Transport, of_transport
from labvpn.model.users import User
from labvpn.render.certificate import served

Secret = Callable[[str], Any]
"""Marks a text as a secret for the engine."""


def told(lab: Lab, credentials: Credentials, secret: Secret) -> dict[str, Any]:
    """Every output by its name, in the shape of `labvpn.model.outputs`."""
    answer: dict[str, Any] = {
        "name": lab.dialled,
        "address": str(lab.server.address),
        "ports": ports(lab),
        "hub": lab.vpn.hub,
        "protocols": lab.vpn.protocols.model_dump(mode="json", by_alias=True),
        "network": network(lab),
        "fortigate": lab.fortigate is not None,
        "translated": lab.fortigate is not None and lab.fortigate.vip is not None,
        "ssh": login(lab, credentials.host_key),
        "users": {user.name: account(user, secret(credentials.password_of(user))) for user in lab.users},
    }
    if credentials.preshared_key is not None and lab.vpn.protocols.l2tp_ipsec:
        answer["presharedKey"] = secret(credentials.preshared_key.get_secret_value())
    if (shown := served(lab, credentials)) is not None and shown.authority:
        answer["certificate"] = shown.authority
    return answer


def ports(lab: Lab) -> dict[str, list[int]]:
    """The open ports by transport: `{"tcp": [443, ...], "udp": [500, ...]}`."""
    return {transport.value: list(of_transport(lab.vpn.ports, transport)) for transport in Transport}


def network(lab: Lab) -> dict[str, Any]:
    """The router inside the hub, the host's address there, and the routes pushed where not the whole traffic goes."""
    nat = lab.vpn.secure_nat
    host = [IPv4Network(nat.host_address)] if nat.routes and nat.host_address else []
    inner = str(nat.host_address) if nat.host_address else None
    routes = [str(route) for route in (*nat.routes, *host)]
    return {"router": str(nat.address.ip), "hostAddress": inner, "routes": routes}


def login(lab: Lab, host_key: str) -> dict[str, Any]:
    """How the host is reached by SSH; its key is public."""
    ssh = lab.server.ssh
    return {"host": lab.server.ssh_host, "port": ssh.port, "user": ssh.user, "hostKey": host_key}


def account(user: User, password: Any) -> dict[str, Any]:
    """One user, whose password is marked as a secret."""
    expires = user.expires.isoformat() if user.expires else None
    limit = user.auto_disconnect
    return {"password": password, "realName": user.real_name, "expires": expires, "AutoDisconnect": limit}
