"""A TLS connection to a server whose certificate is verified, and SSTP's messages over it."""

from __future__ import annotations

import socket
import ssl
import time
import uuid
from contextlib import suppress

from labvpn.diagnose.event import Cause, Stage
from labvpn.dial.outcome import DialCause, DialEndedError, Finding
from labvpn.dial.wire import sstp
from labvpn.kit.request import Trust
from labvpn.probe.wire import sstp as http

SECONDS = 8.0
"""For each of the connection, TLS, and the answer to the request."""
LARGEST_HEAD = 4096


class TlsWire:
    """The connection. Every way in which it does not come about is a DialEndedError."""

    def __init__(self, server: tuple[str, int], name: str, trust: Trust | None) -> None:
        self._socket = _secured(server, name, trust)
        self._came = b""
        self.certificate = self._socket.getpeercert(binary_form=True) or b""
        self.is_over = False

    def ask(self, name: str) -> None:
        """Ask for SSTP; raises DialEndedError where it is not answered, or refused."""
        self.send(http.request(name, str(uuid.uuid4())))
        end = self.now() + SECONDS
        while b"\r\n\r\n" not in self._came and self.now() < end and not self.is_over:
            self._hear(end - self.now())
            if len(self._came) > LARGEST_HEAD:
                break
        head, _, self._came = self._came.partition(b"\r\n\r\n")
        if not head:
            raise DialEndedError(DialCause.SSTP_SILENT, Stage.TLS, Finding("sstp-silent"))
        if not http.is_answer(head):
            said = head.split(b"\r\n")[0].decode("latin-1")[:60]
            raise DialEndedError(DialCause.SSTP_SILENT, Stage.TLS, Finding("sstp-refused", {"answer": said}))

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def send(self, content: bytes) -> None:
        """Send bytes; a connection that is gone is noted."""
        try:
            self._socket.sendall(content)
        except OSError:
            self.is_over = True

    def receive(self, seconds: float) -> bytes | None:
        """The next message; None where none came in time."""
        end = self.now() + seconds
        while (size := sstp.size_of(self._came)) is not None and not (0 < size <= len(self._came)):
            left = end - self.now()
            if left <= 0 or self.is_over:
                return None
            self._hear(left)
        if size is None:
            self.is_over = True
            return None
        message, self._came = self._came[:size], self._came[size:]
        return message

    def keep(self) -> None:
        """Nothing is due: the server asks, and PPP's echoes pass."""

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            self._socket.close()

    def _hear(self, seconds: float) -> None:
        self._socket.settimeout(max(0.01, seconds))
        try:
            more = self._socket.recv(16384)
        except (TimeoutError, ssl.SSLWantReadError):
            return
        except OSError:
            more = b""
        self._socket.settimeout(SECONDS)
        self.is_over = self.is_over or not more
        self._came += more


def _secured(server: tuple[str, int], name: str, trust: Trust | None) -> ssl.SSLSocket:
    values: dict[str, str | int] = {"port": server[1], "host": name}
    try:
        plain = socket.create_connection(server, SECONDS)
    except TimeoutError:
        raise DialEndedError(Cause.TCP_443, Stage.TRANSPORT, Finding("tcp-silent", values)) from None
    except OSError as error:
        because = Finding("tcp-rejected", {**values, "reason": error.strerror or "?"})
        raise DialEndedError(Cause.TCP_443, Stage.TRANSPORT, because) from None
    try:
        return _context(trust).wrap_socket(plain, server_hostname=name)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        because = Finding("untrusted", {"reason": error.verify_message})
        raise DialEndedError(Cause.CERTIFICATE, Stage.TLS, because) from None
    except OSError as error:
        plain.close()
        reason = getattr(error, "reason", None) or error.strerror or "the connection was closed"
        raise DialEndedError(Cause.TCP_443, Stage.TLS, Finding("no-tls", {**values, "reason": reason})) from None


def _context(trust: Trust | None) -> ssl.SSLContext:
    """What verifies the server as a client does: by the system's store, an authority, or the certificate itself."""
    if trust is None:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags = ssl.VerifyFlags.VERIFY_X509_TRUSTED_FIRST
    if not trust.is_authority:
        # A certificate that is trusted as such need not be for this name, nor signed by anybody.
        context.check_hostname = False
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=trust.pem)
    return context
