"""Whether a FortiGate still takes a token, asked by the standard library: a refresh loads no HTTP client."""

from __future__ import annotations

import ssl
from http.client import HTTPException, HTTPSConnection
from urllib.parse import quote

from labvpn.connect.errors import HopError

SECONDS = 10

REFUSALS = {
    401: (
        "refused the token of the last `pulumi up` (401)",
        "set fortigateToken to the REST administrator's current token, look at its trusted hosts, and run "
        "`pulumi up --refresh=false` once, since a refresh uses the token of the last run",
    ),
    429: ("blocks this address for a while after failed logins (429)", "wait a minute, then run this again"),
}


def require(host: str, vdom: str, token: str, ca: str) -> None:
    """Raises HopError if the FortiGate refuses the token; one that cannot be asked is for others to report."""
    status = _status(host, vdom, token, ca)
    if status in REFUSALS:
        raise HopError(f"The FortiGate {host}", *REFUSALS[status])


def _status(host: str, vdom: str, token: str, ca: str) -> int:
    """The status of one answer; 0 where there is none."""
    try:
        connection = HTTPSConnection(host, timeout=SECONDS, context=ssl.create_default_context(cadata=ca))
        path = f"/api/v2/cmdb/system/global?vdom={quote(vdom, safe='')}"
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        status = connection.getresponse().status
        connection.close()
    except (OSError, HTTPException):
        return 0
    return status
