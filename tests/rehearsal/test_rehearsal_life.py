"""Start, stop and sudden death of the rehearsal, and what the caller's own system sees of them: nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from rehearsal import images, network, nsenter
from rehearsal.process import Process
from tests.rehearsal.conftest import Rehearsal

TABLES = ("tcp", "tcp6", "udp", "udp6")
LOOPBACK = ("0100007F:", "0000000000000000FFFF00000100007F:", "00000000000000000000000001000000:")


def table() -> list[list[str]]:
    """The system's own sockets that listen, TCP or UDP, as the kernel's tables show them (proc(5))."""
    lines = [line.split() for name in TABLES for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    return [fields for fields in lines if fields[3] in ("0A", "07")]


def sockets() -> set[str]:
    """Where the system itself can be reached; what others open on its loopback meanwhile is theirs."""
    return {fields[1] for fields in table() if not fields[1].startswith(LOOPBACK)}


def owned(wrapper: Process) -> set[str]:
    """The numbers of the sockets that the rehearsal's processes hold open."""
    folders = [Path(f"/proc/{process.pid}/fd") for process in family(wrapper)]
    found = {str(path.readlink()) for folder in folders for path in folder.iterdir()}
    return {name[8:-1] for name in found if name.startswith("socket:[")}


def packet_filter() -> str:
    """The system's own rules, by the nft of the tools image."""
    done = subprocess.run(["chroot", images.TOOLS.path, "nft", "list", "ruleset"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def links() -> list[str]:
    return sorted(path.name for path in Path("/sys/class/net").iterdir())


def system() -> tuple[object, ...]:
    files = (
        "/etc/resolv.conf",
        "/etc/hostname",
        "/etc/passwd",
        "/proc/sys/net/ipv4/ip_forward",
        "/proc/sys/kernel/pid_max",
    )
    texts = [Path(name).read_text() for name in files]
    return (
        sockets(),
        packet_filter(),
        links(),
        texts,
        Path("/proc/self/mountinfo").read_text(),
        sorted(Path("/etc").iterdir()),
    )


def family(wrapper: Process) -> set[Process]:
    """The processes of a rehearsal: its wrapper and all that descends from it, by number and start."""
    parents = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
    found = {wrapper.pid}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    assert len(found) > 10
    return {Process.of(pid) for pid in found}


def alive(processes: set[Process]) -> set[Process]:
    return {process for process in processes if process.alive}


def wait_until(is_so: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wrapper_of(rehearsal: Rehearsal) -> Process:
    wrapper = nsenter.noted(rehearsal.state)
    assert wrapper is not None
    assert wrapper.alive
    return wrapper


def test_the_system_itself_sees_nothing_of_a_rehearsal(fresh: Rehearsal) -> None:
    before = system()
    fresh.start()
    assert system() == before
    mine = owned(wrapper_of(fresh))
    assert mine
    assert not mine & {fields[9] for fields in table()}
    fresh.stop()
    assert system() == before


def test_stop_leaves_no_process_and_no_folder(fresh: Rehearsal) -> None:
    fresh.start()
    state, wrapper = fresh.state, wrapper_of(fresh)
    processes = family(wrapper)
    groups = set(Path("/sys/fs/cgroup").rglob("labvpn-*"))
    fresh.stop()
    assert not alive(processes)
    assert not state.exists()
    assert len(groups - set(Path("/sys/fs/cgroup").rglob("labvpn-*"))) == 1


def test_killing_the_wrapper_leaves_no_process_and_so_no_namespace_and_no_mount(fresh: Rehearsal) -> None:
    before = system()
    fresh.start()
    wrapper = wrapper_of(fresh)
    processes = family(wrapper)
    os.kill(wrapper.pid, signal.SIGKILL)
    wait_until(lambda: not alive(processes))
    assert system() == before
    assert not fresh.status()["up"]


def test_after_a_sudden_death_a_start_brings_all_up_with_the_same_values(fresh: Rehearsal) -> None:
    fresh.start()
    values = (fresh.state / "values.yaml").read_text()
    os.kill(wrapper_of(fresh).pid, signal.SIGKILL)
    fresh.start()
    assert fresh.status()["up"]
    assert (fresh.state / "values.yaml").read_text() == values


def test_a_second_start_changes_nothing_and_says_so(fresh: Rehearsal) -> None:
    fresh.start()
    wrapper = wrapper_of(fresh)
    done = fresh.command("start")
    assert done.stderr == "rehearsal: the rehearsal 'fresh' is up\n"
    assert wrapper_of(fresh) == wrapper


def test_starts_at_the_same_time_bring_up_one_rehearsal(fresh: Rehearsal) -> None:
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: fresh.command("start"), range(3)))
    assert [each.returncode for each in done] == [0, 0, 0]
    assert sum("starting the machines" in each.stderr for each in done) == 1


def test_a_start_brings_back_a_server_that_died(fresh: Rehearsal) -> None:
    fresh.start()
    fresh.output("names", "sh", "-c", "kill -9 $(cat /run/labvpn/pid/named-primary)")
    assert "started again: named-primary" in fresh.command("start").stderr
    assert fresh.output("phone", "dig", "+short", "ns1.lab.example") == network.PRIMARY


def test_a_start_makes_a_cut_off_reboot_good(fresh: Rehearsal) -> None:
    fresh.start()
    fresh.output("server", "touch", "/root/kept")
    fresh.output("names", "sh", "-c", "kill -9 $(cat /run/labvpn/server/pid); ip netns del server")
    assert "run `labvpn rehearsal start`" in fresh.run("server", "true").stderr
    assert "started again: server" in fresh.command("start").stderr
    fresh.output("server", "test", "-e", "/root/kept")


def test_a_start_that_was_cut_off_is_made_good_by_the_next(fresh: Rehearsal) -> None:
    process = subprocess.Popen(fresh.line("start"), env=fresh.environment, stderr=subprocess.DEVNULL)
    wait_until(lambda: (fresh.state / "wrapper").exists(), 20)
    process.kill()
    process.wait()
    fresh.start()
    assert fresh.output("phone", "true") == ""


def test_two_rehearsals_stand_side_by_side(machines: Rehearsal, fresh: Rehearsal) -> None:
    fresh.start()
    machines.output("server", "touch", "/root/of-the-first")
    assert fresh.run("server", "test", "-e", "/root/of-the-first").returncode == 1
    fresh.stop()
    assert machines.output("phone", "dig", "+short", "ns1.lab.example") == network.PRIMARY


def test_a_rehearsal_works_from_folders_that_are_the_systems() -> None:
    home = Path("/var/lib/labvpn-tests") / ("long" * 30)
    rehearsal = Rehearsal("elsewhere", {"XDG_STATE_HOME": str(home)})
    try:
        rehearsal.start()
        rehearsal.output("phone", "sh", "-c", "echo made > made", cwd=rehearsal.state)
        assert (rehearsal.state / "made").read_text() == "made\n"
    finally:
        rehearsal.stop()
        home.rmdir()
        home.parent.rmdir()


def test_status_tells_programs_by_its_exit_status(machines: Rehearsal) -> None:
    assert machines.command("status").returncode == 0
    assert Rehearsal("never-started").command("status").returncode == 3


def test_secrets_are_readable_by_their_owner_alone(machines: Rehearsal) -> None:
    state = machines.state
    assert state.stat().st_mode & 0o777 == 0o700
    secrets = [state / "values.yaml", state / "passphrase", state / "ssh/admin", state / "ssh/host"]
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


def test_a_bad_name_is_refused_with_what_a_name_may_hold() -> None:
    done = Rehearsal("../elsewhere").command("start")
    assert done.returncode == 1
    assert "lower-case letters" in done.stderr
