"""Commands of `labvpn rehearsal` that work on the lab with the engine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from rehearsal import places
from rehearsal.by_hand import Breakage, change, visit
from rehearsal.report import reported, say

app = typer.Typer()


@app.command()
def lab() -> None:
    """Bring up whatever is missing of the lab and prove it from outside (`make lab`)."""
    from rehearsal import lab as main_job

    with reported():
        kept = main_job.bring_up(say)
    raise typer.Exit(0 if kept else 1)


@app.command()
def prove(
    as_json: Annotated[bool, typer.Option("--json", help="Print the proofs as JSON instead of a table.")] = False,
) -> None:
    """Prove the current lab from outside; the exit status is 1 if a requirement is not met."""
    from rehearsal import lab as main_job

    with reported():
        proofs = main_job.prove(say)
    if as_json:
        print(main_job.to_json(proofs))
    else:
        main_job.show(proofs)
    raise typer.Exit(0 if all(proof.kept for proof in proofs) else 1)


@app.command()
def env() -> None:
    """Print shell lines that put the project's Python and the lab's pulumi on PATH: eval "$(make -s env)"."""
    from rehearsal import stack

    with reported():
        print(stack.shell_lines(places.state()))


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def pulumi(words: Annotated[list[str] | None, typer.Argument(metavar="-- ARGUMENTS...")] = None) -> None:
    """Run pulumi on the administrator's machine of the lab, with the lab's own state and secrets."""
    from rehearsal import run, stack

    with reported():
        line, environment = stack.command(places.state(), words or [], Path.cwd())
        os.environ.update(environment)
        if run.MACHINE in os.environ:
            # Called by labvpn on a machine of the rehearsal: we are already inside.
            os.execvp(line[0], line)  # noqa: S606
        code = run.run(places.state(), "admin", line)
    raise typer.Exit(code)


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def labvpn(words: Annotated[list[str] | None, typer.Argument(metavar="-- ARGUMENTS...")] = None) -> None:
    """Run labvpn on the administrator's machine of the lab, against the lab's own stack and secrets."""
    from rehearsal import run, stack

    with reported():
        state = places.state()
        stack.noted(state)
        os.environ.update(stack.variables(state))
        os.environ["PATH"] = os.pathsep.join([str(state / "bin"), os.environ.get("PATH", os.defpath)])
        code = run.run(state, "admin", [*places.MODULE, "labvpn", *(words or [])])
    raise typer.Exit(code)


@app.command(name="break")
def break_(
    what: Annotated[Breakage, typer.Argument(help="What to change by hand.")],
) -> None:
    """Change one thing of the lab by hand, so that `pulumi preview` has something to name and `pulumi up` to repair."""
    with reported():
        say(change(what))
        say("now: `pulumi preview` names it, and `pulumi up` repairs it")


@app.command()
def guest(
    user: Annotated[str, typer.Argument(help="Who dials in: a user of users.csv.")] = "guest1",
) -> None:
    """Have a guest dial in from the phone behind the carrier's NAT, and show a page opened through the VPN."""
    with reported():
        for sentence in visit(user):
            print(sentence)


@app.command()
def ready(
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing if everything is there.")] = False,
) -> None:
    """Get the engine and images for the rehearsal's tests, or report what is not possible here."""
    from rehearsal import life, system
    from rehearsal.toolchain import engine

    with reported():
        problem = system.unavailable()
        if problem is not None:
            say(f"the rehearsal's tests are skipped: {problem}")
            return
        life.prepare(say)
        for sentence in engine.prepare(Path(sys.executable), say).sentences:
            if not quiet:
                say(sentence)
