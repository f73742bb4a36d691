"""Which secrets differ from those applied last, and which document a run that was cut off was about."""

import hashlib
import hmac
import json
import secrets as chance
from typing import Any, Dict, Iterable, List, Optional

from labvpn.agent.core.document import Line, parse
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import HOME

SECRET_FIELDS = ("password", "key", "secret")


class Secrets:
    """The secrets that came with a request; nothing of it is ever printed."""

    def __init__(self, data: Dict[str, Any]) -> None:
        self.administrator = str(data.get("administrator") or "")
        self.ipsec = str(data.get("ipsec") or "")
        self.hubs: Dict[str, str] = data.get("hubs") or {}
        self.users: Dict[str, str] = data.get("users") or {}
        self.certificate: Dict[str, str] = data.get("certificate") or {}
        self.acme = str(data.get("acme") or "")
        self.radius: Dict[str, str] = data.get("radius") or {}
        # By the SHA-256 that a document names them by.
        self.certificates: Dict[str, str] = data.get("certificates") or {}


class SecretDigests:
    """What is kept of a concern's last run beside its document: a keyed digest of each secret, none itself."""

    def __init__(self, machine: Machine, concern: str) -> None:
        self.machine = machine
        self.digests = "{}/{}.digests".format(HOME, concern)
        self.draft = "{}/{}.begun".format(HOME, concern)

    def begin(self, text: str) -> None:
        """Note the document that the run is about; it stays where the run is cut off."""
        self.machine.path(HOME).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.machine.write(self.draft, text, 0o600)

    def end(self, text: str, secrets: Secrets) -> None:
        """Keep the digests of the secrets that were applied."""
        salt = chance.token_hex(32)
        held = {place: digest(salt, word) for place, word in secret_words(parse(text), secrets).items()}
        self.machine.write(self.digests, json.dumps({"salt": salt, "digests": held}), 0o600)
        self.machine.delete(self.draft)

    def clear(self) -> None:
        """Forget all of it."""
        self.machine.delete(self.digests)
        self.machine.delete(self.draft)

    def begun(self) -> Optional[str]:
        """The document of a run that was cut off."""
        try:
            return self.machine.read(self.draft)
        except (OSError, ValueError):
            return None

    def renewed(self, lines: Iterable[Line], secrets: Secrets) -> Optional[List[str]]:
        """The places, `user LAB/guest1 password`, whose secrets differ from the last ones; None where none are kept."""
        kept = self.kept()
        salt, held = kept.get("salt"), kept.get("digests")
        if not isinstance(salt, str) or not isinstance(held, dict):
            return None
        words = secret_words(lines, secrets)
        return [place for place, word in words.items() if held.get(place) != digest(salt, word)]

    def kept(self) -> Dict[str, Any]:
        """The file of digests; a damaged one counts as missing, and the next run rewrites it."""
        try:
            found = json.loads(self.machine.read(self.digests) or "{}")
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def secret_words(lines: Iterable[Line], secrets: Secrets) -> Dict[str, str]:
    """The secrets that a document stands for, by their places in it."""
    return {
        "{} {}".format(line.key, field): secret_of(line, secrets)
        for line in lines
        for field in SECRET_FIELDS
        if field in line.values
    }


def secret_of(line: Line, secrets: Secrets) -> str:
    """The secret that belongs to a line."""
    if line.kind == "reaper":
        return "\n".join(secrets.hubs.get(hub, "") for hub in line.values.get("hubs", "").split(","))
    one = {"administrator": secrets.administrator, "ipsec": secrets.ipsec, "acme": secrets.acme}
    many = {"hub": secrets.hubs, "user": secrets.users, "radius": secrets.radius}
    return str(one.get(line.kind) or many.get(line.kind, {}).get(line.name) or "")


def digest(salt: str, word: str) -> str:
    """A secret's digest, which is useless without the salt beside it: root alone can read both."""
    return hmac.new(salt.encode("ascii"), word.encode("utf-8"), hashlib.sha256).hexdigest()
