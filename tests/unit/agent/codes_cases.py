"""A host in a folder on which codes are checked, and what it is asked and sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.codes import health
from labvpn.agent.codes.accounts import CodeAccounts
from labvpn.agent.codes.service import CodeVerifier
from labvpn.agent.core.document import Change, Line, parse_line
from labvpn.agent.core.paths import CODES
from labvpn.agent.core.secret_digests import Secrets
from tests.unit.agent.fakes import FakeMachine

KEY, PASSWORD = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "canary-of-guest1"
LINE = "verifier port=11812 files=current secret=current active=yes"
CODE = "code LAB/guest1 secret=current"
CODES_SENT = {"LAB/guest1": {"password": PASSWORD, "secret": KEY}}


def host_with_verifier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    """A host in a folder whose FreeRADIUS answers to the right secret."""
    monkeypatch.setattr(health, "answers", lambda port, secret: (port, secret) == (11812, "of-the-verifier"))
    return FakeMachine(tmp_path)


def known(**changes: Any) -> Secrets:
    return Secrets({"verifier": "of-the-verifier", "codes": CODES_SENT, **changes})


def applied(machine: FakeMachine) -> tuple[CodeVerifier, CodeAccounts]:
    pair = CodeVerifier(machine, known()), CodeAccounts(machine, known())
    for handler, line in zip(pair, (LINE, CODE), strict=True):
        handler.apply([Change(parse_line(line), None)])
    # What `install` does on a real host.
    machine.path(CODES).chmod(0o2750)
    return pair


def read(machine: FakeMachine, secrets: Secrets | None = None) -> list[dict[str, str] | None]:
    secrets = secrets or known()
    handlers = (CodeVerifier(machine, secrets), LINE), (CodeAccounts(machine, secrets), CODE)
    return [handler.read(parse_line(line)) for handler, line in handlers]


def values(line: str) -> dict[str, str]:
    found: Line = parse_line(line)
    return found.values
