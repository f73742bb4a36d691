"""IKEv1 quick mode and informational exchanges, as the initiator (RFC 2409, 5.5; dead peers: RFC 3706). No sockets."""

from __future__ import annotations

import os
import struct

from labvpn.dial.phase1 import UNOFFERED, Keys
from labvpn.dial.wire import esp, isakmp
from labvpn.dial.wire.esp import Association, Protection
from labvpn.dial.wire.isakmp import Message

ESP = 3
"""ESP's number among the protocols of IPsec (RFC 2407, 4.4.1)."""
L2TP_PORT = 1701
UDP = 17


class QuickMode:
    """The three messages that make a pair of ESP associations for UDP 1701; `message` is what to send now."""

    def __init__(self, keys: Keys, protections: tuple[Protection, ...], address: bytes, server: bytes) -> None:
        self.keys = keys
        self._protections, self._address, self._server = protections, address, server
        self._number = int.from_bytes(os.urandom(4), "big") or 1
        self._spi = struct.pack(">I", 0x1000 + int.from_bytes(os.urandom(3), "big"))
        self._nonce = os.urandom(20)
        self.protection: Protection | None = None
        self.refusal = ""
        self.is_about_proposal = True
        self.is_up = False
        self.inbound: Association | None = None
        self.outbound: Association | None = None
        transforms = [(each.transform, each.attributes) for each in protections]
        payloads = [
            (isakmp.SA, isakmp.association(ESP, self._spi, transforms)),
            (isakmp.NONCE, self._nonce),
            (isakmp.ID, isakmp.identity(address, UDP, L2TP_PORT)),
            (isakmp.ID, isakmp.identity(server, UDP, L2TP_PORT)),
            (isakmp.NAT_OA, struct.pack(">B3x", 1) + address),
            (isakmp.NAT_OA, struct.pack(">B3x", 1) + server),
        ]
        self.message, self._iv = self._encrypted(payloads, b"", keys.iv(self._number))

    def anew(self) -> QuickMode:
        """The same exchange once more, for associations that follow these."""
        return QuickMode(self.keys, self._protections, self._address, self._server)

    def receive(self, datagram: bytes) -> bool:
        """Take an answer; whether it led on."""
        message = isakmp.decoded(datagram)
        if message is None or message.initiator != self.keys.initiator or self.is_up:
            return False
        if message.exchange == isakmp.INFORMATIONAL:
            found = informational(self.keys, message)
            refused = next((each for each in found if each.is_refusal), None)
            if refused:
                self.refusal, self.is_about_proposal = refused.text, refused.is_about_proposal
            return refused is not None
        return message.exchange == isakmp.QUICK_MODE and message.number == self._number and self._chosen(message)

    def _chosen(self, message: Message) -> bool:
        payloads = self.keys.opened(message, self._iv)
        if not payloads or payloads[0][0] != isakmp.HASH:
            return False
        proof = self._hash(self._nonce + isakmp.chain(payloads[1:]))
        content = isakmp.first_of(isakmp.SA, payloads)
        nonce = isakmp.first_of(isakmp.NONCE, payloads)
        choice = isakmp.choice(content) if content else None
        if payloads[0][1] != proof or choice is None or nonce is None:
            return False
        self.protection = esp.protection(choice.transform, choice.attributes)
        if self.protection not in self._protections or len(choice.spi) != 4:
            self.refusal = UNOFFERED
            return True
        iv = message.body[-self.keys.suite.block :]
        proof = self.keys.suite.prf(
            self.keys.authenticate, b"\0" + struct.pack(">I", self._number) + self._nonce + nonce
        )
        payloads = [(isakmp.HASH, proof)]
        self.message, _ = self.keys.encrypted(isakmp.QUICK_MODE, self._number, payloads, iv)
        self.inbound = self._association(self._spi, self.protection, nonce)
        self.outbound = self._association(choice.spi, self.protection, nonce)
        self.is_up = True
        return True

    def _association(self, spi: bytes, protection: Protection, nonce: bytes) -> Association:
        cipher, integrity = protection.key_sizes
        seed, material, block = bytes([ESP]) + spi + self._nonce + nonce, b"", b""
        while len(material) < cipher + integrity:
            block = self.keys.suite.prf(self.keys.derive, block + seed)
            material += block
        return Association(spi, protection, material[:cipher], material[cipher : cipher + integrity])

    def _encrypted(self, payloads: list[isakmp.Payload], before: bytes, iv: bytes) -> tuple[bytes, bytes]:
        proof = self._hash(before + isakmp.chain(payloads))
        return self.keys.encrypted(isakmp.QUICK_MODE, self._number, [(isakmp.HASH, proof), *payloads], iv)

    def _hash(self, content: bytes) -> bytes:
        return self.keys.suite.prf(self.keys.authenticate, struct.pack(">I", self._number) + content)


def informational(keys: Keys, message: Message) -> list[isakmp.Notice]:
    """The notifications of an informational message that these keys prove."""
    found = [isakmp.notice(body) for kind, body in _proven(keys, message) if kind == isakmp.NOTIFICATION]
    return [each for each in found if each is not None]


def deletions(keys: Keys, message: Message) -> list[isakmp.Deletion]:
    """The associations that an informational message deletes, where these keys prove it."""
    found = [isakmp.deleted(body) for kind, body in _proven(keys, message) if kind == isakmp.DELETE]
    return [each for each in found if each is not None]


def _proven(keys: Keys, message: Message) -> list[isakmp.Payload]:
    if not message.is_encrypted:
        return []
    payloads = keys.opened(message, keys.iv(message.number))
    if not payloads or payloads[0][0] != isakmp.HASH:
        return []
    proof = keys.suite.prf(keys.authenticate, struct.pack(">I", message.number) + isakmp.chain(payloads[1:]))
    return payloads[1:] if proof == payloads[0][1] else []


def inform(keys: Keys, payload: isakmp.Payload) -> bytes:
    """An informational message with one payload."""
    number = int.from_bytes(os.urandom(4), "big") or 1
    proof = keys.suite.prf(keys.authenticate, struct.pack(">I", number) + isakmp.chain([payload]))
    return keys.encrypted(isakmp.INFORMATIONAL, number, [(isakmp.HASH, proof), payload], keys.iv(number))[0]


def dpd_answer(keys: Keys, asked: isakmp.Notice) -> bytes:
    """The answer to a peer that asks whether we are there."""
    cookies = keys.initiator + keys.responder
    return inform(keys, (isakmp.NOTIFICATION, isakmp.notification(1, isakmp.R_U_THERE_ACK, cookies, asked.data)))


def dpd_question(keys: Keys, number: int) -> bytes:
    """Ask whether the other side is there; `number` grows by one with each question."""
    cookies = keys.initiator + keys.responder
    content = isakmp.notification(1, isakmp.R_U_THERE, cookies, struct.pack(">I", number))
    return inform(keys, (isakmp.NOTIFICATION, content))


def goodbye(keys: Keys, inbound: Association) -> list[bytes]:
    """The deletions by which the server forgets the associations at once: ESP's first, then phase 1's."""
    own = isakmp.deletion(ESP, [inbound.spi])
    whole = isakmp.deletion(1, [keys.initiator + keys.responder])
    return [inform(keys, (isakmp.DELETE, own)), inform(keys, (isakmp.DELETE, whole))]
