"""The bodies of FortiOS's answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rehearsal.fortigate import fields
from rehearsal.fortigate.box import StandIn
from rehearsal.fortigate.entry import Entry
from rehearsal.fortigate.kernel import Hits
from rehearsal.fortigate.refusals import Refused
from rehearsal.fortigate.tables import GLOBAL, Key, Table

Body = dict[str, Any]

SERIAL = "REHEARSAL0000001"
BUILDS = {"v7.2.11": 1740, "v7.4.4": 2662, "v7.4.8": 2795, "v7.6.7": 3650, "v8.0.0": 100, "v9.0.0": 1}
HOSTNAME = "labvpn-rehearsal"
UNAUTHORISED = "<!DOCTYPE html><html><head><title>401</title></head><body>401 Authorization Required</body></html>\n"
"""FortiOS answers a request without a valid token with a page, not with JSON."""


class Asked(NamedTuple):
    """A parsed request: its method, a path such as `firewall/policy`, the VDOM, and the key if there is one."""

    method: str
    path: str
    vdom: str = "root"
    key: Key | None = None


def envelope(box: StandIn, asked: Asked, http_status: int = 200) -> Body:
    """The fields of every JSON answer."""
    path, _, name = asked.path.rpartition("/")
    body: Body = {"http_method": asked.method, "vdom": asked.vdom, "path": path, "name": name}
    if asked.key is not None:
        body["mkey"] = asked.key
    status = "success" if http_status == 200 else "error"
    identity = {"serial": SERIAL, "version": box.version, "build": BUILDS.get(box.version, 0)}
    return body | {"status": status, "http_status": http_status} | identity


def changed(box: StandIn, asked: Asked) -> Body:
    """The answer to a POST, PUT or DELETE that succeeded."""
    return envelope(box, asked) | {"revision_changed": True}


def listed(box: StandIn, asked: Asked, results: list[Body] | Body) -> Body:
    """The answer to a GET; a single entry of a table with keys is in a list too."""
    count = len(results) if isinstance(results, list) else 1
    return envelope(box, asked) | {"matched_count": count, "results": results}


def refused(box: StandIn, asked: Asked, refusal: Refused) -> Body:
    """The answer to a refused request."""
    body = envelope(box, asked, refusal.http_status)
    if refusal.error is not None:
        body["error"] = refusal.error
    return body | ({"cli_error": refusal.cli_error} if refusal.cli_error else {})


def entry_body(box: StandIn, of: Table, entry: Entry) -> Body:
    """An entry as in REST: its key twice, every field of this firmware, and none that it lacks."""
    held = entry.as_rest()
    if of is GLOBAL:
        return {k: v for k, v in held.items() if k != "rest-api-key-url-query" or box.knows_url_switch}
    if not of.key:
        return held
    defaults, more = fields.visible(of.path, box.version), fields.known(of.path)
    there = {key: value for key, value in held.items() if key in defaults or key not in more}
    return {of.key: of.key_of(entry), "q_origin_key": of.key_of(entry), **defaults, **there}


def with_uses(of: Table, bodies: list[Body], uses: Mapping[tuple[str, str], int]) -> list[Body]:
    """Entries with the number of references to each, for `with_meta`."""
    return [body | {"q_ref": uses.get((of.path, str(body.get(of.key, ""))), 0)} for body in bodies]


def system_status() -> Body:
    """The results of monitor/system/status: its model and host name mark a rehearsal, never a real box."""
    return {"model_name": "FortiGate", "model_number": "REHEARSAL", "model": "REHEARSAL", "hostname": HOSTNAME}


def policy_hits(box: StandIn, hits: dict[int, Hits]) -> list[Body]:
    """The results of monitor/firewall/policy: one entry per policy in order, the implicit deny (0) first."""
    ids = [0, *(policy.policyid for policy in box.policies)]
    uuids = {policy.policyid: policy.uuid for policy in box.policies}
    return [_hit(each, hits.get(each, Hits()), uuids.get(each, "")) for each in ids]


def _hit(policyid: int, hits: Hits, uuid: str) -> Body:
    counted = {"hit_count": hits.sessions, "packets": hits.packets, "bytes": hits.bytes}
    return {"policyid": policyid, "uuid": uuid} | counted
