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
