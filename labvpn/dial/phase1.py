"""IKEv1 main mode with a pre-shared key, as its initiator (RFC 2409, 5.4; NAT traversal: RFC 3947). No sockets."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field, replace
from enum import IntEnum

from labvpn.dial.wire import isakmp, suite
from labvpn.dial.wire.isakmp import Message
from labvpn.dial.wire.suite import KeyExchange, Suite

UNOFFERED, BAD_KEY_EXCHANGE = "unoffered", "bad-key-exchange"
"""Ids of refusals of our own; all others are the words of the server's notification."""


class MainModeProgress(IntEnum):
    """Which message was sent last."""

    PROPOSED = 1
    KEYS_SENT = 3
    IDENTIFIED = 5
    UP = 6


@dataclass
class Keys:
    """What phase 1 leaves: the cookies, the suite, and keys. Nothing of it may be printed."""

    initiator: bytes
    responder: bytes
    suite: Suite
    derive: bytes = field(repr=False)
    authenticate: bytes = field(repr=False)
    encrypt: bytes = field(repr=False)
    last_block: bytes = field(repr=False, default=b"")

    def iv(self, number: int) -> bytes:
        """The first initialisation vector of an exchange after phase 1 (RFC 2409, appendix B)."""
        return self.suite.hash(self.last_block + struct.pack(">I", number))[: self.suite.block]

    def encrypted(self, exchange: int, number: int, payloads: list[isakmp.Payload], iv: bytes) -> tuple[bytes, bytes]:
        """A message with its payloads encrypted, and the vector for the next one."""
        body = isakmp.chain(payloads)
        text = self.suite.encrypt(self.encrypt, iv, body + bytes(-len(body) % self.suite.block))
        head = (self.initiator, self.responder, payloads[0][0], exchange, isakmp.ENCRYPTED, number)
        return Message(*head, text).encoded(), text[-self.suite.block :]

    def opened(self, message: Message, iv: bytes) -> list[isakmp.Payload] | None:
        """The payloads of an encrypted message; None where these keys do not open it."""
        text = self.suite.decrypt(self.encrypt, iv, message.body)
        if text is None or not isakmp.is_whole(message.first, text):
            return None
        return list(isakmp.payloads(message.first, text))


