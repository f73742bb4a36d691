"""What opens the lab's machines: secrets, and the public halves by which the machines are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from labvpn.model.base import Value
from labvpn.model.dns import Mode
from labvpn.model.lab import Lab
from labvpn.model.passwords import derive
from labvpn.model.problems import Problem
from labvpn.model.users import Auth, User


def _host_key(text: str) -> str:
    if not re.fullmatch(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/]+=*( .*)?", text.strip()):
        raise ValueError("is not a public host key such as 'ssh-ed25519 AAAA...'; record it by `labvpn hostkey HOST`")
    return " ".join(text.split()[:2])


def _password(secret: SecretStr) -> SecretStr:
    # SoftEther's own prompt takes printable ASCII alone, and reads the words none and null as "no password".
    text = secret.get_secret_value()
    if text.lower() in ("none", "null"):
        raise ValueError("is a word that SoftEther reads as no password at all; choose another")
    if not re.fullmatch(r"[\x21-\x7e]{8,63}", text):
        raise ValueError("must have 8 to 63 printable ASCII characters without blanks; choose another")
    return secret


def _preshared_key(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value().lower() == "vpn":
        raise ValueError("is SoftEther's default, which everybody knows; choose one of 20 or more characters")
    return _password(secret)


def _private_key(secret: SecretStr) -> SecretStr:
    if "PRIVATE KEY-----" not in secret.get_secret_value():
        raise ValueError("is not a private key in PEM form; give the whole file, from -----BEGIN to the last line")
    return secret


Password = Annotated[SecretStr, AfterValidator(_password)]


class Credentials(Value):
    """The stack's secrets and keys; a field that no hop of the lab needs may be None."""

    host_key: Annotated[str, AfterValidator(_host_key)] = Field(description="the VPN host's public SSH key")
    ssh_key: Annotated[SecretStr, AfterValidator(_private_key)]
    administrator_password: Password
    hub_password: Password
    user_secret: Annotated[SecretStr, Field(min_length=16)]
    preshared_key: Annotated[SecretStr, AfterValidator(_preshared_key)] | None = None
    passwords: dict[str, Password] = Field(default_factory=dict, description="of users who are not given a derived one")
    radius_secrets: dict[str, SecretStr] = Field(default_factory=dict, description="of RADIUS servers, by hub")
    fortigate_token: SecretStr | None = None
    fortigate_ca: str | None = Field(default=None, description="PEM of the CA that signed the FortiGate's certificate")
    dns_key: SecretStr | None = Field(default=None, description="the TSIG secret, base64")

    def password_of(self, user: User) -> str:
        """The user's password: the one that is set, or the derived one."""
        given = self.passwords.get(user.name)
        if given is not None:
            return given.get_secret_value()
        return derive(self.user_secret.get_secret_value(), user.name, user.rotation)

    def problems(self, lab: Lab) -> Iterator[Problem]:
        """What this lab needs and these credentials lack, and passwords of nobody."""
        needed = {
            "presharedKey": (lab.vpn.protocols.l2tp_ipsec, self.preshared_key, "L2TP/IPsec is on"),
            "fortigateToken": (lab.fortigate, self.fortigate_token, "the lab has a FortiGate"),
            "fortigateCa": (lab.fortigate, self.fortigate_ca, "the lab has a FortiGate"),
            "dnsKey": (lab.dns and lab.dns.mode is Mode.UPDATE, self.dns_key, "the lab's name is kept by update"),
        }
        for key, (wanted, value, why) in needed.items():
            if wanted and value is None:
                yield Problem(key, f"is missing and {why}; {how_to_set(key)}")
        for name, hub in lab.all_hubs.items():
            if hub.radius and name not in self.radius_secrets:
                setting = how_to_set("radiusSecrets").replace("radiusSecrets", f"--path radiusSecrets.{name}")
                yield Problem(f"radiusSecrets.{name}", f"is missing and the hub asks a RADIUS server; {setting}")
        for name in self.radius_secrets.keys() - {name for name, hub in lab.all_hubs.items() if hub.radius}:
            yield Problem(f"radiusSecrets.{name}", "is of no hub with a RADIUS server; remove it or give the hub one")
        known = {user.name for user in lab.users if user.auth is Auth.PASSWORD}
        for name in self.passwords.keys() - known:
            yield Problem(
                f"passwords.{name}", "is no user of the lab who logs in by password; remove it or add the user"
            )


PUBLIC = frozenset({"hostKey", "fortigateCa"})
"""The keys of credentials that are no secrets."""


def how_to_set(key: str) -> str:
    """The remedy for a missing key of the configuration."""
    if key == "hostKey":
        return "record it: labvpn hostkey HOST"
    return f"set it: pulumi config set {'' if key in PUBLIC else '--secret '}{key}"
