"""The main job: bring the rehearsal up, apply the stack to it, and prove the result from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Column, Table

from rehearsal import life, places, proof, stack, stack_config
from rehearsal.engine_output import EngineOutput
from rehearsal.machine import line
from rehearsal.places import PROJECT
from rehearsal.problems import RehearsalError
from rehearsal.proof import Outputs, Proof

Say = Callable[[str], None]

NEXT = """
The lab is up. Go on with it:
  eval "$(make -s env)"                       puts this Python and pulumi on PATH
  pulumi preview | up | refresh | destroy     run on the administrator's machine of the lab
  labvpn rehearsal exec HOST -- COMMAND       HOST: internet phone campus admin fortigate server workstation
  make stop                                   stops it and leaves nothing"""


def bring_up(say: Say) -> bool:
    """`make lab`: bring up whatever is missing; returns whether every proof succeeded."""
    life.start(say)
    state = places.state()
    engine = stack.ready(state, say)
    with _step("the stack's secrets", say):
        stack_config.ensure(state, engine.pulumi, engine.environment(state))
    output = EngineOutput()
    with _step("pulumi preview", say):
        _pulumi(state, ["preview"], output.of_preview)
    with _step("pulumi up", say):
        _pulumi(state, ["up", "--yes", "--skip-preview"], output.of_up)
    # Neither changes anything, and the proof mostly waits.
    with ThreadPoolExecutor() as pool:
        say("during the proof: pulumi preview --expect-no-changes ...")
        second = pool.submit(_second_preview, state)
        proofs = [*prove(say), second.result()]
    show(proofs)
    if all(proof.kept for proof in proofs):
        print(NEXT)
    return all(proof.kept for proof in proofs)


def prove(say: Say) -> list[Proof]:
    """Prove the lab as it is, from outside."""
    with _step("proof from outside", say):
        return list(proof.prove(outputs(), say))


def to_json(proofs: Sequence[Proof]) -> str:
    """The proofs for a program."""
    return json.dumps([asdict(one) for one in proofs], indent=2)


def outputs() -> Outputs:
    """The outputs of the stack on this rehearsal; raises RehearsalError if there are none."""
    state = places.state()
    command, environment = stack.command(
        state, ["stack", "output", "--json", "--show-secrets", "--cwd", str(PROJECT)], PROJECT
    )
    try:
        return proof.read_outputs(command, environment, state / "outputs.json")
    except subprocess.CalledProcessError as error:
        raise RehearsalError(f"the stack has no outputs yet: {error.stderr.strip()}; run `make lab`") from None


def _pulumi(state: Path, words: list[str], chosen: Callable[[Iterable[str]], Iterator[str]]) -> None:
    """Run the engine and print the chosen lines as they come; all of them are kept in the state folder."""
    command, environment = stack.command(state, ["--non-interactive", "--color", _color(), *words], PROJECT)
    file = state / f"{words[0]}.log"
    file.touch(0o600)
    with (
        file.open("w") as log,
        subprocess.Popen(
            line("admin", command),
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as run,
    ):
        for text in chosen(_copied(run.stdout or (), log)):
            print(text, flush=True)
    if run.returncode:
        raise RehearsalError(f"pulumi {words[0]} failed (exit status {run.returncode}); see above, or {file} for all")


def _copied(lines: Iterable[str], log: TextIO) -> Iterator[str]:
    for text in lines:
        log.write(text)
        yield text.rstrip("\n")


def _second_preview(state: Path) -> Proof:
    """Prove that a second preview finds nothing to change; what it finds is printed."""
    words = ["--non-interactive", "--color", _color(), "preview", "--expect-no-changes"]
    command, environment = stack.command(state, words, PROJECT)
    done = subprocess.run(
        line("admin", command), cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    settled = done.returncode == 0
    if not settled:
        print(f"{done.stdout}{done.stderr}", flush=True)
    found = "finds nothing to change" if settled else "still finds changes: see above"
    return Proof("stack", "preview", f"a second preview {found}", settled)


def _color() -> str:
    return "always" if sys.stdout.isatty() else "never"


@contextmanager
def _step(what: str, say: Say) -> Iterator[None]:
    say(f"{what} ...")
    began = time.monotonic()
    yield
    say(f"{what}: done in {time.monotonic() - began:.1f} s")


def show(proofs: Sequence[Proof]) -> None:
    """Print the proofs as a table; ports with the same result share a row."""
    table = Table("from", Column("what", max_width=26), "result", "", title="The lab, proven from outside")
    rows: dict[tuple[str, str, bool], list[str]] = {}
    for one in proofs:
        rows.setdefault((one.hop, one.words, one.kept), []).append(one.what)
    for (hop, words, kept), names in rows.items():
        table.add_row(hop, ", ".join(names), words, "[green]ok[/]" if kept else "[bold red]FAILED[/]")
    Console(width=None if sys.stdout.isatty() else 120).print(table)
