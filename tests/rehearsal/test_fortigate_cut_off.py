"""An engine that is killed in the middle, with either package of the FortiGate's provider, and the token meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal import stack_config
from rehearsal.fortigate import control
from rehearsal.fortigate.gate import Faults
from rehearsal.fortigate.rest import IN_ADDRESS
from rehearsal.soak.secrets import Hunt
from tests.rehearsal.conftest import Rehearsal
from tests.rehearsal.gate_stack import SECONDS, UP, GateStack
from tests.rehearsal.stack import Stack, Tables
from tests.rehearsal.test_fortigate_providers import OLD_ENOUGH, move
from tests.rehearsal.test_fortigate_stack import CLOSED, shut_out

DESTROY = ("destroy", "--yes", "--skip-preview")
PROVIDERS = ("upstream", "pulumiverse")
SOURCES = ["198.51.100.10", "192.0.2.0/24", "DE"]
OURS = ["decoy-above", "vpn-desk", "vpn-dial", "vpn-only", "campus-any", "campus-out", "dmz-out", "vpn-allow"]


@pytest.fixture(scope="module")
def gate(machines: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> GateStack:
    return GateStack.make(Stack(machines.name), tmp_path_factory.mktemp("gate"))


@pytest.fixture
def before(gate: GateStack) -> Iterator[Tables]:
    """The box with another's policy above, on a firmware for both packages."""
    with gate.beside("decoy-above", firmware=OLD_ENOUGH) as first:
        yield first


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_engine_that_is_killed_again_and_again_doubles_nothing_loses_nothing_and_shuts_nobody_out(
    gate: GateStack, before: Tables, provider: str
) -> None:
    gate.declare(provider=provider, behindVpn=CLOSED, sources=SOURCES)
    gate.applied = True
    with gate.every_order() as rising:
        for after in (1, 5, 4, 3, 2):
            gate.killed(*UP, after=after)
        gate.pulumi(*UP)
    assert gate.names() == [*OURS, "deny-outside"]
    assert gate.settles()
    whole = gate.lab.tables()
    # One that is killed while it has nothing to do leaves no more behind than a lock.
    gate.killed("refresh", "--yes", "--skip-preview", after=0)
    gate.pulumi(*UP, "--expect-no-changes")
    assert gate.lab.tables() == whole
    with gate.every_order() as falling:
        for after in (1, 2, 3):
            gate.killed(*DESTROY, after=after)
        gate.pulumi(*DESTROY)
    gate.applied = False
    assert [order for order in (*rising, *falling) if shut_out(order)] == []


def slow_after_the_first_change(gate: GateStack) -> None:
    """For 15 s, in which the watch asks once at least."""
    until = time.monotonic() + SECONDS
    while not gate.changes() and time.monotonic() < until:
        time.sleep(0.02)
    control.set_faults(gate.box, Faults(then="slow"))
    time.sleep(15)
    control.set_faults(gate.box, Faults())


def test_a_box_that_is_slow_is_told_of_and_the_run_completes(gate: GateStack, before: Tables) -> None:
    gate.declare(behindVpn=CLOSED)
    control.requests(gate.box)
    slowing = threading.Thread(target=slow_after_the_first_change, args=(gate,))
    slowing.start()
    output = gate.up()
    slowing.join()
    assert "s for one answer, so this run takes long; it goes on as long as answers come" in output
    assert gate.names() == [*OURS, "deny-outside"]
    assert gate.settles()


