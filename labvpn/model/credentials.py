"""Credentials of the lab's machines: secrets, and the public keys by which the machines are known."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from labvpn.model import acme, passwords, secret_texts
from labvpn.model.base import Value
from labvpn.model.dns import DnsMode
from labvpn.model.keys import how_to_set
from labvpn.model.lab import Lab
from labvpn.model.passwords import STRONG, derive, derive_for_hub, strength, stretched
from labvpn.model.problems import Problem
from labvpn.model.server import Server, Ssh, public_key
from labvpn.model.users import Auth, User
from labvpn.model.wording import nearest


def _password(secret: SecretStr) -> SecretStr:
    # SoftEther's own prompt takes printable ASCII alone, and reads the words none and null as "no password".
    text = secret.get_secret_value()
    if text.lower() in ("none", "null"):
        raise ValueError("is a word that SoftEther reads as no password at all; choose another")
    if not re.fullmatch(r"[\x21-\x7e]{8,63}", text):
        raise ValueError("must have 8 to 63 printable ASCII characters without blanks; choose another")
    return secret


DEFAULT_KEY = "vpn"
"""SoftEther's own pre-shared key."""


def _preshared_key(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value().lower() == DEFAULT_KEY:
        raise ValueError("is SoftEther's default, which everyone knows; choose one of 20 or more characters")
    return _password(secret)


CHOSEN = {"administratorPassword": _password, "presharedKey": _preshared_key}
"""What a secret has to be that the stack sets; one that was found on the server, and is kept, may be anything."""

KEPT_AS = {"administratorPassword": "administrator-password", "presharedKey": "preshared-key"}
"""What `vpn.kept` calls them."""


def unfit(key: str, secret: SecretStr) -> str:
    """Why the stack would not set such a secret, empty where it would."""
    try:
        CHOSEN[key](secret)
    except ValueError as error:
        return str(error)
    return ""


GUESSED = 50
"""Bits of a password that a server asks for, below which it may be guessed by asking."""

Password = Annotated[SecretStr, AfterValidator(_password)]
HostKey = Annotated[str, AfterValidator(public_key)]


class Credentials(Value):
    """The stack's secrets and keys; a field that no hop of the lab needs may be None."""

    host_keys: dict[str, HostKey] = Field(default_factory=dict, description="of servers that have a name, by that name")
    host_key: HostKey | None = Field(
        default=None, validate_default=True, description="the public SSH key of the VPN host without a name"
    )
    ssh_key: Annotated[SecretStr, AfterValidator(secret_texts.private_key)] | None = None
    ssh_password: SecretStr | None = None
    administrator_password: Annotated[SecretStr, Field(min_length=1)]
    hub_password: Password | None = Field(
        default=None, description="of every hub; left out: each hub has one of its own, derived from userSecret"
    )
    user_secret: Annotated[SecretStr, Field(min_length=16)]
    preshared_key: SecretStr | None = None
    version: Literal[1, 2] = Field(
        default=1,
        alias="passwords.version",
        description="how passwords are derived from userSecret: 2 stretches it by scrypt; left out: 1, as before",
    )
    passwords: dict[str, Password] = Field(default_factory=dict, description="of users who are not given a derived one")
    radius_secrets: dict[str, SecretStr] = Field(default_factory=dict, description="of RADIUS servers, by hub")
    fortigate_token: SecretStr | None = None
    fortigate_ca: str | None = Field(default=None, description="PEM of the CA that signed the FortiGate's certificate")
    authority: Annotated[SecretStr, AfterValidator(secret_texts.authority)] | None = Field(
        default=None, description="what `labvpn authority` prints: the private authority that signs the certificate"
    )
    server_certificate: Annotated[str, AfterValidator(secret_texts.certificate)] | None = Field(
        default=None, description="PEM of an own certificate, and of its chain, in the place of the authority's"
    )
    server_key: Annotated[SecretStr, AfterValidator(secret_texts.private_key)] | None = None
    dns_key: SecretStr | None = Field(default=None, description="the TSIG secret, base64")
    acme_key: Annotated[SecretStr, AfterValidator(secret_texts.base64_text)] | None = Field(
        default=None, description="the TSIG secret of `certificate.acme.key`, base64"
    )

    @model_validator(mode="before")
    @classmethod
    def _version_apart(cls, given: Any) -> Any:
        """The version of derivation is beside users' passwords, none of which is a single digit."""
        block = given.get("passwords") if isinstance(given, dict) else None
        version = block.get("version") if isinstance(block, dict) else None
        if block is None or version is None or (isinstance(version, str) and not version.isdecimal()):
            return given
        users = {name: password for name, password in block.items() if name != "version"}
        return {**given, "passwords": users, "passwords.version": version}

    @field_validator("host_key")
    @classmethod
    def _some_host_is_known(cls, key: str | None, info: ValidationInfo) -> str | None:
        if key is None and not info.data.get("host_keys", True):
            raise ValueError(f"is missing; {how_to_set('hostKey')}")
        return key

    def host_key_of(self, server: Server) -> str:
        """The key that a server is known by; `problems` names those that lack one."""
        return (self.host_keys.get(server.name, "") if server.name else self.host_key) or ""

    def login(self, ssh: Ssh) -> dict[str, str]:
        """What opens a login as the configuration says: a private key, a password, or nothing for the SSH agent."""
        given = {"key": ("private_key", self.ssh_key), "password": ("password", self.ssh_password)}
        name, secret = given.get(ssh.login, ("", None))
        return {name: secret.get_secret_value()} if secret else {}

    def password_of(self, user: User) -> str:
        """The user's password: the one that is set, or the derived one."""
        if user.name in self.passwords:
            return self.passwords[user.name].get_secret_value()
        return derive(self.user_secret.get_secret_value(), user.name, user.rotation, self.version)

    def code_secret_of(self, user: User) -> str:
        """The secret of the user's codes, in base32."""
        known = user.name, user.rotation, user.reset_code
        return passwords.derive_for_codes(self.user_secret.get_secret_value(), *known, self.version)

    @property
    def verifier_secret(self) -> str:
        """What SoftEther and the code verifier know each other by."""
        return passwords.derive_for_verifier(self.user_secret.get_secret_value(), self.version)

    def begin_derivation(self, users: Iterable[User]) -> None:
        """Begin with the key that passwords are derived by, where one of the lab's is."""
        derived = any(user.auth is Auth.PASSWORD and user.name not in self.passwords for user in users)
        if self.version > 1 and (derived or self.hub_password is None):
            stretched(self.user_secret.get_secret_value())

    @property
    def weak(self) -> list[str]:
        """The keys of secrets of the stack's own that can be guessed."""
        own = {"administratorPassword": self.administrator_password, "hubPassword": self.hub_password}
        own |= {"userSecret": self.user_secret}
        given = {key: secret.get_secret_value() for key, secret in own.items() if secret}
        return [key for key, secret in given.items() if strength(secret) < (STRONG if key == "userSecret" else GUESSED)]

    def hub_password_of(self, hub: str) -> str:
        """A hub's password: the one that is set for all of them, or the hub's own."""
        if self.hub_password is not None:
            return self.hub_password.get_secret_value()
        return derive_for_hub(self.user_secret.get_secret_value(), hub, self.version)

    def badly_chosen(self, kept: Collection[str]) -> Iterator[Problem]:
        """The secrets of the server that the stack would not set; `kept` is what stays there as somebody made it."""
        given = {"administratorPassword": self.administrator_password, "presharedKey": self.preshared_key}
        for key, secret in given.items():
            if secret is not None and KEPT_AS[key] not in kept and (why := unfit(key, secret)):
                yield Problem(key, why)

    def problems(self, lab: Lab) -> Iterator[Problem]:
        """What this lab needs and these credentials lack, and passwords of no user."""
        kept = KEPT_AS["presharedKey"] in lab.vpn.kept
        logins = {server.ssh.login: f"{lab.place(server)}.ssh.login" for server in reversed(lab.servers)}
        needed = {
            "sshKey": ("key" in logins, self.ssh_key, f"{logins.get('key')} is key"),
            "sshPassword": ("password" in logins, self.ssh_password, f"{logins.get('password')} is password"),
            "presharedKey": (lab.vpn.protocols.l2tp_ipsec and not kept, self.preshared_key, "L2TP/IPsec is on"),
            "hubPassword": (
                lab.vpn.sessions.enforced and "hub-password" in lab.vpn.kept,
                self.hub_password,
                "vpn.kept leaves the hubs' passwords as they are, and these end sessions (vpn.sessions.enforced)",
            ),
            "fortigateToken": (lab.fortigate, self.fortigate_token, "the lab has a FortiGate"),
            "fortigateCa": (lab.fortigate, self.fortigate_ca, "the lab has a FortiGate"),
            "dnsKey": (lab.dns and lab.dns.mode is DnsMode.UPDATE, self.dns_key, "the lab's name is kept by update"),
            "acmeKey": (lab.acme and lab.acme.by_dns, self.acme_key, "certificate.acme is convinced by the DNS"),
        }
        for key, (wanted, value, why) in needed.items():
            if wanted and value is None:
                yield Problem(key, f"is missing and {why}; {how_to_set(key)}")
        if self.version > 1 and "userSecret" in self.weak:
            yield Problem("userSecret", f"can be guessed from one user's password; {how_to_set('userSecret')}")
        signed = {"authority": self.authority, "serverCertificate": self.server_certificate}
        if (self.server_certificate is None) != (self.server_key is None):
            key = "serverKey" if self.server_key is None else "serverCertificate"
            yield Problem(key, f"is missing, and the two go together; {how_to_set(key)}")
        if self.server_certificate and self.authority:
            yield Problem("serverCertificate", "is given beside authority; keep one of the two")
        yield from acme.problems(lab.acme, self.acme_key, {"dnsKey": self.dns_key, **signed})
        if len(lab.servers) > 1 and not (self.server_certificate or self.authority or lab.acme):
            yield Problem("authority", f"is missing, and several servers answer to one name; {how_to_set('authority')}")
        yield from self._host_problems(lab)
        yield from self._radius_problems(lab)
        known = {user.name for user in lab.users if user.auth is Auth.PASSWORD}
        for name in sorted(self.passwords.keys() - known):
            remedy = _meant(name, known, "remove it or add the user")
            yield Problem(f"passwords.{name}", f"is not a user of the lab who logs in by password; {remedy}")

    def _host_problems(self, lab: Lab) -> Iterator[Problem]:
        for server in lab.servers:
            if not self.host_key_of(server):
                of_one = (f"hostKeys.{server.name}", f" --server {server.name}")
                key, option = of_one if server.name else ("hostKey", "")
                yield Problem(key, f"is missing; record it: labvpn hostkey {server.ssh_place}{option}")
        known = {server.name for server in lab.servers if server.name}
        for name in sorted(self.host_keys.keys() - known):
            meant = _meant(name, known, "remove it or give a server that name")
            yield Problem(f"hostKeys.{name}", f"is of no server of the lab; {meant}")

    def _radius_problems(self, lab: Lab) -> Iterator[Problem]:
        asking = {name for name, hub in lab.all_hubs.items() if hub.radius}
        for name in sorted(asking - self.radius_secrets.keys()):
            setting = how_to_set("radiusSecrets", name)
            yield Problem(f"radiusSecrets.{name}", f"is missing and the hub asks a RADIUS server; {setting}")
        for name in sorted(self.radius_secrets.keys() - asking):
            remedy = _meant(name, asking, "remove it or give the hub one")
            yield Problem(f"radiusSecrets.{name}", f"is of no hub with a RADIUS server; {remedy}")


def _meant(name: str, known: Iterable[str], otherwise: str) -> str:
    """The name that is most like this one, or what else to do."""
    near = nearest(name, sorted(known))
    return f"did you mean '{near}'?" if near else otherwise
