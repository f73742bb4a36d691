"""The figures of a dial, from the steps that it reports."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.bench_dials import STEPS, by_step
from rehearsal.proof_dial import words_of


def report(*ends: float) -> dict[str, Any]:
    lines = [{"text": f"{words} and more", "seconds": at} for words, at in zip(STEPS.values(), ends, strict=True)]
    return {"steps": [{"text": "IPSec connection started", "seconds": 0.0}, *lines]}


def test_each_step_has_its_own_time_and_the_median_counts() -> None:
    found = by_step([report(1, 2, 3, 4, 5), report(1, 2, 3, 4, 9), report(2, 4, 6, 8, 20)])
    assert list(found) == list(STEPS)
    assert list(found.values()) == pytest.approx([1, 1, 1, 1, 5])


def test_a_dials_row_says_what_opens_and_what_stays_closed() -> None:
    services = [
        {"target": "192.0.2.1:80", "name": "web", "shouldOpen": True, "state": "open"},
        {"target": "192.0.2.1:22", "name": "", "shouldOpen": False, "state": "silent"},
    ]
    got_in = {"connected": True, "phase1": "AES", "address": "192.168.30.9", "services": services, "notes": []}
    assert words_of(got_in) == "guest1 dials by AES and gets 192.168.30.9; web open; 192.0.2.1:22 stay closed"
    failed = {"connected": False, "cause": "wrong-psk", "detail": "the keys differ"}
    assert words_of(failed) == "guest1 did not get in: wrong-psk: the keys differ"
