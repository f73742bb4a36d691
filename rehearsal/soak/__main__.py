"""Test what the stack guarantees on a lab of its own: `python -m rehearsal.soak`, or `make soak`.

It can be stopped at any time and resumed with `--seed`: trials that are complete under a seed are not run again.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rehearsal import places
from rehearsal.problems import RehearsalError
from rehearsal.soak import drift, faults, hosts, leaks, ports
from rehearsal.soak.lab import Lab
from rehearsal.soak.trial import Notebook, Outcome, Result, Trial, total

Trials = Callable[[Lab, int], Iterable[Trial]]

GUARANTEES: Mapping[str, Trials] = {
    "drift": drift.trials,
    "secrets": leaks.trials,
    "faults": faults.trials,
    "ports": ports.trials,
    "hosts": hosts.trials,
}
"""Every guarantee by its name, with the function that makes its trials for a seed."""


def soak(
    guarantees: Annotated[
        list[str] | None, typer.Argument(help=f"Of {', '.join(GUARANTEES)}; all if left out.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Resume or repeat the trials of this seed.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most this many trials of each guarantee.")] = None,
    part: Annotated[str, typer.Option(help="`2/3`: the second of three shares of a seed's trials.")] = "1/1",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the lab running at the end.")] = False,
) -> None:
    """Run the remaining trials of this seed and print the table; the exit status is 1 if a guarantee was broken."""
    mine, shares = map(int, part.split("/"))
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    notebook = Notebook(places.cache() / "soak" / f"{seed}.jsonl")
    say(f"seed {seed}: stop it with ^C, resume with --seed {seed}; results in {notebook.file}")
    lab = Lab("soak")
    chosen = {name: GUARANTEES[name] for name in guarantees or GUARANTEES}
    try:
        say("bringing the lab up ...")
        lab.bring_up()
        for name, trials in chosen.items():
            work(name, list(trials(lab, seed))[mine - 1 :: shares][:limit], notebook)
    except KeyboardInterrupt:
        say(f"stopped; resume with --seed {seed}")
    finally:
        if not keep:
            lab.stop()
    show(seed, [one for one in notebook.results if one.guarantee in chosen])
    raise typer.Exit(0 if notebook.results and all(one.outcome.kept for one in notebook.results) else 1)


def work(guarantee: str, trials: Sequence[Trial], notebook: Notebook) -> None:
    """Run the trials of a guarantee that are not in the notebook."""
    for number, trial in enumerate(trials, 1):
        if notebook.has(guarantee, trial.name):
            continue
        began = time.monotonic()
        outcome = attempt(trial)
        notebook.add(Result(guarantee, trial.name, round(time.monotonic() - began, 1), outcome))
        say(f"{guarantee} {number}/{len(trials)}: {trial.name}: {'passed' if outcome.kept else 'FAILED'}")
        for line in outcome.complaints:
            say(f"  {line}")


def attempt(trial: Trial) -> Outcome:
    """The outcome of a trial; one that could not be completed has failed."""
    try:
        return trial.run()
    except RehearsalError as error:
        return Outcome(complaints=(str(error),))


def show(seed: int, results: Iterable[Result]) -> None:
    """Print the table, with the totals in the last line."""
    held = list(results)
    table = Table("guarantee", "trial", "tried", "found", "repaired", "survived", "lost", "seconds")
    for one in held:
        table.add_row(one.guarantee, one.trial, *map(str, counts(one.outcome)), f"{one.seconds:.0f}")
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    sums = total(one.outcome for one in held)
    for line in sums.complaints:
        print(f"FAILED: {line}")
    words = zip(("tried", "found", "repaired", "survived", "lost"), counts(sums), strict=True)
    print(f"{datetime.now(UTC):%Y-%m-%d} seed {seed}: {', '.join(f'{word} {count}' for word, count in words)}")


def counts(outcome: Outcome) -> tuple[int, int, int, int, int]:
    """The counts in the order of the table's columns."""
    return outcome.tried, outcome.found, outcome.repaired, outcome.survived, outcome.lost


def say(text: str) -> None:
    """Report progress."""
    print(f"soak: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    typer.run(soak)
