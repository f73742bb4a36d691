"""Rocky, Alma and Ubuntu as VPN hosts: what differs from Debian.

The answers of `tests/cases/hosts` were written after the manuals: none of these systems has been run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine, Outcome
from labvpn.agent.core.packages import Packages
from labvpn.agent.core.paths import AGENT
from labvpn.agent.core.selinux import SWITCH
from labvpn.agent.core.state import State
from labvpn.agent.softether.host import HostConcern
from labvpn.agent.softether.installations import PACKAGED, UNPACKED
from labvpn.agent.softether.libraries import libraries_remedy
from tests.unit.agent.fakes import CASES, DOCUMENTS, FakeMachine, FakeSoftEther
from tests.unit.agent.test_archive import WHOLE, Site

RED, RPM = ("rocky-9", "alma-9"), pytest.mark.parametrize("system", ["rocky-9", "alma-9"])
NEEDED = "package netbase installed=yes\npackage firewalld installed=yes\n"
PACKAGE = "package softether-vpnserver installed=yes\npackage softether-vpncmd installed=yes\n"


class Other(FakeMachine):
    """A host that answers as a case says; the programs that its system does not have are not there."""

    def __init__(self, root: Path, system: str) -> None:
        super().__init__(root)
        case = json.loads((CASES / "hosts" / f"{system}.json").read_text())
        self.missing: list[str] = case["missing"]
        self.known: dict[str, list[object]] = case["answers"]
        for name, text in case["files"].items():
            self.write(name, text)

    def run(self, command: Sequence[str], seconds: float = 60, environment: dict[str, str] | None = None) -> Outcome:
        line = " ".join(command)
        self.ran.append(line)
        if command[0] in self.missing:
            return Outcome(127, "", f"{command[0]}: command not found")
        found = max((start for start in self.known if line.startswith(start)), key=len, default=None)
        status, output = self.known[found] if found else (0, "")
        return Outcome(int(str(status)), str(output))


def concern(machine: Machine) -> HostConcern:
    softether = FakeSoftEther(machine)
    machine.delete(PACKAGED.program)
    return HostConcern(State(machine, "host"), softether, DOCUMENTS["server"])


def changing(machine: FakeMachine) -> list[str]:
    """The commands that would change the packages of the host."""
    words = ("install", "remove", "purge", "update", "configure")
    managers = ("apt-get", "dpkg", "dnf", "yum", "rpm")
    return [line for line in machine.ran if line.split()[0] in managers and any(word in line for word in words)]


@RPM
def test_packages_are_looked_for_by_rpm_under_its_own_names(tmp_path: Path, system: str) -> None:
    machine = Other(tmp_path, system)
    assert Packages(machine).installed(["netbase", "firewalld", "bind9-dnsutils"]) == {"netbase", "firewalld"}
    assert {"rpm -q setup", "rpm -q firewalld", "rpm -q bind-utils"} <= set(machine.ran)
    assert concern(machine).refusals(parse(NEEDED)) == []


@RPM
def test_debians_package_of_softether_is_refused_with_the_other_ways(tmp_path: Path, system: str) -> None:
    machine = Other(tmp_path, system)
    assert concern(machine).refusals(parse(NEEDED + PACKAGE)) == [
        ["has no apt-get, and SoftEther's package is Debian's", "set server.install to `tarball` or `present`"]
    ]
    with pytest.raises(AgentError, match="yum install setup"):
        Packages(machine).install(["netbase"])
    assert changing(machine) == []


@RPM
def test_a_host_that_goes_loses_none_of_its_packages(tmp_path: Path, system: str) -> None:
    machine = Other(tmp_path, system)
    concern(machine).converge(NEEDED)
    concern(machine).remove()
    assert changing(machine) == []


@RPM
def test_where_selinux_is_on_systemd_may_execute_the_agent(tmp_path: Path, system: str) -> None:
    machine = Other(tmp_path, system)
    concern(machine).converge(NEEDED)
    assert machine.commands("chcon") == [f"chcon -R -t bin_t {AGENT.rpartition('/')[0]}"]


def test_where_selinux_is_on_systemd_may_execute_a_server_that_was_unpacked_elsewhere(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.machine.write(SWITCH, "1")
    digest = site.pack(WHOLE)
    site.unpacked.place(site.unpacked.archive.prepare("file:///srv/vpnserver.tar.gz", digest))
    assert site.machine.commands("chcon") == [f"chcon -R -t bin_t {UNPACKED.folder}"]


def test_without_selinux_nothing_is_labelled(tmp_path: Path) -> None:
    machine = Other(tmp_path, "ubuntu-24.04")
    concern(machine).converge(NEEDED)
    assert machine.commands("chcon") == []


def test_ubuntus_package_is_taken_and_without_its_universe_refused(tmp_path: Path) -> None:
    machine = Other(tmp_path, "ubuntu-24.04")
    assert concern(machine).refusals(parse(NEEDED + PACKAGE)) == []
    machine.known["apt-cache policy"] = [0, ""]
    ((what, remedy),) = concern(machine).refusals(parse(NEEDED + PACKAGE))
    assert what == "is Ubuntu 24.04.1 LTS and apt has no package softether-vpnserver for it"
    assert "install: tarball" in remedy


def test_an_installation_on_ubuntu_restarts_no_service_of_others(tmp_path: Path) -> None:
    environments: list[dict[str, str]] = []

    class Asked(Other):
        def run(
            self, command: Sequence[str], seconds: float = 60, environment: dict[str, str] | None = None
        ) -> Outcome:
            environments.extend([environment or {}] if command[0] == "apt-get" else [])
            return super().run(command, seconds, environment)

    Packages(Asked(tmp_path, "ubuntu-24.04")).install(["netbase"])
    assert environments
    assert all(one["NEEDRESTART_SUSPEND"] == "1" for one in environments)


def test_programs_are_found_below_sbin_whatever_the_login_has_in_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    folders = Machine().run(["/bin/sh", "-c", "echo $PATH"]).output.strip().split(":")
    assert {"/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin"} <= set(folders)


@pytest.mark.parametrize(
    ("library", "rpm"), [("libncurses.so.6", "ncurses-libs"), ("libssl.so.3", "openssl-libs"), ("libz.so.1", "zlib")]
)
def test_a_library_that_a_program_lacks_is_named_by_the_package_of_either_system(library: str, rpm: str) -> None:
    assert f"`yum install {rpm}` (CentOS, Rocky, Alma)" in libraries_remedy([library])
