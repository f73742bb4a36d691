"""The secrets that go to the host agent by stdin, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypedDict

from labvpn.model.credentials import Credentials
from labvpn.model.lab import Lab
from labvpn.model.pem import encoded, fingerprint
from labvpn.model.users import Auth, User
from labvpn.render.certificate import server_certificate
from labvpn.render.documents import Concern


class Secrets(TypedDict, total=False):
    """The agent's secrets; `users` by `HUB/NAME`, `certificates` by fingerprint: no secrets, but long."""

    acme: str
    administrator: str
    certificate: dict[str, str]
    hubs: dict[str, str]
    ipsec: str
    users: dict[str, str]
    radius: dict[str, str]
    certificates: dict[str, str]
    codes: dict[str, dict[str, str]]
    verifier: str
    campus: str


def secrets(lab: Lab, credentials: Credentials) -> Secrets:
    """Every secret that the host's documents refer to."""
    certificates = [user.certificate for user in lab.users if user.certificate]
    certificates += [one for hub in lab.all_hubs.values() for one in hub.authorities]
    answer: Secrets = {
        "administrator": credentials.administrator_password.get_secret_value(),
        "hubs": {hub: credentials.hub_password_of(hub) for hub in lab.all_hubs},
        "users": {
            f"{lab.hub_of(user)}/{user.name}": credentials.password_of(user)
            for user in lab.users
            if user.auth is Auth.PASSWORD and not lab.needs_code(user)
        },
        "radius": {hub: secret.get_secret_value() for hub, secret in credentials.radius_secrets.items()},
        "certificates": {fingerprint(one): encoded(one) for one in certificates},
    }
    if lab.code_hubs:
        answer["verifier"] = credentials.verifier_secret
        answer["radius"] |= dict.fromkeys(lab.code_hubs, credentials.verifier_secret)
        answer["codes"] = {
            f"{lab.hub_of(user)}/{user.name}": account
            for user in lab.users
            if (account := _code(user, lab, credentials))
        }
    for hub in lab.campus_hubs:
        answer["campus"] = credentials.radius_secrets[hub].get_secret_value()
    if credentials.preshared_key is not None and lab.vpn.protocols.l2tp_ipsec:
        answer["ipsec"] = credentials.preshared_key.get_secret_value()
    if lab.acme and lab.acme.by_dns and credentials.acme_key is not None:
        answer["acme"] = credentials.acme_key.get_secret_value()
    if (certificate := server_certificate(lab, credentials)) is not None:
        answer["certificate"] = {"certificate": certificate.certificate, "key": certificate.key}
    return answer


def _code(user: User, lab: Lab, credentials: Credentials) -> dict[str, str]:
    """What the code verifier knows of a user: a password or the name at the campus's RADIUS, and the key of codes."""
    key = {"secret": credentials.code_secret_of(user)} if lab.needs_code(user) else {}
    if lab.is_of_campus(user):
        return {"radius": user.radius_name or user.name, **key}
    return {"password": credentials.password_of(user), **key} if key else {}


def question(desired: Mapping[Concern, str], known: Secrets) -> str:
    """The agent's stdin for `observe`: the documents to compare with, and the secrets to compare by.

    The answer refers to these documents, so that of many users only the lines come back that differ.
    """
    return json.dumps({"documents": dict(desired), "secrets": known, "relative": True})


def request(generation: int, desired: str, known: Secrets, initial_server: str = "") -> str:
    """The agent's stdin for `converge` and `remove`: JSON, secret as a whole."""
    return json.dumps({"generation": generation, "desired": desired, "secrets": known, "seed": initial_server})
