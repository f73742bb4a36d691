"""Files, commands, locks and packages of a host."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from labvpn.agent.core.document import compare, parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.lock import held
from labvpn.agent.core.machine import Machine, Outcome
from labvpn.agent.core.packages import Masks, Packages
from labvpn.agent.core.paths import BROUGHT
from labvpn.agent.core.state import State
from labvpn.agent.softether.host import Agent, HostConcern
from tests.unit.agent.fakes import DOCUMENTS, SECRETS, FakeMachine, FakeSoftEther

HOLDER = """
import sys, time
from labvpn.agent.core.lock import held
from labvpn.agent.core.machine import Machine
with held(Machine(sys.argv[1]), "/lock", "converge hub"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_file_is_replaced_in_one_step_with_its_mode(tmp_path: Path) -> None:
    machine = Machine(str(tmp_path))
    machine.write("/a/b", "secret", 0o600)
    assert machine.read("/a/b") == "secret"
    assert machine.path("/a/b").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in machine.path("/a").iterdir()] == ["b"]


@pytest.mark.parametrize(("folder", "mode"), [("/var/lib/labvpn", 0o755), ("/usr/local/lib/labvpn", 0o777)])
def test_a_folder_of_the_agents_that_somebody_opened_to_others_is_told_and_closed(
    tmp_path: Path, folder: str, mode: int
) -> None:
    machine, want = Machine(str(tmp_path)), parse("agent mode=755")[0]
    machine.write("/usr/local/lib/labvpn/agent", "", 0o755)
    machine.write("/var/lib/labvpn/administrator", "secret", 0o600)
    assert Agent(machine).read(want) == {"mode": "755"}
    machine.path(folder).chmod(mode)
    assert Agent(machine).read(want) == {"mode": f"755, {machine.path(folder)} is open to others"}
    with held(machine, "/var/lib/labvpn/host.lock", "converge host"):
        assert Agent(machine).read(want) == {"mode": "755"}


def test_a_file_that_a_cut_left_half_written_is_in_nobodys_way(tmp_path: Path) -> None:
    machine = Machine(str(tmp_path))
    machine.write("/b.new", "half")
    machine.write("/b", "whole")
    assert machine.read("/b") == "whole"


def test_what_is_not_there_is_none_and_can_be_deleted(tmp_path: Path) -> None:
    machine = Machine(str(tmp_path))
    assert machine.read("/nothing") is None
    machine.delete("/nothing")


def test_a_command_that_takes_too_long_is_ended_and_named() -> None:
    with pytest.raises(AgentError, match=r"`sleep 30` did not finish on the VPN host within 0 s"):
        Machine().run(["sleep", "30"], 0.2)


def test_a_command_that_fails_gives_its_complaint() -> None:
    with pytest.raises(AgentError, match="exit status 3: E: no such package"):
        Machine().must(["sh", "-c", "echo 'E: no such package' >&2; echo done; exit 3"])


def test_a_command_that_is_not_there_has_status_127() -> None:
    assert Machine().run(["no-such-command"]).status == 127


def test_a_second_run_waits_and_says_who_holds_the_lock(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with (
            pytest.raises(AgentError, match=rf"converge hub \(process {process.pid}, since"),
            held(Machine(str(tmp_path)), "/lock", "converge server", 0.2),
        ):
            pass
    finally:
        process.kill()
        process.wait()
    with held(Machine(str(tmp_path)), "/lock", "converge server", 5):
        pass


def test_purging_nothing_touches_no_package(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path, {"dpkg-query": "base-files installed\n"})
    Packages(machine).purge([])
    assert machine.commands("purge") == []
    assert machine.commands("dpkg-query") == []


def test_only_what_came_with_us_is_purged(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path, {"dpkg-query": "netbase installed\nfirewalld installed\nlibxml2 unpacked\n"})
    machine.write(BROUGHT, json.dumps({"packages": ["firewalld", "libxml2"], "folders": ["/etc/firewalld"]}))
    machine.write("/etc/firewalld/x", "")
    Packages(machine).purge(["firewalld"])
    (line,) = [line for line in machine.commands("purge") if " -s " not in line]
    assert line.split()[-2:] == ["firewalld", "libxml2"]
    assert not machine.path("/etc/firewalld").exists()


def test_what_is_kept_stays_with_its_folders_and_is_remembered(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path, {"dpkg-query": "netbase installed\nfirewalld installed\n"})
    noted = {"packages": ["firewalld", "netbase"], "folders": ["/etc/firewalld", "/etc/hosts"]}
    machine.write(BROUGHT, json.dumps(noted))
    machine.write("/etc/hosts", "")
    Packages(machine).purge(["firewalld"], ["netbase"])
    assert [line for line in machine.commands("purge") if line.endswith(" netbase")] == []
    assert machine.path("/etc/hosts").exists()
    assert "netbase" in Packages(machine).brought()["packages"]
    assert Packages(machine).brought()["folders"] == ["/etc/hosts"]


def test_what_another_package_has_begun_to_need_stays(tmp_path: Path) -> None:
    purge = "apt-get purge --no-auto-remove -y -q -o DPkg::Lock::Timeout=60 -o Dpkg::Options::=--force-confold"
    machine = FakeMachine(
        tmp_path,
        {
            "dpkg-query": "firewalld installed\nlibxml2 installed\n",
            purge + " -s firewalld libxml2": "Purg firewalld [1]\nPurg libxml2 [1]\nRemv theirs [1]\n",
            purge + " -s firewalld": "Purg firewalld [1]\n",
            purge + " -s libxml2": "Purg libxml2 [1]\nRemv theirs [1]\n",
            purge + " -s firewalld libxml2 ": "",
        },
    )
    machine.answers[purge + " -s firewalld libxml2"] = machine.answers.pop(purge + " -s firewalld libxml2")
    machine.write(BROUGHT, json.dumps({"packages": ["firewalld", "libxml2"]}))
    Packages(machine).purge(["firewalld"])
    assert machine.ran[-1] == purge + " firewalld"


def test_a_host_without_apt_gets_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="`present`"):
        Packages(FakeMachine(tmp_path, {"dpkg-query": Outcome(127)})).install(["netbase"])


