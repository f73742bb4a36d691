"""Who logs in on a link and by which methods, what MS-CHAPv2's client answers, and how a server refuses it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from labvpn.dial.wire import mschap, ppp, sstp

OPTIONS = {"mschapv2": ppp.MSCHAP2, "pap": ppp.PAP_OPTION}
DENIALS = {646: "login-hours", 647: "account-disabled", 648: "password-expired", 649: "no-dial-in"}
"""Ids of the refusals of MS-CHAPv2 that are not about name and password (RFC 2759, 6)."""


@dataclass(frozen=True)
class ChapAnswer:
    """What is sent, what a server that knows the password sends back, and the key that both then have."""

    content: bytes
    proof: str
    session_key: bytes


@dataclass
class LinkLogin:
    """Who logs in: the name, the password, and the methods of the system, best first."""

    user: str
    password: str = field(repr=False)
    methods: tuple[str, ...] = ("mschapv2",)

    @property
    def offered(self) -> str:
        """The methods by their names."""
        return ", ".join(ppp.method(OPTIONS[each]) for each in self.methods)

    def method_for(self, asked: bytes) -> str:
        """The method that is taken: the server's where it is one of ours, else our first."""
        return next((each for each in self.methods if OPTIONS[each] == asked), self.methods[0])

    def answer(self, challenge: bytes) -> ChapAnswer:
        """The answer to a challenge of MS-CHAPv2."""
        own = os.urandom(16)
        response = mschap.response(self.user, self.password, challenge, own)
        content = ppp.counted(own + bytes(8) + response + b"\0") + self.user.encode()
        proof = mschap.proof(self.user, self.password, challenge, own)
        return ChapAnswer(content, proof, sstp.session_key(self.password, response))


def refusal(failure: bytes) -> str:
    """The id of how MS-CHAPv2 refuses a login, by the message of its failure: `E=691 R=0 ...`."""
    code = re.search(rb"\bE=(\d{1,9})\b", failure)
    return DENIALS.get(int(code[1]) if code else 0, "login-refused")
