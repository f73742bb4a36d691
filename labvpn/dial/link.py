"""A PPP link as its client: LCP, the login, IPCP, in this order (RFC 1661, 1332, 1334, 2759). No sockets."""

from __future__ import annotations

import os
import struct
from collections.abc import Set
from enum import IntEnum
from ipaddress import IPv4Address

from labvpn.dial.layer import Layer
from labvpn.dial.login import OPTIONS, LinkLogin, refusal
from labvpn.dial.wire import ppp
from labvpn.dial.wire.ppp import Packet

MTU = 1280
"""What Apple's clients ask for as their MRU over L2TP."""


class LinkProgress(IntEnum):
    """How far the link is."""

    LINK = 1
    LOGIN = 2
    ADDRESS = 3
    UP = 4
    ENDED = 5


class Link:
    """The link. `outgoing` collects frames to send, `events` what happened, in the words of a Mac's ppp.log."""

    def __init__(self, login: LinkLogin) -> None:
        self.progress = LinkProgress.LINK
        self.outgoing: list[bytes] = []
        self.events: list[str] = []
        self.packets: list[bytes] = []
        """IPv4 packets that came."""
        self.refusal = ""
        """The id of how the link ended; empty where it did not."""
        self.ended_at = LinkProgress.ENDED
        """How far the link was when it ended."""
        self.method = ""
        self.foreign_login = ""
        """The method of login that the server insists on and that is none of ours; empty where there is none."""
        self.server_knows_password: bool | None = None
        """Whether the server proved that it knows the password too; None where the method has no proof."""
        self.session_key = bytes(32)
        """What binds the login to an SSTP call; zeros where the method makes no key (MS-SSTP, 3.2.5.2.4)."""
        self.echoes: list[bytes] = []
        """The first eight bytes of each echo that came back with data."""
        self.login, self._identifier = login, 0
        self._lcp = Layer(ppp.LCP, {ppp.MRU: struct.pack(">H", MTU), ppp.MAGIC: os.urandom(4)})
        self._ipcp = Layer(ppp.IPCP, {ppp.ADDRESS: bytes(4), ppp.DNS: bytes(4), ppp.DNS2: bytes(4)})
        self._proof = ""
        control = {ppp.LCP: self._lcp_came, ppp.IPCP: self._ipcp_came}
        self._takers = {**control, ppp.PAP: self._pap_came, ppp.CHAP: self._chap_came}
        self._accepted: bool | None = None
        self._is_asked = False

    @property
    def has_no_login(self) -> bool:
        """Whether both sides agreed on a link on which nobody logs in."""
        return self._lcp.agreed and self._is_asked and ppp.AUTHENTICATION not in self._lcp.theirs

    @property
    def address(self) -> IPv4Address:
        """Our own address."""
        return self._ipcp.own(ppp.ADDRESS)

    @property
    def resolver(self) -> IPv4Address:
        """The resolver that the server names; 0.0.0.0 where it names none."""
        return self._ipcp.own(ppp.DNS)

    @property
    def router(self) -> IPv4Address:
        """The server's own address on the link."""
        return self._ipcp.other(ppp.ADDRESS)

    def ask(self) -> None:
        """Send, or send again, what the link waits for."""
        if self.progress is LinkProgress.LINK:
            self._configure(self._lcp)
        elif self.progress is LinkProgress.LOGIN and self.method == "pap" and self._accepted is None:
            name, word = self.login.user.encode(), self.login.password.encode()
            self._send(ppp.PAP, ppp.REQUEST, ppp.counted(name) + ppp.counted(word))
        elif self.progress is LinkProgress.ADDRESS:
            self._configure(self._ipcp)

    def echo(self, data: bytes = b"") -> None:
        """Ask whether the other side is there; it sends the data back."""
        self._send(ppp.LCP, ppp.ECHO, self._lcp.ours.get(ppp.MAGIC, bytes(4)) + data)

    def send_packet(self, packet: bytes) -> None:
        """Send an IPv4 packet."""
        self.outgoing.append(ppp.frame_of(ppp.IPV4, packet))

    def close(self) -> None:
        """End the link."""
        if self.progress is not LinkProgress.ENDED:
            self._send(ppp.LCP, ppp.TERMINATE, b"User request")
            self.progress = LinkProgress.ENDED

    def receive(self, frame: bytes) -> None:
        """Take a frame; what is not understood changes nothing."""
        split = ppp.protocol_of(frame)
        if split is None:
            return
        protocol, content = split
        if protocol == ppp.IPV4:
            self.packets.append(content)
            return
        packet = ppp.packet(protocol, content)
        if packet is None:
            return
        if protocol not in self._takers:
            # So that the server goes on without it (RFC 1661, 5.7).
            self._send(ppp.LCP, ppp.PROTOCOL_REJECT, struct.pack(">H", protocol) + content[:64])
            return
        self.events.append(f"rcvd [{ppp.NAMES[protocol]} {ppp.title(packet)} id=0x{packet.identifier:x}]")
        self._takers[protocol](packet)
        self._go_on()

    def _go_on(self) -> None:
        if self.progress is LinkProgress.LINK and self._lcp.is_up:
            self.progress = LinkProgress.LOGIN
            self.ask()
        if self.progress is LinkProgress.LOGIN and self._accepted:
            self.progress = LinkProgress.ADDRESS
            self.ask()
        if self.progress is LinkProgress.ADDRESS and self._ipcp.is_up and int(self.address):
            self.progress = LinkProgress.UP
            self.events += [f"local  IP address {self.address}", f"remote IP address {self.router}"]
            self.events += [f"primary   DNS address {self.resolver}"] if int(self.resolver) else []

    def _lcp_came(self, packet: Packet) -> None:
        if packet.code == ppp.TERMINATE:
            self._send(ppp.LCP, ppp.TERMINATED, b"", packet.identifier)
            # An authenticator that refuses PAP ends the link (RFC 1334, 2.2.2); SoftEther 5.01 sends no NAK before.
            self._end("login-refused" if self._logs_in_by("pap") else "link-ended")
        elif packet.code == ppp.PROTOCOL_REJECT and packet.body[:2] == struct.pack(">H", ppp.IPCP):
            self._end("no-ipv4")
        elif packet.code == ppp.ECHO:
            own = self._lcp.ours.get(ppp.MAGIC, bytes(4))
            self._send(ppp.LCP, ppp.ECHOED, own + packet.body[4:], packet.identifier)
        elif packet.code == ppp.ECHOED:
            self.echoes.append(packet.body[4:12])
        elif packet.code == ppp.REQUEST:
            self._lcp_asked(packet)
        else:
            self._negotiated(self._lcp, packet)

    def _lcp_asked(self, packet: Packet) -> None:
        asked = ppp.options(packet.body)
        if self._rejects(packet, _LCP_KNOWN):
            return
        if ppp.AUTHENTICATION in asked and not self._logs_in_as(asked[ppp.AUTHENTICATION], packet.identifier):
            return
        self._is_asked = True
        self._send(ppp.LCP, ppp.ACK, packet.body, packet.identifier)
        # SoftEther asks once for each option, the login's method last.
        self._lcp.theirs.update(asked)
        self._lcp.agrees = ppp.AUTHENTICATION in self._lcp.theirs

    def _logs_in_as(self, asked: bytes, identifier: int) -> bool:
        """Whether the server's method of login is one of ours; if not, ours is asked for instead."""
        self.method = self.login.method_for(asked)
        wanted = OPTIONS[self.method]
        self.foreign_login = "" if wanted == asked else ppp.method(asked)
        if self.foreign_login:
            self._send(ppp.LCP, ppp.NAK, ppp.encoded({ppp.AUTHENTICATION: wanted}), identifier)
        return not self.foreign_login

    def _negotiated(self, layer: Layer, packet: Packet) -> None:
        if packet.code == ppp.ACK:
            layer.agreed = True
        elif packet.code == ppp.NAK:
            named = ppp.options(packet.body).items()
            layer.ours.update({kind: one for kind, one in named if len(one) == len(layer.ours.get(kind, b""))})
            self._configure(layer)
        elif packet.code == ppp.REJECT:
            for kind in ppp.options(packet.body):
                layer.ours.pop(kind, None)
            if layer is self._ipcp and ppp.ADDRESS not in layer.ours:
                self._end("no-address")
            else:
                self._configure(layer)

    def _pap_came(self, packet: Packet) -> None:
        if packet.code in (ppp.ACK, ppp.NAK) and self._logs_in_by("pap"):
            self._accepted = packet.code == ppp.ACK
            if not self._accepted:
                self._end("login-refused")

    def _logs_in_by(self, method: str) -> bool:
        """Whether an answer to this method's login is due: any other would let in who proves nothing."""
        return self.progress is LinkProgress.LOGIN and self.method == method

    def _chap_came(self, packet: Packet) -> None:
        body = packet.body
        if packet.code == ppp.CHALLENGE and body and len(body) > body[0]:
            answer = self.login.answer(body[1 : 1 + body[0]])
            self._proof, self.session_key = answer.proof, answer.session_key
            self._send(ppp.CHAP, ppp.RESPONSE, answer.content, packet.identifier)
        elif not self._logs_in_by("mschapv2"):
            return
        elif packet.code == ppp.SUCCESS:
            self.server_knows_password = body.decode("ascii", "replace").startswith(self._proof) and bool(self._proof)
            self._accepted = self.server_knows_password
            if not self._accepted:
                self._end("server-unproven")
        elif packet.code == ppp.FAILURE:
            self._accepted = False
            self._end(refusal(body))

    def _ipcp_came(self, packet: Packet) -> None:
        if packet.code != ppp.REQUEST:
            self._negotiated(self._ipcp, packet)
        elif not self._rejects(packet, {ppp.ADDRESS}):
            self._send(ppp.IPCP, ppp.ACK, packet.body, packet.identifier)
            self._ipcp.theirs.update(ppp.options(packet.body))
            self._ipcp.agrees = True

    def _rejects(self, packet: Packet, known: Set[int]) -> bool:
        """Reject the options of a request that are not known, such as a compression that is not done here."""
        unknown = {kind: value for kind, value in ppp.options(packet.body).items() if kind not in known}
        if unknown:
            self._send(packet.protocol, ppp.REJECT, ppp.encoded(unknown), packet.identifier)
        return bool(unknown)

    def _configure(self, layer: Layer) -> None:
        if not layer.agreed:
            self._send(layer.protocol, ppp.REQUEST, ppp.encoded(layer.ours))

    def _end(self, why: str) -> None:
        if self.progress is not LinkProgress.ENDED:
            self.refusal = why
            self.ended_at = self.progress
            self.progress = LinkProgress.ENDED

    def _send(self, protocol: int, code: int, body: bytes, identifier: int | None = None) -> None:
        if identifier is None:
            self._identifier = identifier = self._identifier % 255 + 1
        packet = Packet(protocol, code, identifier, body)
        self.outgoing.append(packet.encoded())
        self.events.append(f"sent [{ppp.NAMES[protocol]} {ppp.title(packet)} id=0x{identifier:x}]")


_LCP_KNOWN = {ppp.MRU, 2, ppp.AUTHENTICATION, ppp.MAGIC, ppp.PFC, ppp.ACFC}
