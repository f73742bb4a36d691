"""Reads from a FortiGate by its REST API, with the token in the header, where no log of the box keeps it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from labvpn.model.fortigate import FortiGate
from labvpn.remote.errors import HopError

SECONDS = 10
"""How long one answer may take."""


async def read_policies(box: FortiGate, token: str, ca: str) -> list[Mapping[str, Any]]:
    """The box's IPv4 policies in their order, read in one request.

    Raises HopError if the box cannot be reached, is not the one that the CA signed, or refuses the token, in the
    header or (as FortiOS 7.4.5 and later do by default) in the address, where the provider package puts it.
    """
    hop = f"The FortiGate {box.host}"
    try:
        context = ssl.create_default_context(cadata=ca)
    except ssl.SSLError:
        raise HopError(hop, "cannot be asked: fortigateCa is no PEM certificate", "set it from the CA's file") from None
    async with httpx.AsyncClient(base_url=f"https://{box.host}", verify=context, timeout=SECONDS) as client:
        headers = {"Authorization": f"Bearer {token}"}
        policies = await _get(client, hop, "/api/v2/cmdb/firewall/policy", {"vdom": box.vdom}, headers)
        await _accepts_token_in_address(client, hop, box, token)
    results = policies.get("results")
    if not isinstance(results, list):
        raise HopError(
            hop, "sent no list of policies", "check that the address is the FortiGate's administration interface"
        )
    return results


async def _get(
    client: httpx.AsyncClient, hop: str, path: str, query: dict[str, str], headers: dict[str, str]
) -> dict[str, Any]:
    try:
        reply = await client.get(path, params=query, headers=headers)
    except httpx.ConnectError as error:
        raise HopError(hop, *_unreachable(error)) from None
    except httpx.HTTPError as error:
        raise HopError(hop, f"gave no answer within {SECONDS} s ({type(error).__name__})", "look at its load") from None
    if reply.status_code == 401:
        raise HopError(hop, "refused the token (401)", "set fortigateToken to the REST administrator's current token")
    if reply.status_code == 403:
        raise HopError(hop, "does not let this token read (403)", "give its profile read-write rights on the firewall")
    try:
        body = reply.json()
    except ValueError:
        raise HopError(
            hop, f"answered {reply.status_code} with no JSON", "check that this is FortiOS's REST API"
        ) from None
    if not isinstance(body, dict) or body.get("status") != "success":
        raise HopError(hop, f"answered {reply.status_code} to {path}", "check the vdom and the token's rights")
    return body


async def _accepts_token_in_address(client: httpx.AsyncClient, hop: str, box: FortiGate, token: str) -> None:
    query = {"vdom": box.vdom, "access_token": token}
    try:
        reply = await client.get("/api/v2/cmdb/system/global", params=query)
    except httpx.HTTPError as error:
        raise HopError(hop, f"stopped answering ({type(error).__name__})", "run this again") from None
    if reply.status_code == 401:
        what = "takes the token in a header but not in the address, where the FortiOS package sends it (FortiOS 7.4.5+)"
        raise HopError(hop, what, "on the box: config system global, set rest-api-key-url-query enable, end")


def _unreachable(error: httpx.ConnectError) -> tuple[str, str]:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "shows a certificate that fortigateCa did not sign for this name", "set fortigateCa, or host, right"
    return f"cannot be reached ({error})", "check the address, and that administration by https is allowed from here"
