"""The check's proof of the expectations: from here, from other machines, and by dials; and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from labvpn.model.outputs import Outputs
from labvpn.probe import dial_check, expected, run
from labvpn.probe.dial_check import Finding
from labvpn.probe.expected import ENGLISH, Proof, point_of
from labvpn.probe.proof_words import joined, say
from labvpn.probe.remote_vantage import RemoteVantage
from labvpn.probe.run import Vantage
from labvpn.probe.scan import PLACES

MOST_REASONS = 3
"""Reasons that a note names."""


def prove(text: str, outputs: Outputs, here: str, there: Sequence[RemoteVantage], users: Sequence[str]) -> list[Proof]:
    """The expectations, proven as far as anybody is where it takes; `text` is the outputs' JSON."""
    own = {(str(server.address), f"{server.ssh.port}/tcp") for server in outputs.every}
    points: list[Vantage] = [*([run.LocalVantage(here)] if here in PLACES else []), *there]
    dials = users if outputs.protocols.l2tp_ipsec else ()
    return expected.proofs(outputs.expected, points, partial(dial_check.ask, text), dials, own)


def findings(proven: Iterable[Proof], language: str = ENGLISH) -> Iterator[Finding]:
    """The expectations that packets do not keep; what is not proven has no remedy, and is a note."""
    for proof in proven:
        for one in proof.broken:
            became = "answered" if one.arrived else "not-answered"
            where = {"sentence": proof.sentence, "port": one.port, "address": one.address}
            point = f"seen from {point_of(one.point, ENGLISH)}"
            yield point, say(language, became, **where), say(language, "remedy")
        if proof.state == expected.UNPROVEN:
            reasons = [*proof.reasons(language)]
            if (more := len(reasons) - MOST_REASONS) > 0:
                reasons[MOST_REASONS:] = [say(language, "more", count=str(more))]
            yield (
                "expectation",
                say(language, "unproven", sentence=proof.sentence, reasons=joined(reasons, language)),
                "",
            )
