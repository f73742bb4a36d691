"""The certificate that the server shows, identified by its fingerprint; the cipher of TLS."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import base64
import binascii
import hashlib
import re
import ssl
from typing import Any, Dict, List

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import Remembered
from labvpn.agent.softether.server_settings import Setting

FIRST_WITH_CHAIN = [502, 5181]
"""The first version and build whose call takes a chain."""


class CertificateSetting(Setting):
    """`certificate sha256=... chain=...`: what came with the request; `chain` only where it came with one."""

    kind = "certificate"

    def values(self, line: Line) -> Values:
        stored = fingerprint(str(self.branch("ServerConfiguration").get("ServerCert", "")))
        return {"sha256": stored, "chain": self.chain(line.values["chain"]) if "chain" in line.values else "none"}

    def chain(self, wanted: str) -> str:
        """The digest of the chain that the server has; the wanted one where this server takes none, as is warned."""
        if not self.takes_chain():
            return wanted
        # No call gives it back, but the configuration has it.
        held = self.branch("ServerConfiguration", "ServerChain").values()
        return chain_digest([str(one.get("X509", "")) for one in held])

    def set(self, want: Line) -> None:
        given = self.softether.secrets.certificate
        if "certificate" not in given or "key" not in given:
            raise AgentError("the request has no certificate for the server: run `pulumi up` again without --target")
        certificate, *chain = bodies(given["certificate"])
        # 5.02 clears the chain where a call leaves it out; older servers do not know it.
        more = {"Chain_bin": chain} if chain and self.takes_chain() else {}
        self.call("SetServerCert", Cert_bin=certificate, Key_bin=body(given["key"]), **more)

    def takes_chain(self) -> bool:
        """Whether the server can be given the certificates between its own and the authority that clients trust."""
        found = self.softether.release()
        return found is not None and found >= FIRST_WITH_CHAIN

    def warnings(self) -> List[str]:
        """That the rest of a chain cannot be given to this server."""
        chain = bodies(self.softether.secrets.certificate.get("certificate", ""))[1:]
        if not chain or not self.softether.installed or self.softether.release() is None or self.takes_chain():
            return []
        return [
            "serverCertificate has a chain, which SoftEther takes only since 5.02: clients are shown the first "
            "certificate alone; take one that is signed by an authority that they trust themselves, or install 5.02"
        ]

    def remember(self, line: Line) -> Remembered:
        record = self.call("GetServerCert")
        return dict(line.values, record={name: record[name] for name in ("Cert_bin", "Key_bin")})

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        self.call("SetServerCert", **remembered["record"])


class CipherSetting(Setting):
    """`cipher name=ECDHE-RSA-AES256-GCM-SHA384`: of TLS up to 1.2."""

    kind = "cipher"

    def values(self, line: Line) -> Values:
        return {"name": str(self.branch("ServerConfiguration").get("CipherName", ""))}

    def set(self, want: Line) -> None:
        self.call("SetServerCipher", String_str=want.values["name"])


def chain_digest(stored: List[str]) -> str:
    """The SHA-256 of certificates, each in base64, one after the other; `none` where there are none."""
    try:
        whole = b"".join(base64.b64decode(one, validate=True) for one in stored)
    except (ValueError, binascii.Error):
        return "unreadable"
    return hashlib.sha256(whole).hexdigest() if whole else "none"


def fingerprint(stored: str) -> str:
    """The SHA-256 of a certificate as the configuration stores it, in base64 of DER or PEM; `none` for other text."""
    try:
        data = base64.b64decode(stored, validate=True)
        if data.startswith(b"-----"):
            data = ssl.PEM_cert_to_DER_cert(data.decode("ascii").strip())
    except (ValueError, binascii.Error):
        return "none"
    return hashlib.sha256(data).hexdigest() if data else "none"


def body(pem: str) -> str:
    """The base64 between the lines of a PEM text, on one line."""
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


def bodies(pem: str) -> List[str]:
    """The same of each of its blocks."""
    return [body(block) for block in re.split("-----END [^-]*-----", pem) if body(block)]
