"""The certificate that the server shows, identified by its fingerprint; the cipher of TLS."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import base64
import binascii
import hashlib
import re
from typing import Any, Dict, List

from labvpn.agent.acme.renewal import Renewal
from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import Remembered
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.presented_certificate import body, presented_fingerprint, set_certificate, set_chain_files
from labvpn.agent.softether.server_settings import Setting

FIRST_WITH_CHAIN = [502, 5181]
"""The first version and build whose call takes a chain."""


class CertificateSetting(Setting):
    """`certificate sha256=... chain=...`: what came with the request; `chain` only where it came with one.

    `certificate by=acme`: the one that the host itself keeps renewed.
    """

    kind = "certificate"

    def __init__(self, softether: SoftEther) -> None:
        super().__init__(softether)
        self.renewal = Renewal(softether)

    def values(self, line: Line) -> Values:
        presented = presented_fingerprint(self.softether)
        # Until it is ordered it is another's, so that what was there before us is remembered.
        ours = self.renewal.report.ordered and self.renewal.fingerprint() in ("", presented)
        chain = self.chain(line.values["chain"]) if "chain" in line.values else "none"
        return {"sha256": presented, "by": "acme" if ours else "other", "chain": chain}

    def chain(self, wanted: str) -> str:
        """The digest of the chain that the server has; the wanted one where this server takes none, as is warned."""
        if not self.takes_chain():
            return wanted
        # No call gives it back, but the configuration has it.
        held = self.branch("ServerConfiguration", "ServerChain").values()
        return chain_digest([str(one.get("X509", "")) for one in held])

    def set(self, want: Line) -> None:
        if "by" in want.values:
            self.renewal.install()
            return
        given = self.softether.secrets.certificate
        if "certificate" not in given or "key" not in given:
            raise AgentError("the request has no certificate for the server: run `pulumi up` again without --target")
        chain = bodies(given["certificate"])
        set_certificate(self.softether, given["key"], chain if len(chain) > 1 and self.takes_chain() else chain[:1])

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
        # By its fingerprint, whatever the document asks for: the way back is compared by it.
        known = {"sha256": presented_fingerprint(self.softether)}
        return dict(known, record={name: record[name] for name in ("Cert_bin", "Key_bin")})

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        self.call("SetServerCert", **remembered["record"])
        set_chain_files(self.softether, [])


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


def bodies(pem: str) -> List[str]:
    """The same of each of its blocks."""
    return [body(block) for block in re.split("-----END [^-]*-----", pem) if body(block)]
