"""What a certificate says of itself, as openssl prints it: the standard library reads none that it does not verify."""

import base64
import hashlib
import re
import ssl
from typing import List, NamedTuple, Optional

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine, last_words

BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----\n?", re.DOTALL)


class Facts(NamedTuple):
    """Serial number and its authority's key as bytes, names (`common` is the subject's), and times since 1970."""

    serial: bytes
    authority: bytes
    names: List[str]
    begins: float
    ends: float
    common: str = ""

    @property
    def life(self) -> float:
        """Seconds that it is valid in all."""
        return self.ends - self.begins

    @property
    def identifier(self) -> str:
        """By what renewal information is asked for (RFC 9773, section 4.1)."""
        return "{}.{}".format(
            *(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in (self.authority, self.serial))
        )


def blocks(text: str, kind: str) -> List[str]:
    """The PEM blocks whose kind ends with this: CERTIFICATE, KEY."""
    return [found.group(0) for found in BLOCK.finditer(text) if found.group(1).endswith(kind)]


def fingerprint_of(pem: str) -> str:
    """The SHA-256 of a certificate's bytes."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.strip())).hexdigest()


def facts_of(machine: Machine, file: str) -> Facts:
    """The facts of the first certificate in a file; AgentError where openssl cannot read it."""
    command = ["openssl", "x509", "-noout", "-text", "-serial", "-startdate", "-enddate", "-in"]
    outcome = machine.run([*command, str(machine.path(file))])
    if outcome.status != 0:
        raise AgentError(
            "openssl on the VPN host reads no certificate in {} ({}): move it away, and the next run of labvpn-renew "
            "fetches another".format(file, last_words(outcome))
        )
    text = outcome.output
    serial = one(r"^serial=([0-9A-Fa-f]+)", text)
    begins, ends = one(r"^notBefore=(.+)", text), one(r"^notAfter=(.+)", text)
    if serial is None or begins is None or ends is None:
        raise AgentError("openssl on the VPN host says nothing that can be read of {}: look at it there".format(file))
    keyed = one(r"Authority Key Identifier: *\n +(?:keyid:)?([0-9A-Fa-f:]{11,})", text) or ""
    number = bytes.fromhex(serial)
    # The number is positive, so one that begins with a set bit has a zero before it (X.690, 8.3).
    return Facts(
        b"\0" + number if number[0] > 127 else number,
        bytes.fromhex(keyed.replace(":", "")),
        re.findall(r"DNS:([^,\s]+)", one(r"Subject Alternative Name:[^\n]*\n([^\n]+)", text) or ""),
        ssl.cert_time_to_seconds(begins),
        ssl.cert_time_to_seconds(ends),
        one(r"Subject:.*?CN ?= ?([^,/\n]+)", text) or "",
    )


def one(pattern: str, text: str) -> Optional[str]:
    """What a pattern's group finds, None where it finds nothing."""
    found = re.search(pattern, text, re.MULTILINE)
    return found.group(1).strip() if found else None
