"""FortiOS's REST interface over a running box."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from rehearsal.fortigate import box as boxes
from rehearsal.fortigate import queries, replies
from rehearsal.fortigate.gate import Admission, Fault
from rehearsal.fortigate.refusals import Refused, missing
from rehearsal.fortigate.replies import Asked
from rehearsal.fortigate.tables import Key, table

GATE = web.AppKey("gate", Admission)
MARK = {"X-Labvpn-Rehearsal": "1"}
"""On every answer, so that a client that must only talk to a rehearsal recognises it."""
IN_ADDRESS = "(token in the address)"
"""Noted with a request that a real box's access log would show the token of."""
SLOW = 4
"""Seconds that a slow box takes for an answer."""
HANG = 300
"""Seconds of a simulated silence, unless the caller gives up first."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(gate: Admission) -> web.Application:
    """The web application of a box."""
    app = web.Application(middlewares=[_outermost], client_max_size=4 * 2**20)
    app[GATE] = gate
    item = "/api/v2/cmdb/{path:[a-z.]+/[a-z-]+}"
    app.router.add_get("/api/v2/monitor/system/status", _status)
    app.router.add_get("/api/v2/monitor/firewall/policy", _hits)
    for route in (item, item + "/"):
        app.router.add_get(route, _list)
        app.router.add_post(route, _create)
        app.router.add_put(route, _update)
    app.router.add_get(item + "/{key}", _get)
    app.router.add_put(item + "/{key}", _update)
    app.router.add_delete(item + "/{key}", _delete)
    return app


@web.middleware
async def _outermost(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Faults, then rights, then the request; answers are marked, and logged without the query with its token."""
    gate = request.app[GATE]
    fault = gate.next_fault()
    try:
        if fault == "slow":
            await asyncio.sleep(SLOW)
        passes = fault in ("pass", "slow")
        answer = await (_admitted(request, handler) if passes else _faulty(request, fault))
    except Refused as refusal:
        answer = _refusal(gate, request, refusal)
    except web.HTTPException as error:
        answer = _refusal(gate, request, Refused(error.status, cli_error=error.reason))
    answer.headers.update(MARK)
    more = [f" fault={fault}"] * (fault != "pass") + [f" {IN_ADDRESS}"] * ("access_token" in request.query)
    _note(gate, f"{request.method} {request.path} {answer.status}{''.join(more)}")
    return answer


async def _admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
    header, query = request.headers.get("Authorization", ""), request.query.get("access_token", "")
    writes = request.method != "GET"
    request.app[GATE].admit(header=header, query=query, writes=writes, path=request.path)
    if (vdom := request.query.get("vdom", "root")) not in ("root", "*"):
        raise Refused(403, -37, f"vdom '{vdom}' does not exist, or the administrator has no access to it")
    return await handler(request)


async def _faulty(request: web.Request, fault: Fault) -> web.StreamResponse:
    """A simulated failure of the box."""
    if fault.isdecimal():
        raise Refused(int(fault), -3 if fault == "424" else None, "simulated fault")
    if fault == "hang":
        await asyncio.sleep(HANG)
    if fault in ("hang", "close") and request.transport:
        _note(request.app[GATE], f"{request.method} {request.path} - fault={fault}")
        request.transport.abort()
    return web.Response(body=b"\x00{]garbage", content_type="application/json")


def _note(gate: Admission, line: str) -> None:
    gate.requests.append(line)
    print(line, file=sys.stderr, flush=True)


def _refusal(gate: Admission, request: web.Request, refusal: Refused) -> web.Response:
    if refusal.http_status == 401:
        return web.Response(status=401, text=replies.UNAUTHORISED, content_type="text/html")
    body = replies.refused(gate.box, _asked(request), refusal)
    return web.json_response(body, status=refusal.http_status)


def _asked(request: web.Request, key: Key | None = None) -> Asked:
    path = request.match_info.get("path") or request.path.removeprefix("/api/v2/monitor/").removeprefix("/api/v2/cmdb/")
    found = key if key is not None else request.match_info.get("key")
    return Asked(request.method, path, request.query.get("vdom", "root"), found)


def _key(request: web.Request) -> Key:
    text = request.match_info.get("key", "")
    return table(request.match_info["path"]).key_from(text)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError as error:
        raise Refused(400, cli_error="the body is not JSON") from error
    if not isinstance(body, dict):
        raise Refused(400, cli_error="the body is not a JSON object")
    return body


async def _status(request: web.Request) -> web.Response:
    return web.json_response(replies.listed(request.app[GATE].box, _asked(request), replies.system_status()))


async def _hits(request: web.Request) -> web.Response:
    gate = request.app[GATE]
    results = replies.policy_hits(gate.box, gate.enforcement.hits())
    if wanted := request.query.get("policyid"):
        results = [body for body in results if str(body["policyid"]) == wanted]
    return web.json_response(replies.listed(gate.box, _asked(request), results))


async def _list(request: web.Request) -> web.Response:
    box, of = request.app[GATE].box, table(request.match_info["path"])
    bodies = [replies.entry_body(box, of, entry) for entry in box.entries(of)]
    if not of.key:
        return web.json_response(replies.listed(box, _asked(request), bodies[0]))
    if request.query.get("with_meta") == "1":
        bodies = replies.with_uses(of, bodies, boxes.uses(box))
    results = queries.filtered(bodies, request.query.getall("filter", []))
    results = queries.formatted(results, request.query.get("format", ""))
    return web.json_response(replies.listed(box, _asked(request), results))


async def _get(request: web.Request) -> web.Response:
    box, of, key = request.app[GATE].box, table(request.match_info["path"]), _key(request)
    bodies = queries.formatted([replies.entry_body(box, of, box.find(of, key))], request.query.get("format", ""))
    return web.json_response(replies.listed(box, _asked(request, key), bodies))


async def _create(request: web.Request) -> web.Response:
    gate, path, body = request.app[GATE], request.match_info["path"], await _body(request)
    created, key = boxes.create(gate.box, path, body)
    gate.change(lambda _: created)
    return web.json_response(replies.changed(gate.box, _asked(request, key)))


async def _update(request: web.Request) -> web.Response:
    gate, path, key, body = request.app[GATE], request.match_info["path"], _key(request), await _body(request)
    if request.query.get("action") == "move":
        gate.change(lambda box: _moved(box, request, key))
    else:
        gate.change(lambda box: boxes.update(box, path, key, body))
    return web.json_response(replies.changed(gate.box, _asked(request, key)))


def _moved(box: boxes.StandIn, request: web.Request, key: Key) -> boxes.StandIn:
    path = request.match_info["path"]
    for place in ("before", "after"):
        if other := request.query.get(place):
            return boxes.move(box, path, key, place, table(path).key_from(other))
    raise missing(path, "the entry to move before or after")


async def _delete(request: web.Request) -> web.Response:
    gate, path, key = request.app[GATE], request.match_info["path"], _key(request)
    gate.change(lambda box: boxes.delete(box, path, key))
    return web.json_response(replies.changed(gate.box, _asked(request, key)))
