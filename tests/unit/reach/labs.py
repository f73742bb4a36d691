"""Labs for tests of the model: the worked example's, with a firewalld and a FortiGate of the test's own."""

from __future__ import annotations

import copy
from typing import Any

from labvpn.model.lab import Lab
from labvpn.parse.host import HostState
from labvpn.plan.fortigate.comparison import Comparison
from labvpn.reach.model import ReachModel
from labvpn.render import fortigate as render
from labvpn.render.documents import documents
from labvpn.state.fortigate import Inventory
from tests.unit import boxes
from tests.unit.samples import FULL, lab

WORKSTATION, SERVER, INNER = "203.0.113.21", "203.0.113.20", "192.168.31.1"
CLOSED = {"from": ["campus"], "before": "campus-any", "hosts": {"workstation": WORKSTATION}}
SERVICES = [
    {"name": "jupyterhub", "to": WORKSTATION, "port": 8000},
    {"name": "page", "to": INNER, "port": 8000},
]

PUBLIC: dict[str, list[str]] = {
    "target": ["default"],
    "interfaces": ["eth0"],
    "sources": [],
    "services": ["ssh"],
    "ports": [],
    "protocols": [],
    "rich rules": [],
}
FACTS: dict[str, Any] = {
    "running": True,
    "default": "public",
    "zones": {"public": PUBLIC},
    "policies": {},
    "services": {"ssh": [[["22/tcp"], [], [], [], {}]]},
    "interfaces": {"eth0": ["203.0.113.20/28"], "lo": ["127.0.0.1/8"]},
    "outside": ["eth0"],
    "gateway": "eth0",
    "beside": [],
    "drifting": False,
}


def facts(zones: dict[str, dict[str, list[str]]] | None = None, **more: Any) -> dict[str, Any]:
    """A host's facts, with parts of its zones and others changed."""
    held = copy.deepcopy(FACTS)
    for name, parts in (zones or {}).items():
        held["zones"][name] = {**copy.deepcopy(PUBLIC), "interfaces": [], **held["zones"].get(name, {}), **parts}
    return {**held, **more}


def declared(*expect: Any, closed: bool = False, **changes: Any) -> Lab:
    """A lab with two services and these expectations."""
    own = changes.pop("fortigate", {})
    gate = None if own is None else {**FULL["fortigate"], **({"behindVpn": CLOSED} if closed else {}), **own}
    given: dict[str, Any] = {
        "expect": list(expect),
        "fortigate": gate,
        "hubs": {"LAB": {"services": SERVICES}},
        "vpn": {"secureNat": {"hostAddress": INNER}},
    }
    return lab(**{**given, **changes})


def states(
    host: dict[str, Any] | None = None, rules: list[dict[str, str]] | None = None, **more: Any
) -> dict[str, Any]:
    """What a host shows: firewalld's facts, the hub's rules of others, and a document of before."""
    firewall = HostState("", facts=FACTS if host is None else host)
    hub = HostState(more.get("document", ""), facts={"access": {"LAB": rules or []}})
    return {"firewall": firewall, "server": HostState(""), "hub": hub}


def compared(one: Lab, box: Inventory | None = None) -> Comparison | None:
    """The FortiGate of a lab, now and after a run."""
    if one.fortigate is None:
        return None
    return Comparison.of(one, one.fortigate, render.wanted(one, one.fortigate), box or boxes.box())


def after(one: Lab, box: Inventory | None = None, state: dict[str, Any] | None = None) -> ReachModel:
    """The model of what will be in force."""
    texts = {str(concern): text for concern, text in documents(one, "").items()}
    return ReachModel.after(one, [texts], [state or states()], compared(one, box))


def before(one: Lab, box: Inventory | None = None, state: dict[str, Any] | None = None) -> ReachModel:
    """The model of what is in force, with the hubs of a run before if the state has no others."""
    held = state or states(document=documents(one, "")["hub"])  # type: ignore[index]
    return ReachModel.before(one, [held], compared(one, box))
