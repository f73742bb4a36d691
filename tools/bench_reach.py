"""Times the decision of 100 expectations behind a FortiGate with 500 policies and 200 sources: docs/figures.md."""

from __future__ import annotations

import statistics
import time
from typing import Any

from labvpn.model.lab import Lab
from labvpn.parse.fortigate.tables import inventory
from labvpn.parse.host import HostState
from labvpn.plan.fortigate.comparison import Comparison
from labvpn.reach import sentences, table
from labvpn.reach.model import ReachModel
from labvpn.render import fortigate as render
from labvpn.render.documents import documents
from labvpn.state.fortigate import Inventory

POLICIES, SOURCES, EXPECTATIONS, ROUNDS = 500, 200, 100, 5


def lab() -> Lab:
    """A lab with many sources, services and expectations of every kind."""
    services = [{"name": f"service{at}", "to": f"203.0.113.{32 + at}", "port": 8000 + at} for at in range(20)]
    lines = ["guests reach service{0}", "campus does not reach service{0}", "internet does not reach vpn-host:{1}"]
    lines += ["198.18.{0}.0/24 does not reach 203.0.113.{1}", "owner reaches internet:{1}"]
    expect = [lines[at % len(lines)].format(at % 20, 32 + at % 90) for at in range(EXPECTATIONS)]
    closed = {"from": ["campus"], "before": "p0", "hosts": {"workstation": "203.0.113.21"}}
    gate = {"host": "203.0.113.129", "outside": ["wan1"], "inside": "dmz", "before": "p0", "behindVpn": closed}
    gate["sources"] = [f"198.19.{at}.0/24" for at in range(SOURCES)]
    given: dict[str, Any] = {
        "server": {"address": "203.0.113.20"},
        "hubs": {"LAB": {"services": services, "groups": {"guests": {}}}},
        "users": [{"name": "owner", "reach": "free"}, *({"name": f"g{at}", "group": "guests"} for at in range(200))],
        "firewall": {},
        "fortigate": gate,
        "expect": expect,
    }
    return Lab.model_validate(given)


def box() -> Inventory:
    """A FortiGate with a policy for each of 500 pairs of a source and a service."""
    names = [f"net{at}" for at in range(SOURCES)]
    rows: dict[str, Any] = {
        "system/interface": [
            {"name": "wan1", "ip": "198.51.100.1 255.255.255.0"},
            {"name": "dmz", "ip": "203.0.113.17 255.255.255.128"},
            {"name": "campus", "ip": "203.0.113.129 255.255.255.128"},
        ],
        "firewall/address": [
            {"name": "all", "subnet": "0.0.0.0 0.0.0.0"},
            *({"name": name, "subnet": f"198.18.{at}.0 255.255.255.0"} for at, name in enumerate(names)),
        ],
        "firewall.service/custom": [
            {"name": "ALL", "protocol": "IP"},
            *({"name": f"s{at}", "tcp-portrange": f"{9000 + at}"} for at in range(100)),
        ],
        "firewall/policy": [
            {
                "policyid": at + 1,
                "name": f"p{at}",
                "srcintf": [{"name": ("wan1", "campus")[at % 2]}],
                "dstintf": [{"name": "dmz"}],
                "srcaddr": [{"name": names[at % SOURCES]}],
                "dstaddr": [{"name": "all"}],
                "service": [{"name": f"s{at % 100}"}],
                "action": "accept",
                "schedule": "always",
            }
            for at in range(POLICIES)
        ],
    }
    return inventory(rows)


def models(one: Lab, actual: Inventory) -> tuple[ReachModel, ReachModel]:
    """The lab after `up` and before it, with the lists of the FortiGate that a preview has already."""
    assert one.fortigate  # noqa: S101
    compared = Comparison.of(one, one.fortigate, render.wanted(one, one.fortigate), actual)
    zone = {"interfaces": ["eth0"], "target": ["default"], "services": ["ssh"], "rich rules": []}
    facts: dict[str, Any] = {"running": True, "default": "public", "zones": {"public": zone}, "policies": {}}
    facts |= {"services": {"ssh": [[["22/tcp"], [], [], [], {}]]}, "interfaces": {"eth0": ["203.0.113.20/25"]}}
    facts |= {"outside": ["eth0"], "gateway": "eth0", "beside": [], "drifting": False}
    state = {"firewall": HostState("", facts=facts), "hub": HostState("")}
    texts = {str(concern): text for concern, text in documents(one, "").items()}
    return ReachModel.after(one, [texts], [state], compared), ReachModel.before(one, [state], compared)


def main() -> None:
    """Print the median of some rounds, in seconds of the processor."""
    one, actual, taken = lab(), box(), []
    for _ in range(ROUNDS):
        after, before = models(one, actual)
        began = time.process_time()
        found = sentences.findings(after, before)
        rows = table.rows(after)
        taken.append(time.process_time() - began)
    said = f"{len(found.refusals)} refused, {len(found.warnings)} said, {len(rows)} rows"
    sizes = f"{EXPECTATIONS} expectations, {POLICIES} policies, {SOURCES} sources"
    print(f"{sizes}: {statistics.median(taken):.2f} s ({said})")


if __name__ == "__main__":
    main()
