"""The certificate that the server shows, identified by its fingerprint; the cipher of TLS."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Any, Dict

from labvpn.agent.acme.facts import blocks
from labvpn.agent.acme.renewal import Renewal
from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import Remembered
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.presented_certificate import (
    held_chain,
    presented_chain,
    presented_fingerprint,
    set_certificate,
    set_chain_files,
    takes_chain,
)
from labvpn.agent.softether.server_settings import Setting


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
        # A server that cannot be asked shows no other chain: that it does not answer is told elsewhere.
        chain = presented_chain(self.softether) or line.values["chain"] if "chain" in line.values else "none"
        return {"sha256": presented, "by": "acme" if ours else "other", "chain": chain}

    def set(self, want: Line) -> None:
        if "by" in want.values:
            self.renewal.install()
            return
        given = self.softether.secrets.certificate
        if "certificate" not in given or "key" not in given:
            raise AgentError("the request has no certificate for the server: run `pulumi up` again without --target")
        set_certificate(self.softether, given["key"], blocks(given["certificate"], ""))

    def remember(self, line: Line) -> Remembered:
        record = self.call("GetServerCert")
        # By its fingerprint, whatever the document asks for: the way back is compared by it.
        known = {"sha256": presented_fingerprint(self.softether)}
        chain = held_chain(self.softether) if takes_chain(self.softether) else []
        kept = {name: record[name] for name in ("Cert_bin", "Key_bin")}
        return dict(known, record=dict(kept, Chain_bin=chain) if chain else kept)

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
