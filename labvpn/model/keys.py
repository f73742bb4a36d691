"""The keys of the configuration that hold secrets and public keys, and how each is set."""

from __future__ import annotations

import re
from shlex import quote

PUBLIC = frozenset({"hostKey", "hostKeys", "fortigateCa", "serverCertificate"})
"""The keys of credentials that are no secrets."""

OWN = frozenset({"administratorPassword", "hubPassword", "presharedKey", "userSecret"})
"""The secrets that are ours to choose."""

BLOCKS = frozenset({"passwords", "radiusSecrets", "hostKeys"})
"""The keys of credentials that have others below them."""


def path_below(block: str, name: str) -> str:
    """The path of a name below a key, as the engine takes it."""
    return f"{block}.{name}" if re.fullmatch(r"[\w-]+", name) else f'{block}["{name}"]'


def how_to_set(key: str, below: str = "") -> str:
    """The remedy for a missing key of the configuration, or for a name `below` a block."""
    if key == "hostKey":
        return "record it: labvpn hostkey HOST"
    made = "labvpn secret | " if key in OWN else ""
    secret = "" if key in PUBLIC else "--secret "
    return f"set it: {made}pulumi config set {secret}{f'--path {quote(path_below(key, below))}' if below else key}"


OUT_OF_PLACE = {
    r"hubs\.(?P<below>.+)\.radius\.(shared)?(secret|password|key)": "radiusSecrets",
    r".*\bssh(\.jump)?\.(ssh)?password": "sshPassword",
    r".*\bssh(\.jump)?\.(private|ssh)?key": "sshKey",
    r"vpn\.(.+\.)?(psk|pre-?shared(key|secret)?|ipsec(key|secret|psk))": "presharedKey",
    r"(server|vpn|hubs)\b.*\.(admin|administrator|server)password": "administratorPassword",
    r"hubs\..+\.(hub)?password": "hubPassword",
    r"fortigate\.(fortigate|api)?(token|key|password)": "fortigateToken",
    r"certificate\.acme\.(.+\.)?(key|secret|acmekey)": "acmeKey",
    r"dns\.(key\.)?(secret|dnskey|tsig|tsigkey|password)": "dnsKey",
    r"certificate\.(private)?key|certificate\.serverkey": "serverKey",
}
"""Where people write a secret that has a key of its own, as no setting is called."""


def misplaced_secret(place: str) -> str:
    """What to do with a secret that is written into its section; empty where this is none."""
    for pattern, key in OUT_OF_PLACE.items():
        if found := re.fullmatch(pattern, place, re.IGNORECASE):
            remedy = how_to_set(key, found.groupdict().get("below") or "")
            return (
                f"is a secret, which is not kept here; remove it, {remedy}, and change it everywhere if it was in clear"
            )
    return ""
