"""Which installation a host's document means: the three ways, from one to another, and what a host cannot have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.packages import Packages
from labvpn.agent.core.paths import BROUGHT
from labvpn.agent.core.state import State
from labvpn.agent.core.units import Units
from labvpn.agent.softether.host import HostConcern
from labvpn.agent.softether.installations import INSTALLATIONS, PACKAGED, UNPACKED, installation
from tests.unit.agent.fakes import DOCUMENTS, FakeMachine, FakeSoftEther

ARCHIVE = "archive vpnserver sha256=" + "0" * 64 + " from=https://vpn.example/a.tar.gz unit=current\n"
PRESENT = "softether installation=present\nunit softether enabled=yes active=yes\n"
PACKAGE = "package softether-vpnserver installed=yes\n"
RUNS = "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\n"


class Hosts:
    """A host with the server in `places`, and its concern."""

    def __init__(self, root: Path, *places: str, **answers: str | Outcome) -> None:
        known = {name.replace("_", " "): answer for name, answer in answers.items()}
        self.machine = FakeMachine(root, {"systemctl show": RUNS, **known})
        self.softether = FakeSoftEther(self.machine)
        self.machine.delete(PACKAGED.program)
        for place in places:
            self.machine.write(place, "")
            self.machine.write(
                next(one.config for one in INSTALLATIONS if one.program == place), "declare root\n{\n}\n"
            )
        self.state = State(self.machine, "host")
        self.softether.wait_ready = lambda seconds=0.0: None  # type: ignore[method-assign]

    @property
    def concern(self) -> HostConcern:
        return HostConcern(self.state, self.softether, DOCUMENTS["server"])

    def refused(self, text: str) -> list[str]:
        return [what for what, _ in self.concern.refusals(parse(text))]

    def unit(self, name: str, text: str = "") -> None:
        self.machine.write(f"/lib/systemd/system/{name}.service", text)


@pytest.mark.parametrize(
    ("program", "unit"),
    [
        ("/usr/libexec/softether/vpnserver/vpnserver", "softether-vpnserver"),
        ("/usr/local/vpnserver/vpnserver", "vpnserver"),
        ("/opt/vpnserver/vpnserver", "vpnserver"),
    ],
)
def test_what_is_present_is_found_with_whatever_starts_it(tmp_path: Path, program: str, unit: str) -> None:
    host = Hosts(tmp_path, program)
    host.unit(unit)
    assert (installation(host.machine).program, installation(host.machine).unit) == (program, unit)
    assert host.concern.converge(PRESENT) == []
    assert host.machine.commands("systemctl show")[0].endswith(f"{unit}.service")
    assert host.refused(PRESENT) == []


def test_of_two_installations_the_one_that_something_starts_is_meant(tmp_path: Path) -> None:
    host = Hosts(tmp_path, UNPACKED.program, PACKAGED.program)
    host.unit("softether-vpnserver", f"ExecStart={PACKAGED.program} start\n")
    assert installation(host.machine) == PACKAGED
    host.unit("vpnserver", f"ExecStart={UNPACKED.program} start\n")
    assert installation(host.machine) == UNPACKED


def test_present_says_what_it_looked_for_where_there_is_nothing(tmp_path: Path) -> None:
    assert "server.install: present expects (/usr/local/vpnserver/vpnserver, " in Hosts(tmp_path).refused(PRESENT)[0]
    assert Hosts(tmp_path, "/opt/vpnserver/vpnserver").refused(PRESENT) == [
        "has SoftEther in /opt/vpnserver but no systemd unit that starts it"
    ]


def test_present_removes_nothing_of_the_installation(tmp_path: Path) -> None:
    host = Hosts(tmp_path, PACKAGED.program, systemctl_show=RUNS.replace("=active", "=inactive"))
    host.unit("softether-vpnserver")
    with pytest.raises(AgentError, match="did not apply every change"):
        host.concern.converge(PRESENT)
    host.machine.answers["systemctl show"] = RUNS
    host.machine.ran.clear()
    host.concern.remove()
    assert host.machine.path(PACKAGED.program).exists()
    assert host.machine.commands("purge") == []
    assert "systemctl stop softether-vpnserver" in host.machine.ran, "it did not run before us"


def test_what_we_installed_stays_once_it_is_declared_present(tmp_path: Path) -> None:
    host = Hosts(tmp_path, PACKAGED.program, dpkg_query="softether-vpnserver installed\n")
    host.unit("softether-vpnserver")
    host.state.remember({"package softether-vpnserver": None, "unit softether-vpnserver": None})
    host.state.record(PACKAGE + "unit softether-vpnserver enabled=yes active=yes\n")
    host.machine.write(BROUGHT, '{"packages": ["softether-common", "netbase"], "folders": ["/var/lib/softether"]}')
    host.concern.converge(PRESENT)
    host.concern.remove()
    assert not [line for line in host.machine.commands("purge") if "softether" in line]
    assert [line for line in host.machine.ran if " stop " in line or " disable " in line] == []


@pytest.mark.parametrize(
    ("program", "wanted"), [(UNPACKED.program, PACKAGE), (UNPACKED.program, ARCHIVE), (PACKAGED.program, ARCHIVE)]
)
def test_a_second_server_beside_somebodys_is_refused_before_anything_is_touched(
    tmp_path: Path, program: str, wanted: str
) -> None:
    host = Hosts(tmp_path, program)
    assert host.refused(wanted) == [f"has SoftEther in {program} that this stack did not install"]
    host.machine.ran.clear()
    with pytest.raises(AgentError, match=r"set server\.install to `present`"):
        host.concern.converge(wanted)
    assert all("--version" in line or line.startswith("dpkg-query -W") for line in host.machine.ran)


def test_from_the_package_to_an_archive_users_and_settings_come_along(tmp_path: Path) -> None:
    host = Hosts(tmp_path, PACKAGED.program)
    host.machine.write(PACKAGED.config, "users")
    host.machine.write(PACKAGED.adminip, "127.0.0.1\n203.0.113.9\n")
    host.state.remember({"package softether-vpnserver": None})
    assert host.refused(ARCHIVE) == []
    assert host.concern.checks.place(parse(ARCHIVE)) == PACKAGED, "a preview sees the server that runs"
    host.concern.tarball.first.secure(UNPACKED)
    assert host.machine.read(UNPACKED.config) == "users"
    assert host.machine.read(UNPACKED.adminip) == "127.0.0.1\n203.0.113.9\n"
    assert host.machine.commands("stop") == ["systemctl stop softether-vpnserver"]


def test_from_an_archive_to_the_package_users_and_settings_come_along(tmp_path: Path) -> None:
    host = Hosts(tmp_path, UNPACKED.program)
    host.machine.write(UNPACKED.config, "users")
    host.state.remember({"archive vpnserver": None})
    assert host.refused(PACKAGE) == []
    host.concern.tarball.first.secure(PACKAGED)
    assert host.machine.read(PACKAGED.config) == "users"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Outcome(127), "has no systemd"),
        ("systemd 215\n+PAM", "has systemd 215, and this stack's units need at least 219"),
    ],
)
def test_a_missing_systemd_is_named(tmp_path: Path, answer: str | Outcome, said: str) -> None:
    host = Hosts(tmp_path)
    host.machine.answers["systemctl --version"] = answer
    (refusal,) = host.concern.refusals(parse(ARCHIVE))
    assert refusal[0].startswith(said)
    assert "yum install systemd" in refusal[1] or "CentOS 7" in refusal[1]


def test_systemd_219_suffices(tmp_path: Path) -> None:
    host = Hosts(tmp_path)
    host.machine.answers["systemctl --version"] = "systemd 219\n+PAM +AUDIT"
    assert host.refused(ARCHIVE) == []


class Red(FakeMachine):
    """A host with RPM's packages."""

    def run(self, command: Sequence[str], seconds: float = 60, environment: dict[str, str] | None = None) -> Outcome:
        super().run(command, seconds, environment)
        if command[0] in ("dpkg-query", "apt-get", "dpkg"):
            return Outcome(127)
        return Outcome(0 if command[0] != "rpm" or command[-1] in ("setup", "firewalld") else 1)


