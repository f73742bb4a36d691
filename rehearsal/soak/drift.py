"""No drift goes unnoticed: manual changes are named once each and repaired, and unmanaged objects stay."""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import yaml

from rehearsal.problems import RehearsalError
from rehearsal.soak import by_hand_firewalld, by_hand_hub, by_hand_softether, not_ours
from rehearsal.soak.by_hand_firewalld import FIREWALLD
from rehearsal.soak.by_hand_hops import HOPS
from rehearsal.soak.by_hand_softether import SOFTETHER, WHOLE
from rehearsal.soak.changes import Change, groups
from rehearsal.soak.lab import Lab
from rehearsal.soak.manual_changes import ManualChanges
from rehearsal.soak.trial import Outcome, Trial
from rehearsal.zones import BIND_ZONE

CHANGES: Sequence[Change] = (*SOFTETHER, *FIREWALLD, *HOPS)

SIZES = range(8, 31)
"""How many changes a random group has."""

MORE: dict[str, dict[str, Any]] = {
    "vpn": by_hand_softether.FURNISHED,
    "firewall": by_hand_firewalld.FURNISHED,
    "fortigate": {
        "sources": ["192.0.2.0/24", "198.51.100.0/24"],
        "behindVpn": {
            "from": ["campus"],
            "before": "campus-any",
            "hosts": {"workstation": "203.0.113.21"},
            "ports": ["8000/tcp"],
            "exceptions": [{"name": "office", "sources": ["203.0.113.200/32"], "ports": ["8000/tcp"]}],
        },
    },
    "dns": {"zone": BIND_ZONE, "aliases": ["dial"], "marker": True, "wait": 0},
}
"""What the lab has in addition to the example, so that it has every kind of object that the stack manages."""

EXCEPTED = "campus does not reach workstation because students would see its login page"
"""The example's expectation that the office, an exception of `behindVpn` here, does not keep."""

OF_DRIFT = re.compile(r"changed by hand: |FortiGate: .* (on the box|moved|lacks|also has|is gone)|at the name server")
"""A line that names a change by hand."""


def trials(lab: Lab, seed: int) -> Iterator[Trial]:
    """All changes in random groups, then each alone, on a lab extended beyond the example, with unmanaged objects."""
    dice = random.Random(seed)  # noqa: S311 -- to be repeated by its seed
    lab = furnished(lab)
    plant(lab)
    yield Trial("not ours", partial(leave_alone, lab))
    for number, group in enumerate(groups(CHANGES, SIZES, dice), 1):
        yield Trial(f"group {number} of {len(group)}", partial(try_changes, lab, group))
    for number, change in enumerate(dice.sample(alone := [*WHOLE, *CHANGES], len(alone)), 1):
        yield Trial(f"alone {number}: {change.words}", partial(try_changes, lab, [change]))


def furnished(lab: Lab) -> Lab:
    """Bring up the lab with everything that is changed by hand here."""
    values = yaml.safe_load((lab.state / "project" / "Pulumi.lab.yaml").read_text())
    for key, more in MORE.items():
        values["config"][f"labvpn:{key}"] |= more
    values["config"]["labvpn:hubs"]["LAB"] |= by_hand_hub.FURNISHED
    values["config"]["labvpn:expect"].remove(EXCEPTED)
    folder = lab.state / "drift"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "Pulumi.lab.yaml"
    file.write_text(yaml.safe_dump(values))
    furnished = Lab(lab.name, file)
    furnished.encrypt("radiusSecrets.LAB", secrets.token_urlsafe(16))
    furnished.encrypt("authority", lab.module("labvpn", "authority", "vpn.wide.example"))
    repair(furnished)
    return furnished


def plant(lab: Lab) -> None:
    """Create unmanaged objects on every hop."""
    manual = ManualChanges(lab)
    if not_ours.lost(manual):
        for make in not_ours.MAKERS:
            make(manual)


def leave_alone(lab: Lab) -> Outcome:
    """Create all unmanaged objects; no preview may find anything to change, and no run may remove them."""
    plant(lab)
    manual = ManualChanges(lab)
    seen = preview(lab)
    complaints = (
        [] if seen is None else [f"not ours, and yet: {line}" for line in seen or ["a change without a message"]]
    )
    repair(lab)
    return _outcome(Outcome(0), complaints, not_ours.lost(manual))


def try_changes(lab: Lab, group: Sequence[Change]) -> Outcome:
    """Make the changes; a preview names each in one line, one run repairs them, and the next preview is clean."""
    manual = ManualChanges(lab)
    manual.together(change.make for change in group)
    taken = by_hand_too(manual, group)
    lines = preview(lab)
    if lines is None:
        complaints = [f"not found: {change.words}" for change in group]
        lines = []
    else:
        complaints = list(_compared(group, lines))
    found = sum(sum(change.words in line for line in lines) == 1 for change in group)
    repaired = len(group)
    try:
        repair(lab)
        if (left := preview(lab)) is not None:
            complaints += [f"not repaired: {line}" for line in left or ["a change without a message"]]
            repaired -= max(1, min(len(left), len(group)))
    except RehearsalError as error:
        complaints.append(str(error))
        repaired = 0
        repair(lab)
    lost = [name for name in not_ours.lost(manual) if name not in taken]
    not_ours.again(manual, taken)
    return _outcome(Outcome(len(group), found, repaired), complaints, lost)


def by_hand_too(manual: ManualChanges, group: Sequence[Change]) -> list[str]:
    """Unmanaged objects lost by the manual change itself, such as a stopped firewalld, not by the run."""
    return [] if all(change.place for change in group) else not_ours.lost(manual)


def _outcome(counts: Outcome, complaints: Sequence[str], lost: Sequence[str]) -> Outcome:
    words = (*complaints, *(f"lost: {name}" for name in lost))
    return Outcome(counts.tried, counts.found, counts.repaired, not_ours.COUNT - len(lost), len(lost), words)


def _compared(group: Sequence[Change], lines: Sequence[str]) -> Iterator[str]:
    for change in group:
        count = sum(change.words in line for line in lines)
        if count != 1:
            yield f"named {count} times: {change.words}"
    for line in lines:
        if not any(change.words in line for change in group):
            yield f"no one made this change: {line}"


def preview(lab: Lab) -> list[str] | None:
    """The lines of a plain preview that name a change by hand; None where it finds nothing to change."""
    done = lab.pulumi("preview", "--expect-no-changes")
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).partition("\nDiagnostics:")[2].partition("\nOutputs:")[0]
    if "error:" in text and "no changes were expected" not in text:
        raise RehearsalError(f"the preview failed: {text.strip()[:2000]}")
    return None if done.returncode == 0 else [line.strip() for line in text.splitlines() if OF_DRIFT.search(line)]


def repair(lab: Lab) -> None:
    """One `pulumi up`; RehearsalError if it fails."""
    done = lab.pulumi("up", "--yes", "--skip-preview", seconds=600)
    if done.returncode:
        text = done.stdout.partition("\nDiagnostics:")[2].strip() or done.stderr.strip()
        raise RehearsalError(f"the run failed: {text[:2000]}")
