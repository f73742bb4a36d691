"""What a FortiGate shows: its policies, and where ours may stand among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labvpn.model.problems import Problem


def policy_id(policies: Sequence[Mapping[str, Any]], name: str) -> int | Problem:
    """The id of the policy of this name, or the problem that the box has none."""
    for policy in policies:
        if policy.get("name") == name:
            return int(policy["policyid"])
    names = ", ".join(f"'{policy['name']}'" for policy in policies if policy.get("name")) or "no named policy"
    return Problem("fortigate.before", f"the FortiGate has no policy '{name}'; it has {names}: choose one of them")
