"""PPP over a tunnel (RFC 1661, 1332, 1334, 2759): the link, who we are, and an address, in this order."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from labvpn.dial.wire.mschap import proof, response
from tests.rehearsal.l2tp.tunnel import Tunnel, TunnelError

LCP, PAP, CHAP, IPCP, IPV4 = 0xC021, 0xC023, 0xC223, 0x8021, 0x0021
REQUEST, ACK, NAK, REJECT, TERMINATE, TERMINATED, PROTOCOL_REJECT, ECHO, ECHOED = 1, 2, 3, 4, 5, 6, 8, 9, 10
AUTH, MAGIC_NUMBER, ADDRESS, DNS = 3, 5, 3, 129
MSCHAP = struct.pack(">HB", CHAP, 0x81)
REPEAT_SECONDS = 3.0

Options = dict[int, bytes]


class LinkError(Exception):
    """The link did not come up; `stage` is how far it came: link, login or address."""

    def __init__(self, stage: str, why: str) -> None:
        super().__init__(f"{stage}: {why}")
        self.stage = stage


def options(data: bytes) -> Options:
    """The options of a configuration packet."""
    found: Options = {}
    while len(data) >= 2 and data[1] >= 2:
        found[data[0]] = data[2 : data[1]]
        data = data[data[1] :]
    return found


def written(some: Options) -> bytes:
    """Options as a packet has them."""
    return b"".join(bytes([kind, len(value) + 2]) + value for kind, value in some.items())


@dataclass
class Negotiation:
    """One layer's configuration: what we ask for, and what each side has agreed to."""

    protocol: int
    ours: Options
    agreed: bool = False
    agrees: bool = False
    theirs: Options = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether both sides have what they want."""
        return self.agreed and self.agrees


class Link:
    """A PPP link as its client."""

    def __init__(self, tunnel: Tunnel, user: str, password: str, way: str, seconds: float) -> None:
        self.tunnel = tunnel
        self.user, self.password, self.way = user, password, way
        self.end = time.monotonic() + seconds
        self.number = 0
        self.lcp = Negotiation(LCP, {MAGIC_NUMBER: os.urandom(4)})
        self.ipcp = Negotiation(IPCP, {ADDRESS: bytes(4), DNS: bytes(4)})
        self.let_in: bool | None = None
        self.proof = ""
        self.proven = way != "mschap"

    @property
    def address(self) -> IPv4Address:
        """Our own address."""
        return IPv4Address(self.ipcp.ours[ADDRESS])

    @property
    def resolver(self) -> IPv4Address:
        """The resolver that the server names."""
        return IPv4Address(self.ipcp.ours.get(DNS, bytes(4)))

    def open(self) -> None:
        """Bring the link up to an address. Raises LinkError."""
        self.until(lambda: self.lcp.done, "link", lambda: self.configure(self.lcp))
        self.until(lambda: self.let_in is not None, "login", self.log_in)
        if not (self.let_in and self.proven):
            raise LinkError("login", "the server refused name or password")
        self.until(lambda: self.ipcp.done and bool(int(self.address)), "address", lambda: self.configure(self.ipcp))

    def until(self, done: Callable[[], bool], stage: str, ask: Callable[[], None]) -> None:
        """Ask again and again, and answer what comes, until it is done."""
        asked = 0.0
        while not done():
            if time.monotonic() > self.end:
                raise LinkError(stage, "the server did not agree in time")
            if time.monotonic() > asked + REPEAT_SECONDS:
                ask()
                asked = time.monotonic()
            frame = self.tunnel.frame(0.2)
            if frame is not None:
                self.take(stage, frame)

    def send(self, protocol: int, code: int, body: bytes, number: int | None = None) -> None:
        """Send a packet of a control protocol."""
        if number is None:
            self.number = number = (self.number + 1) % 256
        self.tunnel.send_frame(struct.pack(">HBBH", protocol, code, number, len(body) + 4) + body)

    def configure(self, layer: Negotiation) -> None:
        """Ask for a layer's options, as far as they are known."""
        if not layer.agreed:
            self.send(layer.protocol, REQUEST, written(layer.ours))

    def log_in(self) -> None:
        """Say who we are; with MS-CHAPv2 the server asks."""
        if self.way == "pap":
            name, word = self.user.encode(), self.password.encode()
            self.send(PAP, REQUEST, bytes([len(name)]) + name + bytes([len(word)]) + word)

    def take(self, stage: str, frame: bytes) -> None:
        """Answer a frame that came while the link was at a stage."""
        if len(frame) < 6:
            return
        protocol, code, number, size = struct.unpack(">HBBH", frame[:6])
        body = frame[6 : size + 2]
        if protocol == LCP and code in (TERMINATE, PROTOCOL_REJECT):
            raise LinkError(stage, "the server ended the link" if code == TERMINATE else "the server has no IPv4 here")
        if protocol == LCP and code == ECHO:
            self.send(LCP, ECHOED, self.lcp.ours.get(MAGIC_NUMBER, bytes(4)) + body[4:], number)
        elif protocol in (LCP, IPCP):
            self.negotiate(self.lcp if protocol == LCP else self.ipcp, code, number, body)
        elif protocol == PAP:
            self.let_in = code == ACK
        elif protocol == CHAP:
            self.authenticate(code, number, body)

    def negotiate(self, layer: Negotiation, code: int, number: int, body: bytes) -> None:
        """Take part in a layer's configuration."""
        if code == REQUEST:
            asked = options(body)
            wrong = self.wrong(asked) if layer is self.lcp else {}
            self.send(layer.protocol, NAK if wrong else ACK, written(wrong) if wrong else body, number)
            # The server asks once for each option, the login's way last.
            layer.theirs.update(asked)
            layer.agrees = not wrong and (layer is self.ipcp or AUTH in layer.theirs)
        elif code == ACK:
            layer.agreed = True
        elif code == NAK:
            layer.ours.update({kind: value for kind, value in options(body).items() if kind in layer.ours})
            self.configure(layer)
        elif code == REJECT:
            for kind in options(body):
                layer.ours.pop(kind, None)
            if layer is self.ipcp and ADDRESS not in layer.ours:
                raise LinkError("address", "the server has no address to give")
            self.configure(layer)

    def wrong(self, asked: Options) -> Options:
        """What we would have instead: another way of the login."""
        wanted = MSCHAP if self.way == "mschap" else struct.pack(">H", PAP)
        return {AUTH: wanted} if AUTH in asked and asked[AUTH] != wanted else {}

    def authenticate(self, code: int, number: int, body: bytes) -> None:
        """Answer the server's challenge, and hear whether it knew the password too."""
        if code == REQUEST:
            challenge, own = body[1 : 1 + body[0]], os.urandom(16)
            answer = own + bytes(8) + response(self.user, self.password, challenge, own) + b"\0"
            self.proof = proof(self.user, self.password, challenge, own)
            self.send(CHAP, ACK, bytes([len(answer)]) + answer + self.user.encode(), number)
        elif code in (3, 4):
            self.let_in = code == 3
            self.proven = code == 3 and body.decode("ascii", "replace").startswith(self.proof)

    def stay(self, seconds: float) -> str:
        """Answer what comes until the other side ends it, and say how; empty where it did not in time."""
        self.end = time.monotonic() + seconds
        try:
            self.until(lambda: False, "over", lambda: self.send(LCP, ECHO, bytes(4)))
        except LinkError as error:
            return "" if time.monotonic() > self.end else str(error)
        except TunnelError as error:
            return str(error)
        return ""

    def close(self) -> None:
        """End the link."""
        self.send(LCP, TERMINATE, b"")
