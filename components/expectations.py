"""The expectations of the configuration, decided before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.fortigate import FortiGateArgs
from components.host import HostPlan
from labvpn.connect.inspect import Snapshot
from labvpn.model.lab import Lab
from labvpn.model.untrusted import for_engine
from labvpn.reach import sentences, table
from labvpn.reach.model import ReachModel


def decide(
    lab: Lab, plans: Sequence[HostPlan], snapshot: Snapshot, fortigate: FortiGateArgs | None
) -> list[dict[str, str]]:
    """Who will reach what after `up`, for the outputs. Raises RunError with every expectation that it would break."""
    compared = fortigate.plan.compared if fortigate else None
    documents = [{str(concern): text for concern, text in plan.desired.items()} for plan in plans]
    after = ReachModel.after(lab, documents, snapshot.hosts, compared)
    found = sentences.findings(after, ReachModel.before(lab, snapshot.hosts, compared))
    for sentence in (*found.warnings, *sentences.opened(after)):
        pulumi.warn(for_engine(sentence))
    if found.refusals:
        lines = "\n".join(f"  - {for_engine(sentence)}" for sentence in found.refusals)
        raise pulumi.RunError(f"This `up` would not keep what the configuration expects; nothing was touched.\n{lines}")
    return table.as_outputs(table.rows(after))
