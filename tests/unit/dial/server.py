"""A small L2TP/IPsec server in memory, with a clock of its own: what a dial meets, without a network."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field

from labvpn.dial.phase1 import Keys
from labvpn.dial.phase2 import ESP, inform
from labvpn.dial.wire import esp, isakmp, l2tp, mschap, ppp, suite
from labvpn.dial.wire.isakmp import Message
from labvpn.dial.wire.suite import KeyExchange

ADDRESS, ROUTER = bytes([192, 168, 30, 10]), bytes([192, 168, 30, 1])
COOKIE = b"response"


@dataclass
class FakeServer:
    """A wire whose other end is a server; `deaf` are UDP ports that drop everything, `silent` what it does not do."""

    key: str = "key"
    password: str = "word"
    deaf: set[int] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    has_address: bool = True
    clock: float = 0.0
    answers: list[bytes] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    associations: list[tuple[esp.Association, esp.Association]] = field(default_factory=list)

    def send(self, data: bytes, port: int) -> None:
        if port in self.deaf:
            return
        if data[:4] == isakmp.NON_ESP_MARKER or port == 500:
            self.of_ike(data, isakmp.NON_ESP_MARKER if port == 4500 else b"")
        elif data != esp.KEEPALIVE:
            self.of_esp(data)

    def receive(self, seconds: float) -> bytes | None:
        self.clock += 0.001 if self.answers else seconds
        return self.answers.pop(0) if self.answers else None

    def now(self) -> float:
        return self.clock

    def fragment(self, allowed: bool) -> None: ...

    def is_rejected(self, port: int, times: int) -> bool:
        return False

    def of_ike(self, data: bytes, marker: bytes) -> None:
        message = isakmp.decoded(data)
        assert message is not None
        if message.exchange == isakmp.MAIN_MODE:
            steps = {isakmp.SA: self.choose, isakmp.KE: self.agree, isakmp.ID: self.identify}
            answer = steps[message.first](message)
        elif message.exchange == isakmp.QUICK_MODE:
            answer = self.quick(message)
        else:
            answer = self.informed(message)
        if answer:
            self.answers.append(marker + answer)

    def choose(self, message: Message) -> bytes:
        self.offer = isakmp.first_of(isakmp.SA, list(isakmp.payloads(message.first, message.body))) or b""
        choice = isakmp.choice(self.offer)
        chosen = suite.chosen(choice.attributes) if choice else None
        assert chosen is not None
        self.suite, self.initiator = chosen, message.initiator
        return self.plain([(isakmp.SA, isakmp.association(1, b"", [(1, chosen.attributes)]))])

    def plain(self, payloads: list[isakmp.Payload]) -> bytes:
        head = (self.initiator, COOKIE, payloads[0][0], isakmp.MAIN_MODE, 0, 0)
        return Message(*head, isakmp.chain(payloads)).encoded()

    def agree(self, message: Message) -> bytes:
        payloads = list(isakmp.payloads(message.first, message.body))
        self.theirs = isakmp.first_of(isakmp.KE, payloads) or b""
        nonce, own = isakmp.first_of(isakmp.NONCE, payloads) or b"", os.urandom(16)
        exchange = KeyExchange(self.suite.group)
        self.ours, prf = exchange.public, self.suite.prf
        shared, cookies = exchange.shared(self.theirs), self.initiator + COOKIE
        self.skeyid = prf(self.key.encode(), nonce + own)
        derive = prf(self.skeyid, shared + cookies + b"\0")
        authenticate = prf(self.skeyid, derive + shared + cookies + b"\1")
        secret = prf(self.skeyid, authenticate + shared + cookies + b"\2")
        encrypt, block = (secret, b"") if len(secret) >= self.suite.key_size else (b"", b"\0")
        while len(encrypt) < self.suite.key_size:
            encrypt += (block := prf(secret, block))
        encrypt = encrypt[: self.suite.key_size]
        self.keys = Keys(self.initiator, COOKIE, self.suite, derive, authenticate, encrypt)
        self.fourth = self.plain([(isakmp.KE, self.ours), (isakmp.NONCE, own)])
        return self.fourth

    def identify(self, message: Message) -> bytes:
        iv = self.suite.hash(self.theirs + self.ours)[: self.suite.block]
        payloads = self.keys.opened(message, iv) or []
        identity, proof = isakmp.first_of(isakmp.ID, payloads) or b"", isakmp.first_of(isakmp.HASH, payloads)
        values = self.theirs + self.ours + self.initiator + COOKIE + self.offer
        if proof != self.suite.prf(self.skeyid, values + identity):
            return self.fourth
        own = isakmp.identity(bytes(4))
        values = self.ours + self.theirs + COOKIE + self.initiator + self.offer
        answer = [(isakmp.ID, own), (isakmp.HASH, self.suite.prf(self.skeyid, values + own))]
        data, self.keys.last_block = self.keys.encrypted(isakmp.MAIN_MODE, 0, answer, message.body[-self.suite.block :])
        return data

    def quick(self, message: Message) -> bytes:
        payloads = self.keys.opened(message, self.keys.iv(message.number)) or []
        content = isakmp.first_of(isakmp.SA, payloads)
        if "phase 2" in self.silent or content is None:
            return b""
        choice, nonce, own = isakmp.choice(content), isakmp.first_of(isakmp.NONCE, payloads) or b"", os.urandom(16)
        assert choice is not None
        agreed = esp.protection(choice.transform, choice.attributes)
        assert agreed is not None
        spi = struct.pack(">I", 0x2000 + len(self.associations))
        both = [self.association(each, agreed, nonce + own) for each in (spi, choice.spi)]
        self.associations.append((both[0], both[1]))
        answer = [
            (isakmp.SA, isakmp.association(ESP, spi, [(agreed.transform, agreed.attributes)])),
            (isakmp.NONCE, own),
        ]
        number = struct.pack(">I", message.number)
        proof = self.suite.prf(self.keys.authenticate, number + nonce + isakmp.chain(answer))
        iv = message.body[-self.suite.block :]
        return self.keys.encrypted(isakmp.QUICK_MODE, message.number, [(isakmp.HASH, proof), *answer], iv)[0]

    def association(self, spi: bytes, agreed: esp.Protection, nonces: bytes) -> esp.Association:
        cipher, integrity = agreed.key_sizes
        material, block = b"", b""
        while len(material) < cipher + integrity:
            block = self.suite.prf(self.keys.derive, block + bytes([ESP]) + spi + nonces)
            material += block
        return esp.Association(spi, agreed, material[:cipher], material[cipher : cipher + integrity])

    def informed(self, message: Message) -> bytes:
        for kind, body in self.keys.opened(message, self.keys.iv(message.number)) or []:
            found = isakmp.deleted(body) if kind == isakmp.DELETE else None
            self.deleted += [found.protocol] if found else []
        return b""

    def delete(self, protocol: int, spi: bytes) -> None:
        """Delete an association, as the server's own wish."""
        message = inform(self.keys, (isakmp.DELETE, isakmp.deletion(protocol, [spi])))
        self.answers.append(isakmp.NON_ESP_MARKER + message)

    def of_esp(self, data: bytes) -> None:
        for inbound, _ in self.associations:
            content = inbound.open(data)
            message = l2tp.decoded(esp.from_udp(content) or b"") if content else None
            if isinstance(message, l2tp.Control) and message.kind != l2tp.ACK and "l2tp" not in self.silent:
                self.controlled(message)
            elif isinstance(message, l2tp.Data):
                self.framed(message.frame)

    def say(self, message: l2tp.Control | l2tp.Data) -> None:
        self.answers.append(self.associations[-1][1].seal(esp.in_udp(message.encoded())))

    def controlled(self, message: l2tp.Control) -> None:
        self.events.append(l2tp.NAMES[message.kind])
        answers = {
            l2tp.SCCRQ: (0, l2tp.SCCRP, {l2tp.TUNNEL: l2tp.number(7)}),
            l2tp.ICRQ: (1, l2tp.ICRP, {l2tp.SESSION: l2tp.number(8)}),
        }
        if message.kind == l2tp.SCCRQ:
            self.tunnel = int.from_bytes(message.attributes[l2tp.TUNNEL], "big")
        if message.kind == l2tp.ICRQ:
            self.call = int.from_bytes(message.attributes[l2tp.SESSION], "big")
        sent, kind, attributes = answers.get(message.kind, (2, l2tp.ACK, {}))
        self.say(l2tp.Control(self.tunnel, 0, sent, message.sent + 1, kind, attributes))
        if message.kind == l2tp.ICCN:
            self.packet(ppp.LCP, ppp.REQUEST, ppp.encoded({ppp.AUTHENTICATION: ppp.MSCHAP2}))

    def packet(self, protocol: int, code: int, body: bytes, number: int = 1) -> None:
        self.say(l2tp.Data(self.tunnel, self.call, ppp.Packet(protocol, code, number, body).encoded()))

    def framed(self, frame: bytes) -> None:
        protocol, content = ppp.protocol_of(frame) or (0, b"")
        found = ppp.packet(protocol, content) if protocol in (ppp.LCP, ppp.CHAP, ppp.IPCP) else None
        if found is None or "ppp" in self.silent:
            return
        if protocol == ppp.CHAP:
            right = mschap.response("guest1", self.password, b"c" * 16, found.body[1:17]) == found.body[25:49]
            proof = mschap.proof("guest1", self.password, b"c" * 16, found.body[1:17]).encode()
            self.packet(ppp.CHAP, ppp.SUCCESS if right else ppp.FAILURE, proof)
        elif (protocol, found.code) == (ppp.LCP, ppp.ACK):
            self.packet(ppp.CHAP, ppp.CHALLENGE, ppp.counted(b"c" * 16) + b"server")
        elif (protocol, found.code) == (ppp.LCP, ppp.ECHO):
            self.packet(ppp.LCP, ppp.ECHOED, found.body, found.identifier)
        elif found.code == ppp.REQUEST:
            self.configured(protocol, found)

    def configured(self, protocol: int, found: ppp.Packet) -> None:
        asked = ppp.options(found.body)
        if protocol == ppp.IPCP and not self.has_address:
            self.packet(ppp.IPCP, ppp.REJECT, ppp.encoded({ppp.ADDRESS: bytes(4)}), found.identifier)
        elif protocol == ppp.IPCP and asked.get(ppp.ADDRESS) != ADDRESS:
            self.packet(ppp.IPCP, ppp.NAK, ppp.encoded({ppp.ADDRESS: ADDRESS, ppp.DNS: ROUTER}), found.identifier)
            self.packet(ppp.IPCP, ppp.REQUEST, ppp.encoded({ppp.ADDRESS: ROUTER}))
        else:
            self.packet(protocol, ppp.ACK, found.body, found.identifier)