class MainMode:
    """The six messages. `message` is what to send now, and again until `receive` answers that it went on.

    The payload that should hold the hash of our own address holds random bytes, so that the server takes us for
    a client behind a NAT and encapsulates ESP in UDP, whether a NAT is on the way or not.
    """

    def __init__(self, suites: tuple[Suite, ...], key: str, address: bytes, vendor_ids: tuple[bytes, ...] = ()) -> None:
        self._suites, self._key, self._address = suites, key.encode(), address
        self.initiator, self.responder = os.urandom(8), bytes(8)
        self.progress = MainModeProgress.PROPOSED
        self.suite: Suite | None = None
        self.refusal = ""
        """Why it cannot go on: the server's notification in words, or one of our own ids; empty where it can."""
        self.is_about_proposal = True
        """Whether the refusal is about what was proposed, and not about something else."""
        self.is_undecipherable = False
        """Whether one side cannot open what the other encrypted: the pre-shared keys differ."""
        transforms = [(1, each.attributes) for each in suites]
        self._association = isakmp.association(1, b"", transforms)
        known = (isakmp.NAT_T, isakmp.DPD, *vendor_ids)
        offered = [(isakmp.SA, self._association), *((isakmp.VENDOR_ID, each) for each in known)]
        self.message = self._plain(offered)
        self._nonce = os.urandom(20)
        self._exchange: KeyExchange | None = None
        self._keys: Keys | None = None
        self._skeyid = self._iv = self._first_iv = self._theirs = b""

    @property
    def keys(self) -> Keys:
        """The keys of the finished exchange."""
        if self._keys is None or self.progress is not MainModeProgress.UP:
            raise ValueError("phase 1 is not finished")
        return self._keys

    @property
    def is_on_4500(self) -> bool:
        """Whether the message goes to UDP 4500."""
        return self.progress >= MainModeProgress.IDENTIFIED

    def receive(self, datagram: bytes) -> bool:
        """Take an answer; whether it led on (or was a refusal). Everything else changes nothing."""
        message = isakmp.decoded(datagram)
        if message is None:
            return False
        if message.exchange == isakmp.INFORMATIONAL:
            return self._declined(message) if message.is_encrypted else self._refused(message)
        if message.exchange != isakmp.MAIN_MODE or message.initiator != self.initiator:
            return False
        steps = {
            MainModeProgress.PROPOSED: self._chosen,
            MainModeProgress.KEYS_SENT: self._agreed,
            MainModeProgress.IDENTIFIED: self._identified,
        }
        if self.progress is MainModeProgress.IDENTIFIED and not message.is_encrypted:
            return self._repeated(datagram)
        return self.progress in steps and steps[self.progress](message)

    def _repeated(self, datagram: bytes) -> bool:
        """The fourth message once more, from UDP 4500: the fifth arrived, and the server could not open it.

        SoftEther moves on to 4500 with the first packet that comes from there, and repeats its last message every two
        seconds until an identification comes that its own key opens (measured on 5.01.9674).
        """
        self.is_undecipherable = datagram[:4] == isakmp.NON_ESP_MARKER
        return self.is_undecipherable

    def _refused(self, message: Message) -> bool:
        """A notification in clear. SoftEther declines under a cookie of its own and names ours inside."""
        content = isakmp.first_of(isakmp.NOTIFICATION, list(isakmp.payloads(message.first, message.body))) or b""
        found = isakmp.notice(content)
        if found is None or not found.is_refusal or self.initiator not in message.initiator + content:
            return False
        if self.progress is MainModeProgress.IDENTIFIED and found.kind in isakmp.UNREADABLE:
            self.is_undecipherable = True
        else:
            self._decline(found)
        return True

    def _declined(self, message: Message) -> bool:
        """An encrypted notification in place of the sixth message: by other keys where ours do not open it.

        Its vector comes from the last block of the fifth message, or from what that one's came from.
        """
        cookies = (self.initiator, self.responder)
        if self._keys is None or self.progress is not MainModeProgress.IDENTIFIED:
            return False
        if (message.initiator, message.responder) != cookies:
            return False
        vectors = [replace(self._keys, last_block=each).iv(message.number) for each in (self._iv, self._first_iv)]
        opened = [each for iv in vectors if (each := self._keys.opened(message, iv)) is not None]
        self.is_undecipherable = not opened
        found = isakmp.notice(isakmp.first_of(isakmp.NOTIFICATION, opened[0]) or b"") if opened else None
        if found is not None and found.is_refusal:
            self._decline(found)
        return bool(self.is_undecipherable or self.refusal)

    def _decline(self, found: isakmp.Notice) -> None:
        self.refusal, self.is_about_proposal = found.text, found.is_about_proposal

    def _chosen(self, message: Message) -> bool:
        content = isakmp.first_of(isakmp.SA, list(isakmp.payloads(message.first, message.body)))
        choice = isakmp.choice(content) if content else None
        if choice is None or message.responder == bytes(8):
            return False
        self.responder = message.responder
        self.suite = suite.chosen(choice.attributes)
        if self.suite not in self._suites:
            self.refusal = UNOFFERED
            return True
        self._exchange = KeyExchange(self.suite.group)
        spoofed = [(isakmp.NAT_D, os.urandom(len(self.suite.hash(b"")))) for _ in range(2)]
        self.message = self._plain([(isakmp.KE, self._exchange.public), (isakmp.NONCE, self._nonce), *spoofed])
        self.progress = MainModeProgress.KEYS_SENT
        return True

    def _agreed(self, message: Message) -> bool:
        payloads = list(isakmp.payloads(message.first, message.body))
        theirs, nonce = isakmp.first_of(isakmp.KE, payloads), isakmp.first_of(isakmp.NONCE, payloads)
        if theirs is None or nonce is None or self._exchange is None or self.suite is None:
            return False
        try:
            shared = self._exchange.shared(theirs)
        except ValueError:
            self.refusal = BAD_KEY_EXCHANGE
            return True
        self._theirs = theirs
        self._keys = self._derived(self.suite, shared, nonce)
        self._iv = self._first_iv = self.suite.hash(self._exchange.public + theirs)[: self.suite.block]
        self.message, self._iv = self._identification(self._keys)
        self.progress = MainModeProgress.IDENTIFIED
        return True

    def _derived(self, suite_: Suite, shared: bytes, nonce: bytes) -> Keys:
        self._skeyid = suite_.prf(self._key, self._nonce + nonce)
        cookies = self.initiator + self.responder
        derive = suite_.prf(self._skeyid, shared + cookies + b"\0")
        authenticate = suite_.prf(self._skeyid, derive + shared + cookies + b"\1")
        secret = suite_.prf(self._skeyid, authenticate + shared + cookies + b"\2")
        encrypt = secret if len(secret) >= suite_.key_size else b""
        block = b"\0"
        while len(encrypt) < suite_.key_size:
            block = suite_.prf(secret, block)
            encrypt += block
        return Keys(self.initiator, self.responder, suite_, derive, authenticate, encrypt[: suite_.key_size])

    def _identification(self, keys: Keys) -> tuple[bytes, bytes]:
        own = isakmp.identity(self._address)
        ours = self._exchange.public if self._exchange else b""
        proof = self._proof(keys, ours + self._theirs + self.initiator + self.responder, own)
        payloads = [(isakmp.ID, own), (isakmp.HASH, proof)]
        return keys.encrypted(isakmp.MAIN_MODE, 0, payloads, self._iv)

    def _proof(self, keys: Keys, values: bytes, identity: bytes) -> bytes:
        return keys.suite.prf(self._skeyid, values + self._association + identity)

    def _identified(self, message: Message) -> bool:
        keys = self._keys
        if keys is None or not message.is_encrypted:
            return False
        payloads = keys.opened(message, self._iv)
        identity = isakmp.first_of(isakmp.ID, payloads or [])
        proof = isakmp.first_of(isakmp.HASH, payloads or [])
        ours = self._exchange.public if self._exchange else b""
        values = self._theirs + ours + self.responder + self.initiator
        if identity is None or proof != self._proof(keys, values, identity):
            self.is_undecipherable = True
            return True
        keys.last_block = message.body[-keys.suite.block :]
        self.progress = MainModeProgress.UP
        return True

    def _plain(self, payloads: list[isakmp.Payload]) -> bytes:
        head = (self.initiator, self.responder, payloads[0][0], isakmp.MAIN_MODE, 0, 0)
        return Message(*head, isakmp.chain(payloads)).encoded()
