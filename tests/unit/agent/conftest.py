"""A host in a folder and a server in memory, for tests of the agent's services."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.agent.fakes import FakeMachine
from tests.unit.agent.steady import Server


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


@pytest.fixture
def server() -> Server:
    return Server()
