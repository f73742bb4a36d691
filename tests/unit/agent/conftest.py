"""A host in a folder and a server in memory, for tests of the agent's services."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.acme import timing
from labvpn.agent.acme.challenge import Challenge
from labvpn.agent.acme.orders import Orders, orders_file
from labvpn.agent.core.document import parse_line
from tests.unit.agent.acme_cases import LINE, text_of
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther
from tests.unit.agent.steady import Server


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def acme_machine(tmp_path: Path) -> FakeMachine:
    found = FakeMachine(tmp_path, {"openssl x509": text_of(), "dig +time=3 +tries=2 +short": ""})
    values = parse_line(LINE).values
    orders_file(found).write({name: value for name, value in values.items() if name not in ("key", "active")})
    return found


@pytest.fixture
def acme_softether(acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> FakeSoftEther:
    monkeypatch.setattr(timing, "fetched", lambda address: {})
    return FakeSoftEther(acme_machine, secrets={"acme": "Y2hhbGxlbmdl", "administrator": "administrator-canary"})


@pytest.fixture
def acme_challenge(acme_machine: FakeMachine) -> Challenge:
    return Challenge(acme_machine, Orders.of(acme_machine))
