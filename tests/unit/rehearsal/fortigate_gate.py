"""A FortiGate stand-in in one process, with an enforcement that only remembers, and requests to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from rehearsal.fortigate import rest
from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.gate import Admission
from rehearsal.fortigate.kernel import EnforcementError, Hits

TOKEN = "rest-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
Result = TypeVar("Result")
Client = TestClient[web.Request, web.Application]


@dataclass
class Paper:
    """Enforcement that remembers the last box, and refuses when told."""

    box: StandIn | None = None
    broken: bool = False
    seen: dict[int, Hits] = field(default_factory=dict)

    def apply(self, box: StandIn) -> None:
        if self.broken:
            raise EnforcementError("nft failed: rehearsed")
        self.box = box

    def hits(self) -> dict[int, Hits]:
        return self.seen

    def clear(self) -> None:
        self.seen = {}


def with_client(gate: Admission, use: Callable[[Client], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with TestClient(TestServer(rest.application(gate))) as client:
            return await use(client)

    return asyncio.run(run())


def ask(gate: Admission, method: str, path: str, body: Any = None, headers: dict[str, str] = BEARER) -> tuple[int, Any]:
    """HTTP status and body of one request; a body that is not JSON comes as text."""

    async def one(client: Client) -> tuple[int, Any]:
        answer = await client.request(method, f"/api/v2/{path}", json=body, headers=headers)
        assert answer.headers["X-Labvpn-Rehearsal"] == "1"
        text = await answer.text()
        return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    return with_client(gate, one)


def done(gate: Admission, method: str, path: str, body: Any = None) -> dict[str, Any]:
    status, answer = ask(gate, method, path, body)
    assert (status, answer["status"], answer["http_status"]) == (200, "success", 200), answer
    return dict(answer)


def started(folder: Path) -> Admission:
    """A box at its beginning, with its token in the folder."""
    (folder / "token").write_text(TOKEN + "\n")
    return Admission.start(folder, Paper())
