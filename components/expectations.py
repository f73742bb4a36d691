"""The expectations of the configuration, decided before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from components.inspection import HostPlan
from labvpn.connect.inspect import Snapshot
from labvpn.model.lab import Lab
from labvpn.model.untrusted import for_engine
from labvpn.plan.fortigate.plan import FortiGatePlan
from labvpn.reach import proofs, sentences, table
from labvpn.reach.model import ReachModel
from labvpn.render import fortigate as render


def decide(lab: Lab, plans: Sequence[HostPlan], snapshot: Snapshot) -> dict[str, Any]:
    """Who will reach what after `up`, as outputs. Raises RunError with every expectation that it would break.

    Where a FortiGate and the configuration do not fit, its own component says so, and nothing is decided.
    """
    gate, compared = snapshot.fortigate, None
    if lab.fortigate and gate:
        plan = FortiGatePlan.of(lab, lab.fortigate, render.wanted(lab, lab.fortigate), gate)
        if plan.problems():
            return {}
        compared = plan.compared
    documents = [{str(concern): text for concern, text in one.desired.items()} for one in plans]
    after = ReachModel.after(lab, documents, snapshot.hosts, compared)
    found = sentences.findings(after, ReachModel.before(lab, snapshot.hosts, compared))
    for sentence in (*found.warnings, *sentences.opened(after)):
        pulumi.warn(for_engine(sentence))
    if found.refusals:
        lines = "\n".join(f"  - {for_engine(sentence)}" for sentence in found.refusals)
        raise pulumi.RunError(f"This `up` would not keep what the configuration expects; nothing was touched.\n{lines}")
    return {"reach": table.as_outputs(table.rows(after)), "expect": proofs.as_outputs(after)}