def test_a_run_that_was_cut_off_in_dpkg_is_finished_first(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path, {"dpkg --audit": "half installed\n"})
    Packages(machine).install(["netbase"])
    assert machine.ran.index("dpkg --configure -a") < machine.ran.index(machine.commands("apt-get update")[0])


def test_masks_that_a_cut_left_are_released(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    link = machine.path("/run/systemd/system/firewalld.service")
    link.parent.mkdir(parents=True)
    link.symlink_to("/dev/null")
    Masks(machine).release(["firewalld", "softether-vpnserver"])
    assert machine.ran == ["systemctl unmask --runtime firewalld"]


def installing(root: Path) -> FakeMachine:
    """What a host records while SoftEther is installed on it, until the first command fails that shows the result."""
    machine = FakeMachine(root, {"systemctl show": "LoadState=not-found\n"})
    softether = FakeSoftEther(machine)
    softether.wait_ready = lambda seconds=0.0: None  # type: ignore[method-assign]
    machine.delete(softether.place.program)
    text = "\n".join(line for line in DOCUMENTS["host"].splitlines() if not line.startswith("agent "))
    with pytest.raises(AgentError, match="did not apply"):
        HostConcern(State(machine, "host"), softether, DOCUMENTS["server"]).converge(text + "\n")
    return machine


def test_a_fresh_server_is_locked_before_its_package_comes(tmp_path: Path) -> None:
    seen: dict[str, object] = {}

    class Watching(FakeMachine):
        def run(self, command: object, seconds: float = 60, environment: object = None) -> Outcome:
            words = list(command)  # type: ignore[call-overload]
            if words[:2] == ["apt-get", "install"]:
                config = self.path("/var/lib/softether/vpn_server.config")
                seen.update(adminip=self.read("/var/lib/softether/adminip.txt"), config=config.read_text())
                seen.update(mode=config.stat().st_mode & 0o777, masked="mask --runtime" in "".join(self.ran))
            return super().run(words, seconds)

    machine = Watching(tmp_path, {"systemctl show": "LoadState=not-found\n"})
    softether = FakeSoftEther(machine)
    machine.delete(softether.place.program)
    concern = HostConcern(State(machine, "host"), softether, DOCUMENTS["server"])
    concern.packages.mend()
    packages = [line for line in parse(DOCUMENTS["host"]) if line.kind == "package"]
    concern.handlers["package"].apply(compare(packages, []))
    assert seen["adminip"] == "127.0.0.1\n::1\n"
    assert "HashedPassword" in str(seen["config"])
    assert str(SECRETS["administrator"]) not in str(seen["config"])
    assert (seen["mode"], seen["masked"]) == (0o600, True)


def test_firewalld_does_not_start_before_ssh_is_sure(tmp_path: Path) -> None:
    ran = installing(tmp_path).ran
    install = next(i for i, line in enumerate(ran) if line.startswith("apt-get install") and " -s " not in line)
    assert (
        ran.index("systemctl mask --runtime softether-vpnserver firewalld") < install
        if ("systemctl mask --runtime softether-vpnserver firewalld" in ran)
        else ran.index("systemctl mask --runtime firewalld softether-vpnserver") < install
    )
    assert ran.index("systemctl disable firewalld") > install
    assert not any(line.startswith("systemctl start firewalld") for line in ran)


def test_the_agent_of_another_stack_is_named_before_anything_is_touched(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.write("/usr/local/lib/labvpn/agent", "older")
    concern = HostConcern(State(machine, "host"), FakeSoftEther(machine), DOCUMENTS["server"])
    with pytest.raises(AgentError, match="differs from this stack's"):
        concern.converge(DOCUMENTS["host"])
    assert machine.commands("apt-get") == []
