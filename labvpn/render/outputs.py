"""The stack's outputs: for probes, kits, the status and the administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labvpn.model.acme import Acme
from labvpn.model.credentials import Credentials
from labvpn.model.hub import Hub
from labvpn.model.lab import Lab
from labvpn.model.ports import Transport, of_transport
from labvpn.model.releases import PACKAGED
from labvpn.model.server import Server
from labvpn.model.users import Auth, User
from labvpn.render import public_roots
from labvpn.render.certificate import server_certificate

Secret = Callable[[str], Any]
"""Marks a text as a secret for the engine."""


def stack_outputs(lab: Lab, credentials: Credentials, secret: Secret, of_server: Any = None) -> dict[str, Any]:
    """Every output by its name, in the shape of `labvpn.model.outputs`.

    `of_server` is the generation of the first server, as `generation` gives it or the engine will know it.
    """
    answer: dict[str, Any] = {
        "name": lab.dialled,
        "address": str(lab.server.address),
        "ports": ports(lab),
        "generation": generation(lab, None) if of_server is None else of_server,
        "hub": lab.vpn.hub,
        "protocols": lab.vpn.protocols.model_dump(mode="json", by_alias=True),
        "network": network(lab.all_hubs[lab.vpn.hub]),
        "networks": {name: network(hub) for name, hub in lab.all_hubs.items() if hub.secure_nat},
        "fortigate": lab.fortigate is not None,
        "translated": lab.fortigate is not None and lab.fortigate.vip is not None,
        "ssh": login(lab.server, credentials),
        "servers": [server_outputs(lab, server, credentials) for server in lab.servers],
        "users": {
            user.name: account(lab, user, password(user, credentials, secret)) | code(lab, user, credentials, secret)
            for user in lab.users
            if not user.is_wildcard
        },
        "everybody": [lab.hub_of(user) for user in lab.users if user.is_wildcard],
    }
    if credentials.preshared_key is not None and lab.vpn.protocols.l2tp_ipsec:
        answer["presharedKey"] = secret(credentials.preshared_key.get_secret_value())
    if (certificate := server_certificate(lab, credentials)) is not None and certificate.authority:
        answer["certificate"] = certificate.authority
    return answer | acme(lab.acme)


def acme(authority: Acme | None) -> dict[str, Any]:
    """The roots of the ACME authority that the servers' certificates come from, and whether devices know them."""
    if authority is None:
        return {}
    if authority.root is None:
        return {"certificate": public_roots.lets_encrypt(), "acme": "public"}
    return {"certificate": authority.root.strip() + "\n", "acme": "private"}


def generation(lab: Lab, found: int | None) -> int:
    """The first server's generation of SoftEther: the configuration's, else as it was found, else the package's."""
    return lab.server.generation or found or PACKAGED.generation


def ports(lab: Lab) -> dict[str, list[int]]:
    """The open ports by transport: `{"tcp": [443, ...], "udp": [500, ...]}`."""
    return {transport.value: list(of_transport(lab.vpn.ports, transport)) for transport in Transport}


def network(hub: Hub) -> dict[str, Any]:
    """The router inside a hub, the host's address there, and the routes pushed where not the whole traffic goes."""
    nat = hub.secure_nat
    inner = str(nat.host_address) if nat and nat.host_address else None
    return {
        "router": str(nat.address.ip) if nat else None,
        "hostAddress": inner,
        "routes": [str(route) for route in hub.routes],
        "services": [service.model_dump(mode="json") for service in hub.services],
    }


def server_outputs(lab: Lab, server: Server, credentials: Credentials) -> dict[str, Any]:
    """One of the servers: what it is called, where it is, and what is dialled to reach it alone."""
    own = lab.own_name(server)
    address = str(server.address)
    dialled = own.fqdn if own else lab.dialled if len(lab.servers) == 1 else address
    accepted = server.accept_known_holes
    return {
        "name": server.name,
        "address": address,
        "dialled": dialled,
        "ssh": login(server, credentials),
        **({"acceptKnownHoles": accepted if isinstance(accepted, bool) else list(accepted)} if accepted else {}),
    }


def login(server: Server, credentials: Credentials) -> dict[str, Any]:
    """How a host is reached by SSH; its key is public."""
    ssh, key = server.ssh, credentials.host_key_of(server)
    return {"host": server.ssh_host, "port": ssh.port, "user": ssh.user, "hostKey": key}


def password(user: User, credentials: Credentials, secret: Secret) -> Any:
    """A user's password, marked as a secret; None for one who logs in without a password of ours."""
    return secret(credentials.password_of(user)) if user.auth is Auth.PASSWORD else None


def code(lab: Lab, user: User, credentials: Credentials, secret: Secret) -> dict[str, Any]:
    """The secret of a user's codes, marked as one; nothing for a user who needs none."""
    return {"secondFactor": True, "code": secret(credentials.code_secret_of(user))} if lab.needs_code(user) else {}


def account(lab: Lab, user: User, password: Any) -> dict[str, Any]:
    """One user, whose password is marked as a secret."""
    expires = user.expires.isoformat() if user.expires else None
    limit = lab.policies_of(user)["AutoDisconnect"]
    fields = {"password": password, "realName": user.real_name, "expires": expires, "AutoDisconnect": limit}
    fields["reach"] = user.reach
    if user.auth in (Auth.KEPT, Auth.RADIUS):
        fields[user.auth.value] = True
    return {**fields, "hub": user.hub} if lab.hub_of(user) != lab.vpn.hub else fields
