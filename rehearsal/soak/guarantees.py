"""Every guarantee by its name, with the function that makes its trials for a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from rehearsal.soak import drift, faults, leaks, ports
from rehearsal.soak.lab import Lab
from rehearsal.soak.trial import Trial

Trials = Callable[[Lab, int], Iterable[Trial]]

GUARANTEES: Mapping[str, Trials] = {
    "drift": drift.trials,
    "secrets": leaks.trials,
    "faults": faults.trials,
    "ports": ports.trials,
}
