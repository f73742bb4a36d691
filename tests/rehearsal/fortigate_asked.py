"""Requests to a FortiGate stand-in on the wire."""

from __future__ import annotations

import ssl
from typing import Any

import httpx

from rehearsal.fortigate import certificates
from tests.rehearsal.fortigate_wire import LONG, TOKEN, Wire
from tests.unit.rehearsal.test_fortigate_rules import policy

BOX = f"https://{certificates.ADDRESS}"


def ask(lab: Wire, method: str, path: str, body: Any = None, wait: float = LONG, **query: str) -> httpx.Response:
    """One REST request from the campus, given up after `wait` seconds."""
    trust = ssl.create_default_context(cafile=lab.state / certificates.CA)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with lab.inside("campus"), httpx.Client(verify=trust, timeout=wait) as client:
        return client.request(method, f"{BOX}/api/v2/{path}", json=body, params=query, headers=headers)


def done(lab: Wire, method: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
    """The body of a request that must succeed."""
    answer: dict[str, Any] = ask(lab, method, path, body, LONG, **query).json()
    assert answer["status"] == "success", answer
    return answer


def allow(lab: Wire, name: str = "vpn-allow", **fields: Any) -> int:
    """A policy from wan1 to dmz that accepts all, unless fields say otherwise; returns its id."""
    created = done(lab, "POST", "cmdb/firewall/policy", policy(name=name, **fields))
    assert isinstance(created["mkey"], int)
    return int(created["mkey"])


def before(lab: Wire, policyid: int, other: int) -> None:
    """Put a policy before another."""
    done(lab, "PUT", f"cmdb/firewall/policy/{policyid}", action="move", before=str(other))


def hits(lab: Wire) -> dict[int, int]:
    """How often each policy was hit."""
    results = done(lab, "GET", "monitor/firewall/policy")["results"]
    return {each["policyid"]: each["hit_count"] for each in results}
