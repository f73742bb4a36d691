"""What every component test finds: an event loop, which Pulumi's mocks ask for and other tests may have closed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    fresh = asyncio.new_event_loop()
    asyncio.set_event_loop(fresh)
    yield
    asyncio.set_event_loop(None)
    fresh.close()
