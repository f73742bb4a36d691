"""Which secrets differ from those applied last, and which document a run that was cut off was about."""

import hashlib
import hmac
import secrets as chance
from typing import Any, Dict, Iterable, List, Optional

from labvpn.agent.core.document import Line, parse
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import HOME
from labvpn.agent.core.state_file import StateFile, is_object

SECRET_FIELDS = ("password", "key", "secret")
DIGESTS_REMEDY = "the next `pulumi up` writes it again"


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
        self.verifier = str(data.get("verifier") or "")
        # Of the campus's RADIUS, which the verifier asks.
        self.campus = str(data.get("campus") or "")
        self.codes: Dict[str, Dict[str, str]] = data.get("codes") or {}
        # By the SHA-256 that a document names them by.
        self.certificates: Dict[str, str] = data.get("certificates") or {}


class SecretDigests:
    """What is kept of a concern's last run beside its document: a keyed digest of each secret, none itself."""

    def __init__(self, machine: Machine, concern: str) -> None:
        self.digests = StateFile(machine, "{}/{}.digests".format(HOME, concern), DIGESTS_REMEDY, has_digests)
        self.draft = StateFile(machine, "{}/{}.begun".format(HOME, concern), DIGESTS_REMEDY, is_text, legacy_text=True)

    def begin(self, text: str) -> None:
        """Note the document that the run is about; it stays where the run is cut off."""
        self.draft.write(text)

    def end(self, text: str, secrets: Secrets) -> None:
        """Keep the digests of the secrets that were applied."""
        salt = chance.token_hex(32)
        held = {place: digest(salt, word) for place, word in secret_words(parse(text), secrets).items()}
        self.digests.write({"salt": salt, "digests": held})
        self.draft.delete()

    def clear(self) -> None:
        """Forget all of it."""
        self.digests.delete()
        self.draft.delete()

    def begun(self) -> Optional[str]:
        """The document of a run that was cut off."""
        text, _ = self.draft.found()
        return text if text is None else str(text)

    def renewed(self, lines: Iterable[Line], secrets: Secrets) -> Optional[List[str]]:
        """The places, `user LAB/guest1 password`, whose secrets differ from the last ones; None where none are kept."""
        # Damaged digests count as missing, and the next run rewrites them.
        kept, _ = self.digests.found()
        if kept is None:
            return None
        words = secret_words(lines, secrets)
        return [place for place, word in words.items() if kept["digests"].get(place) != digest(kept["salt"], word)]


def has_digests(value: Any) -> bool:
    """Whether a value is what is kept of the secrets: a salt, and the digests made with it."""
    return is_object(value) and isinstance(value.get("salt"), str) and is_object(value.get("digests"))


def is_text(value: Any) -> bool:
    """Whether a value is a document."""
    return isinstance(value, str)


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
    if line.kind == "code":
        return "\n".join(word for _, word in sorted(secrets.codes.get(line.name, {}).items()))
    one = {"administrator": secrets.administrator, "ipsec": secrets.ipsec, "acme": secrets.acme}
    one["verifier"] = "\n".join(filter(None, (secrets.verifier, secrets.campus)))
    many = {"hub": secrets.hubs, "user": secrets.users, "radius": secrets.radius}
    return str(one.get(line.kind) or many.get(line.kind, {}).get(line.name) or "")


def digest(salt: str, word: str) -> str:
    """A secret's digest, which is useless without the salt beside it: root alone can read both."""
    return hmac.new(salt.encode("ascii"), word.encode("utf-8"), hashlib.sha256).hexdigest()
