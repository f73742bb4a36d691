"""How a user logs in: by password, by their own certificate or one that a trusted CA signed, or by RADIUS."""

import base64
import binascii
import hashlib
from typing import Any, Dict, List

from labvpn.agent.core.document import Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.softether.config_file import Tree
from labvpn.agent.softether.hashes import user_hash
from labvpn.agent.softether.radius_wildcard import WILDCARD

# The key of a line that names the way to log in, and SoftEther's number of it.
WAYS = {"password": "1", "certificate": "2", "signed": "3", "radius": "4"}
ANONYMOUS = "0"
LOGIN_KEYS = frozenset(WAYS) | {"serial"}
# What a record of SetUser holds of a login; all of it goes when the login changes.
LOGIN_PARAMETERS = (
    "HashedKey_bin",
    "NtLmSecureHash_bin",
    "UserX_bin",
    "CommonName_utf",
    "Serial_bin",
    "RadiusUsername_utf",
)
OTHER_WAY = "differs"
# A password that someone else set: the server keeps its hash, and no request contains it.
KEPT = "kept"


def login_value(key: str, line: Line, block: Tree, hashes: Dict[str, str]) -> str:
    """One part of a login as a document has it; `differs` where the user logs in another way.

    `hashes` are those of the desired passwords, by `HUB/USER`.
    """
    name = line.name
    way = "signed" if key == "serial" else key
    if block.get("AuthType") != WAYS[way]:
        return OTHER_WAY
    if is_kept(line):
        return KEPT
    if key == "password":
        return "current" if block.get("AuthPassword") == hashes.get(name) else OTHER_WAY
    if key == "certificate":
        return digest_of(str(block.get("AuthUserCert", "")))
    if key == "signed":
        return str(block.get("AuthCommonName", "")) or "any"
    if key == "serial":
        return base64.b64decode(str(block.get("AuthSerial", ""))).hex() or "any"
    own = name.partition("/")[2]
    # For `*`, RADIUS is asked for the name that each user dials with.
    return str(block.get("AuthRadiusUsername", "")) or ("" if own == WILDCARD else own)


def is_kept(line: Line) -> bool:
    """Whether a line leaves the password as it is on the server."""
    return line.values.get("password") == KEPT


def unlocked(hub: str, accounts: Dict[str, Tree], desired: List[Line]) -> List[str]:
    """The warning where users of a hub get in without a password; those with a password of the stack are skipped."""
    ours = {line.name.lower() for line in desired if line.values.get("password") == "current"}
    found = [name for name in accounts if (hub + "/" + name).lower() not in ours and is_open(name, accounts[name])]
    sentence = (
        "{} of the hub {}: anyone who knows the name gets in without a password; set one (`passwords.NAME` of the "
        "stack, or vpncmd's UserPasswordSet), or delete the user"
    )
    return [sentence.format(", ".join(found), hub)] if found else []


def is_open(name: str, block: Tree) -> bool:
    """Whether whoever knows a user's name gets in: the user is anonymous, or the password is empty."""
    way = str(block.get("AuthType", ""))
    return way == ANONYMOUS or (way == WAYS["password"] and block.get("AuthPassword") == user_hash("", name))


def login_parameters(want: Line, secrets: Secrets) -> Dict[str, Any]:
    """The login that a line states, as parameters of CreateUser and SetUser."""
    values = want.values
    way = next((one for one in WAYS if one in values), None)
    if way is None:
        return {}
    parameters: Dict[str, Any] = {"AuthType_u32": int(WAYS[way])}
    if way == "password":
        parameters["Auth_Password_str"] = password_of(want.name, secrets)
    elif way == "certificate":
        parameters["UserX_bin"] = certificate_of(values["certificate"], secrets)
    elif way == "signed":
        parameters["CommonName_utf"] = "" if values["signed"] == "any" else values["signed"]
        serial = values.get("serial", "any")
        parameters["Serial_bin"] = "" if serial == "any" else base64.b64encode(bytes.fromhex(serial)).decode("ascii")
    else:
        parameters["RadiusUsername_utf"] = values["radius"]
    return parameters


def password_of(name: str, secrets: Secrets) -> str:
    """The password that came with the request."""
    password = secrets.users.get(name)
    if password is None:
        raise AgentError(
            "the request has no password for the user {}: give one, or let the stack derive it".format(name)
        )
    return password


def certificate_of(digest: str, secrets: Secrets) -> str:
    """The certificate that came with the request, in base64."""
    text = secrets.certificates.get(digest)
    if text is None:
        raise AgentError(
            "the request has no certificate with the SHA-256 {}: run `pulumi up` again without --target".format(digest)
        )
    return text


def digest_of(text: str) -> str:
    """SHA-256 of a certificate in base64."""
    try:
        return hashlib.sha256(base64.b64decode(text)).hexdigest()
    except (ValueError, binascii.Error):
        return OTHER_WAY
