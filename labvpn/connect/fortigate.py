"""Reads from a FortiGate by its REST API, with the token in the header, where no log of the box keeps it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import httpx

from labvpn.connect.errors import HopError
from labvpn.model.fortigate import FortiGate
from labvpn.parse.fortigate import tables as observe
from labvpn.parse.fortigate.objects import Row
from labvpn.state.fortigate import Inventory

SECONDS = 10
"""How long one answer may take."""

RIGHTS = "give its profile read-write rights on the firewall, then run this again"

REFUSALS = {
    401: (
        "refused the token (401)",
        "set fortigateToken to the REST administrator's current token, and look at its trusted hosts",
    ),
    403: (
        "does not let this token read {path} (403)",
        "give its profile read-write rights on the firewall, and read rights on the system, in vdom '{vdom}'",
    ),
    404: ("has no {path} (404)", "check that this is FortiOS's REST API, and its vdom '{vdom}'"),
    429: ("blocks this address for a while after failed logins (429)", "wait a minute, then run this again"),
}
"""What a status means while the box is read, and what to do about it."""

HIDDEN = (400, 403, 404, 405, 424, 500)
"""What a FortiGate answers about a table that it does not have, or that the token may not read."""

SWITCH = (
    "move to the provider that sends it in a header (labvpn fortigate-provider upstream); or allow it on the box: "
    "config system global, set rest-api-key-url-query enable, end"
)


async def read(box: FortiGate, token: str, ca: str) -> Inventory:
    """The box's objects, each table in one request.

    Raises HopError if the box cannot be reached, is not the one that the CA signed, or refuses the token.
    """
    async with Client(box, token, ca) as client:
        tables = await asyncio.gather(*(client.table(path) for path in observe.TABLES))
        more = await asyncio.gather(*(client.optional_table(path) for path in observe.OPTIONAL))
    answers = zip((*observe.TABLES, *observe.OPTIONAL), (*tables, *more), strict=True)
    held = {path: rows for path, rows in answers if rows is not None}
    try:
        return replace(observe.inventory(held, box.vdom), version=client.version)
    except ValueError as error:
        raise HopError(client.hop, f"answered what is {error}", "check that this is a FortiGate's REST API") from None


async def accepts_token_in_address(box: FortiGate, token: str, ca: str) -> None:
    """Raises HopError if the box refuses a token in an address, as FortiOS 7.4.5 and later do by default."""
    async with Client(box, token, ca) as client:
        await client.accepts_token_in_address()


async def ask_once(place: Place, token: str, ca: str) -> None:
    """One question. Raises HopError unless the box says anything at all."""
    async with Client(place, token, ca) as client:
        await client.answers()


class Place(NamedTuple):
    """A box and its virtual domain."""

    host: str
    vdom: str


class Client:
    """A few questions to one box, then closed; every failure is a HopError that names the box."""

    def __init__(self, box: FortiGate | Place, token: str, ca: str) -> None:
        self.hop = f"The FortiGate {box.host}"
        self._vdom, self._token, self.version = box.vdom, token, ""
        try:
            context = ssl.create_default_context(cadata=ca)
        except ssl.SSLError:
            remedy = "set it from the CA's file"
            raise HopError(self.hop, "cannot be asked: fortigateCa is not a PEM certificate", remedy) from None
        self._http = httpx.AsyncClient(base_url=f"https://{box.host}", verify=context, timeout=SECONDS)

    async def __aenter__(self) -> Client:
        """Nothing is sent yet."""
        return self

    async def __aexit__(self, *_details: object) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def table(self, path: str) -> Sequence[Row]:
        """All rows of a table, with how often each is used."""
        return self._rows(await self._ask(f"/api/v2/cmdb/{path}"), path)

    async def optional_table(self, path: str) -> Sequence[Row] | None:
        """The same of a table that the box may not have, or the token not read: None then."""
        reply = await self._ask(f"/api/v2/cmdb/{path}")
        return None if _status(reply, _json(reply)) in HIDDEN else self._rows(reply, path)

    def _rows(self, reply: httpx.Response, path: str) -> Sequence[Row]:
        results = self._body(reply, path).get("results")
        if isinstance(results, dict) and path in observe.OPTIONAL:
            return (results,)
        if not isinstance(results, list):
            remedy = "check that the address is the FortiGate's administration interface"
            raise HopError(self.hop, f"sent no list of {path}", remedy)
        return results

    async def delete(self, path: str, name: str) -> None:
        """Delete one entry; one that is gone already is not an error."""
        reply = await self._ask(f"/api/v2/cmdb/{path}", "DELETE")
        status = _status(reply, _json(reply))
        if status == 404:
            return
        if status == 403:
            raise HopError(self.hop, f"does not let this token delete {name} (403)", RIGHTS)
        self._body(reply, path)

    async def answers(self) -> None:
        """Raise HopError unless the box says anything."""
        await self._ask("/api/v2/cmdb/system/global")

    async def accepts_token_in_address(self) -> None:
        """Raise HopError unless the box takes the token where the provider pulumiverse puts it."""
        query = {"vdom": self._vdom, "access_token": self._token}
        try:
            reply = await self._http.get("/api/v2/cmdb/system/global", params=query)
        except httpx.HTTPError as error:
            raise HopError(self.hop, f"stopped answering ({type(error).__name__})", "run this again") from None
        if reply.status_code == 401:
            what = "takes the token in a header but not in the address, where the provider pulumiverse sends it"
            raise HopError(self.hop, f"{what} (FortiOS 7.4.5+)", SWITCH)

    async def _ask(self, path: str, method: str = "GET") -> httpx.Response:
        headers, query = {"Authorization": f"Bearer {self._token}"}, {"vdom": self._vdom, "with_meta": "1"}
        try:
            return await self._http.request(method, path, params=query, headers=headers)
        except httpx.ConnectError as error:
            raise HopError(self.hop, *_unreachable(error)) from None
        except httpx.HTTPError as error:
            what = f"gave no answer within {SECONDS} s ({type(error).__name__})"
            raise HopError(self.hop, what, "look at its load, then run this again") from None

    def _body(self, reply: httpx.Response, path: str) -> dict[str, Any]:
        body = _json(reply)
        status = _status(reply, body)
        if status in REFUSALS:
            what, remedy = REFUSALS[status]
            raise HopError(self.hop, what.format(path=path), remedy.format(vdom=self._vdom))
        if body is None:
            what = f"answered {reply.status_code} with no JSON"
            raise HopError(self.hop, what, "check that this is FortiOS's REST API")
        if not isinstance(body, dict) or body.get("status") != "success":
            what = f"answered {status} to {path}"
            raise HopError(self.hop, what, "check the vdom and the token's rights")
        self.version = str(body.get("version") or self.version)
        return body


def _json(reply: httpx.Response) -> Any:
    """The body of a reply; None where it is not JSON."""
    try:
        return reply.json()
    except ValueError:
        return None


def _status(reply: httpx.Response, body: Any) -> int:
    """The status of a reply; a refusal may come with 200 and have its own in the body."""
    said = body.get("http_status") if isinstance(body, dict) else None
    return said if reply.is_success and isinstance(said, int) else reply.status_code


def _unreachable(error: httpx.ConnectError) -> tuple[str, str]:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "shows a certificate that fortigateCa did not sign for this name", "correct fortigateCa or host"
    return f"cannot be reached ({error})", "check the address, and that administration by https is allowed from here"