def cut_off(gate: GateStack, provider: str, moment: Callable[[], bool]) -> None:
    """The move, of which everything is killed by signal 9 at a moment, as by a power cut."""
    log = gate.folder / "move.log"
    with log.open("w") as output:
        run = subprocess.Popen(
            gate.lab.line(*gate.provider_move(provider)),
            cwd=gate.program,
            env=gate.lab.environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    until = time.monotonic() + SECONDS
    while run.poll() is None and not moment() and time.monotonic() < until:
        time.sleep(0.005)
    assert run.poll() is None, f"the move ended before its moment: {log.read_text()}"
    os.killpg(run.pid, signal.SIGKILL)
    run.wait(SECONDS)


def moments(gate: GateStack, provider: str) -> list[Callable[[], bool]]:
    """When the state was copied, when the old objects left it, and when some of the new ones are in it."""
    (state,) = (gate.box.parent / "backend").rglob("stacks/*/lab.json")
    copy = gate.program / "fortigate-provider.lab.state.json"
    old, new = ("fortios", "fortigate:index/") if provider == "upstream" else ("fortigate", "fortios:firewall/")
    return [
        copy.exists,
        lambda: f"pulumi:providers:{old}" not in _types(state),
        lambda: any(kind.startswith(new) for kind in _types(state)),
    ]


def _types(state: Path) -> set[str]:
    """The types of the resources in the state; one that is just being written is read again."""
    while True:
        try:
            resources = json.loads(state.read_text())["checkpoint"]["latest"].get("resources") or []
        except ValueError:
            continue
        return {one["type"] for one in resources}


@pytest.mark.parametrize("to", PROVIDERS)
def test_a_move_that_is_killed_at_any_moment_goes_on_and_touches_no_policy(
    gate: GateStack, before: Tables, to: str
) -> None:
    (held,) = set(PROVIDERS) - {to}
    gate.declare(behindVpn=CLOSED, provider=held)
    gate.up()
    first = gate.lab.tables()
    with gate.every_order() as orders:
        for moment in moments(gate, to):
            cut_off(gate, to, moment)
            done = move(gate, to, "--show")
            assert done.returncode == 0, done.stdout + done.stderr
            gate.unlock()
        done = move(gate, to)
        assert done.returncode == 0, done.stdout + done.stderr
    assert len(orders) == 1
    assert gate.lab.tables() == first
    assert gate.settles()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_token_is_in_no_log_of_engine_plugin_or_box(gate: GateStack, before: Tables, provider: str) -> None:
    gate.declare(provider=provider)
    hunt, token = Hunt(gate.box.parent), gate.box / "token"
    held = token.read_text()
    runs: tuple[tuple[tuple[str, ...], Faults, bool], ...] = (
        ((*UP, "--diff"), Faults(rights="read"), False),
        ((*UP, "--json"), Faults(), True),
        (("preview", "-v=3", "--logtostderr"), Faults(), True),
        (("refresh", "--yes", "--skip-preview", "--debug"), Faults(then="429"), False),
        (("refresh", "--yes", "--skip-preview", "--debug"), Faults(), True),
        ((*DESTROY, "--debug", "-v=3", "--logtostderr"), Faults(rights="read"), False),
    )
    gate.applied = True
    control.requests(gate.box)
    with hunt.watching():
        for words, faults, good in runs:
            control.set_faults(gate.box, faults)
            done = gate.command(*gate.words(*words))
            hunt.outputs[" ".join(words)] = (done.stdout + done.stderr).encode()
            assert (done.returncode == 0) is good, done.stdout + done.stderr
        control.set_faults(gate.box, Faults())
        token.write_text("another-token")
        hunt.outputs["the old token"] = gate.refusal("preview", "--debug").encode()
        token.write_text(held)
    assert b"refused the token of the last `pulumi up` (401)" in hunt.outputs["the old token"]
    assert hunt.leaks() == []
    in_address = [line for line in control.requests(gate.box) if IN_ADDRESS in line]
    assert bool(in_address) is (provider == "pulumiverse")


def test_where_the_old_token_is_gone_a_new_one_and_one_run_without_a_refresh_go_on(
    gate: GateStack, before: Tables
) -> None:
    gate.declare()
    gate.up()
    token = gate.box / "token"
    held, renewed = token.read_text(), "the-renewed-token"
    token.write_text(renewed)
    try:
        gate.lab.with_secret(gate.folder / stack_config.FILE, "fortigateToken", renewed)
        output = gate.refusal(*UP)
        assert "refused the token of the last `pulumi up` (401)" in output
        assert "run `pulumi up --refresh=false` once" in output
        gate.pulumi(*UP, "--refresh=false")
        assert gate.settles()
        gate.destroy()
    finally:
        token.write_text(held)
