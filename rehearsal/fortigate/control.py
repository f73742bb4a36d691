"""The rehearsal's control channel to the box, separate from its network: a unix socket only for its owner.

`application` is the box's side; the rehearsal's command and tests call the other functions, from any namespace.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web
from pydantic import ValidationError

from rehearsal.fortigate import box as boxes
from rehearsal.fortigate import listing
from rehearsal.fortigate.gate import Admission, Faults
from rehearsal.fortigate.refusals import Refused
from rehearsal.fortigate.rest import GATE

SOCKET = "control.sock"
TIME_LIMIT = 30.0


class ControlError(Exception):
    """The box did not do what the rehearsal asked of it."""


def application(gate: Admission) -> web.Application:
    """The web application behind the socket."""
    app = web.Application()
    app[GATE] = gate
    app.router.add_get("/policies", _policies)
    app.router.add_get("/requests", _requests)
    app.router.add_post("/reset", _reset)
    app.router.add_post("/entries", _entries)
    app.router.add_put("/faults", _faults)
    app.router.add_put("/firmware", _firmware)
    return app


def policies(folder: Path) -> str:
    """The table of policies with their hits, as text."""
    return _ask(folder, "GET", "/policies")


def requests(folder: Path) -> list[str]:
    """Return and clear the REST requests, oldest first: `GET /api/v2/cmdb/firewall/policy 200`, without query."""
    return _ask(folder, "GET", "/requests").splitlines()


def reset(folder: Path) -> None:
    """Restore the initial configuration, with counters at zero and without faults."""
    _ask(folder, "POST", "/reset")


def add(folder: Path, entries: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Add entries, given as table and fields, to the box in one change; policies come last."""
    _ask(folder, "POST", "/entries", json.dumps(entries))


def set_faults(folder: Path, faults: Faults) -> None:
    """Set how the box fails from now on, replacing earlier settings."""
    _ask(folder, "PUT", "/faults", faults.model_dump_json())


def set_firmware(folder: Path, version: str) -> None:
    """Run another firmware, such as `v7.4.8`, which refuses a token in the URL unless configured."""
    _ask(folder, "PUT", "/firmware", version)


def _ask(folder: Path, method: str, path: str, content: str = "") -> str:
    transport = httpx.HTTPTransport(uds=str(folder / SOCKET))
    try:
        with httpx.Client(transport=transport, timeout=TIME_LIMIT) as client:
            answer = client.request(method, f"http://fortigate{path}", content=content)
    except httpx.TransportError as error:
        raise ControlError(f"the FortiGate of {folder} does not answer ({error}); is the rehearsal running?") from error
    if answer.is_error:
        raise ControlError(f"the FortiGate of {folder} refused {path}: {answer.text}")
    return answer.text


async def _policies(request: web.Request) -> web.Response:
    gate = request.app[GATE]
    return web.Response(text=listing.table(gate.box, gate.enforcement.hits()))


async def _requests(request: web.Request) -> web.Response:
    gate = request.app[GATE]
    lines = "\n".join(gate.requests)
    gate.requests.clear()
    return web.Response(text=lines)


async def _reset(request: web.Request) -> web.Response:
    request.app[GATE].reset()
    return web.Response()


async def _entries(request: web.Request) -> web.Response:
    entries = json.loads(await request.text())
    try:
        request.app[GATE].change(lambda box: reduce(lambda made, each: boxes.create(made, *each)[0], entries, box))
    except Refused as refusal:
        raise web.HTTPBadRequest(text=str(refusal)) from refusal
    return web.Response()


async def _faults(request: web.Request) -> web.Response:
    try:
        request.app[GATE].faults = Faults.model_validate_json(await request.text())
    except ValidationError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    return web.Response()


async def _firmware(request: web.Request) -> web.Response:
    request.app[GATE].upgrade(await request.text())
    return web.Response()
