"""IPsec that is refused: by another key, for the proposal, for something else, or by nothing that is understood."""

from __future__ import annotations

import pytest

from labvpn.dial.phase2 import inform
from labvpn.dial.wire import isakmp
from labvpn.dial.wire.isakmp import Message
from tests.unit.dial.server import COOKIE, FakeServer
from tests.unit.dial.test_verdicts import stopped


class OtherKey(FakeServer):
    """A server with another key that answers the identification as others than SoftEther do."""

    def __init__(self, kind: int, is_encrypted: bool, key: str = "other") -> None:
        super().__init__(key=key)
        self.kind, self.is_encrypted = kind, is_encrypted

    def identify(self, message: Message) -> bytes:
        payload = (isakmp.NOTIFICATION, isakmp.notification(1, self.kind, b"", b""))
        if self.is_encrypted:
            self.keys.last_block = message.body[-self.suite.block :]
            return inform(self.keys, payload)
        head = (self.initiator, COOKIE, isakmp.NOTIFICATION, isakmp.INFORMATIONAL, 0, 77)
        return Message(*head, isakmp.chain([payload])).encoded()


@pytest.mark.parametrize("is_encrypted", [True, False])
def test_an_identification_that_the_other_side_cannot_read_means_another_key(is_encrypted: bool) -> None:
    assert stopped(OtherKey(16, is_encrypted)) == ("wrong-psk", "phase-1", "keys-differ")


@pytest.mark.parametrize(
    ("kind", "is_encrypted", "cause"),
    [(14, True, "proposal-mismatch"), (14, False, "proposal-mismatch"), (24, True, "unknown"), (18, False, "unknown")],
)
def test_a_refusal_by_who_has_the_key_is_about_the_key_in_no_case(kind: int, is_encrypted: bool, cause: str) -> None:
    assert stopped(OtherKey(kind, is_encrypted, key="key")) == (cause, "phase-1", "refused")


class Repeating(FakeServer):
    """A server whose fourth message comes twice, the second time while 4500 is waited for."""

    def agree(self, message: Message) -> bytes:
        fourth = super().agree(message)
        self.answers.append(fourth)
        return fourth


def test_what_still_came_from_500_does_not_open_4500() -> None:
    assert stopped(Repeating(deaf={4500})) == ("esp-or-4500-blocked", "phase-1", "no-4500")


class NoPhase2(FakeServer):
    """A server that refuses phase 2 by a notification of some number."""

    def __init__(self, kind: int) -> None:
        super().__init__()
        self.kind = kind

    def quick(self, message: Message) -> bytes:
        return inform(self.keys, (isakmp.NOTIFICATION, isakmp.notification(3, self.kind, b"", b"")))


@pytest.mark.parametrize(("kind", "cause"), [(14, "proposal-mismatch"), (18, "unknown")])
def test_a_refusal_of_phase_2_is_about_the_proposal_where_it_says_so(kind: int, cause: str) -> None:
    assert stopped(NoPhase2(kind)) == (cause, "phase-2", "refused")


def test_an_answer_from_4500_that_is_not_understood_is_no_closed_port() -> None:
    assert stopped(OtherKey(40001, False)) == ("unknown", "phase-1", "odd-4500")