def test_where_packages_are_rpms_they_are_found_and_what_is_missing_is_named(tmp_path: Path) -> None:
    machine = Red(tmp_path)
    assert Packages(machine).installed(["netbase", "firewalld", "softether-vpnserver"]) == {"netbase", "firewalld"}
    host = Hosts(tmp_path)
    host.softether.machine = machine
    want = "package netbase installed=yes\npackage firewalld installed=yes\n"
    assert HostConcern(host.state, host.softether).refusals(parse(want + ARCHIVE)) == []
    assert HostConcern(host.state, host.softether).refusals(parse(PACKAGE)) == [
        ["has no apt-get, and SoftEther's package is Debian's", "set server.install to `tarball` or `present`"]
    ]
    assert HostConcern(host.state, host.softether).refusals(parse("package tcpdump installed=yes\n")) == [
        ["lacks tcpdump", "`yum install tcpdump`"]
    ]


def test_an_init_script_counts_as_enabled_where_systemd_says_so_if_asked(tmp_path: Path) -> None:
    actual = "LoadState=loaded\nUnitFileState=bad\nActiveState=active\n"
    machine = FakeMachine(tmp_path, {"systemctl show": actual})
    line = parse("unit vpnserver enabled=yes active=yes\n")[0]
    assert Units(machine).read(line) == {"enabled": "yes", "active": "yes"}
    machine.answers["systemctl is-enabled"] = Outcome(1)
    assert Units(machine).read(line) == {"enabled": "no", "active": "yes"}
