"""The certificate that the server shows, identified by its fingerprint; the settings of TLS and of syslog."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Any, Dict

from labvpn.agent.acme.renewal import Renewal
from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import Remembered
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.presented_certificate import presented_fingerprint, set_certificate, set_chain_files
from labvpn.agent.softether.server_settings import Setting

# What of the logs is sent on: the number in the call and in the file.
SENT_ON = {"none": "0", "server": "1", "security": "2", "packet": "3"}


class CertificateSetting(Setting):
    """`certificate sha256=...`: the fingerprint of the certificate that came with the request.

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
        return {"sha256": presented, "by": "acme" if ours else "other"}

    def set(self, want: Line) -> None:
        if "by" in want.values:
            self.renewal.install()
            return
        given = self.softether.secrets.certificate
        if "certificate" not in given or "key" not in given:
            raise AgentError("the request has no certificate for the server: run `pulumi up` again without --target")
        set_certificate(self.softether, given["key"], [given["certificate"]])

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


class SyslogSetting(Setting):
    """`syslog send=security host=10.98.0.2 port=514`: each word takes in the one before it; `none` is off."""

    kind = "syslog"

    def values(self, line: Line) -> Values:
        block = self.branch("ServerConfiguration", "SyslogSettings")
        words = {number: word for word, number in SENT_ON.items()}
        return {
            "send": words.get(str(block.get("SaveType", "0")), "unknown"),
            "host": str(block.get("HostName", "")) or "none",
            "port": str(block.get("Port", "514")),
        }

    def set(self, want: Line) -> None:
        values = want.values
        host = values.get("host", "none")
        self.call(
            "SetSysLog",
            SaveType_u32=int(SENT_ON[values["send"]]),
            Hostname_str="" if host == "none" else host,
            Port_u32=int(values.get("port", "514")),
        )
