"""One SSTP call as its client (MS-SSTP, 3.2). No sockets: messages in, messages out."""

from __future__ import annotations

from labvpn.diagnose.event import Stage
from labvpn.dial.outcome import AnyCause, DialCause
from labvpn.dial.tunnel import TunnelProgress
from labvpn.dial.wire import sstp
from labvpn.dial.wire.sstp import Control, Data


class SstpCall:
    """The call. `outgoing` collects what to send, `frames` the PPP frames that came."""

    title = "SSTP"
    silence: tuple[AnyCause, Stage, str] = (DialCause.SSTP_SILENT, Stage.TLS, "sstp-silent")
    lost = "tcp-closed"
    refused: AnyCause = DialCause.SSTP_SILENT

    def __init__(self, certificate: bytes) -> None:
        self.progress = TunnelProgress.CLOSED
        self.outgoing: list[bytes] = []
        self.frames: list[bytes] = []
        self.events: list[str] = []
        self.refusal = ""
        """The id of how the server ended it; empty where it did not."""
        self.result = ""
        self.is_bound = False
        """Whether the login was proven to belong to this call."""
        self._certificate = certificate
        self._binding = (0, b"")

    def open(self) -> None:
        """Ask for the call."""
        self.progress = TunnelProgress.TUNNEL_ASKED
        self._say(Control(sstp.REQUEST, {sstp.PROTOCOL: sstp.PPP}))

    def resend(self) -> list[bytes]:
        """Nothing: TCP carries it."""
        return []

    def receive(self, message: bytes) -> None:
        """Take a message; what is not understood changes nothing."""
        found = sstp.decoded(message)
        if isinstance(found, Data):
            if self.progress is TunnelProgress.UP:
                self.frames.append(found.frame)
        elif found is not None:
            self.events.append(f"SSTP received {sstp.NAMES.get(found.kind, found.kind)}")
            self._take(found)

    def send_frame(self, frame: bytes) -> None:
        """Send a PPP frame through the call."""
        self.outgoing.append(Data(frame).encoded())

    def bind(self, session_key: bytes) -> None:
        """Prove that whoever logged in is this call's client."""
        self.is_bound = True
        self._say(sstp.connected(*self._binding, self._certificate, session_key))

    def close(self) -> None:
        """Say goodbye."""
        if self.progress is TunnelProgress.UP:
            self._say(Control(sstp.DISCONNECT))
        self.progress = TunnelProgress.ENDED

    def _take(self, message: Control) -> None:
        if message.kind == sstp.ACK and self.progress is TunnelProgress.TUNNEL_ASKED:
            asked = sstp.binding_asked(message.attributes.get(sstp.BINDING_ASKED, b""))
            if asked is None:
                self._end("sstp-no-binding")
                return
            self._binding, self.progress = asked, TunnelProgress.UP
        elif message.kind == sstp.NAK:
            self._end("sstp-refused-call")
        elif message.kind == sstp.ECHO:
            self._say(Control(sstp.ECHOED))
        elif message.kind == sstp.DISCONNECT:
            self._say(Control(sstp.DISCONNECTED))
            self._end("call-ended")
        elif message.kind == sstp.ABORT:
            self._end("call-ended")

    def _end(self, why: str) -> None:
        self.refusal = self.refusal or why
        self.progress = TunnelProgress.ENDED

    def _say(self, message: Control) -> None:
        self.outgoing.append(message.encoded())
        self.events.append(f"SSTP sent {sstp.NAMES[message.kind]}")
