"""Which packages a host can have: upstream's at Debian's path, and systems on which apt has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.core.document import parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.softether.installations import PACKAGED, UPSTREAMS, Installation, installation
from tests.unit.agent.test_installation import PACKAGE, PRESENT, RUNS, Hosts

UPSTREAM_UNIT = f"ExecStart={PACKAGED.program} execsvc\nReadWriteDirectories=-/usr/libexec/softether/vpnserver\n"


@pytest.mark.parametrize(
    ("config", "unit", "place"),
    [
        (PACKAGED.config, UPSTREAM_UNIT, PACKAGED),
        (UPSTREAMS.config, "", UPSTREAMS),
        (None, UPSTREAM_UNIT, UPSTREAMS),
        (None, f"ExecStart={PACKAGED.program} start\n", PACKAGED),
    ],
)
def test_debians_and_upstreams_package_at_one_path_are_told_apart(
    tmp_path: Path, config: str | None, unit: str, place: Installation
) -> None:
    host = Hosts(tmp_path, PACKAGED.program)
    host.machine.delete(PACKAGED.config)
    host.unit("softether-vpnserver", unit)
    if config:
        host.machine.write(config, "")
    assert installation(host.machine) == place


def test_a_present_server_without_a_configuration_is_never_started(tmp_path: Path) -> None:
    host = Hosts(tmp_path, PACKAGED.program, systemctl_show=RUNS.replace("=active", "=inactive"))
    host.unit("softether-vpnserver")
    host.machine.delete(PACKAGED.config)
    (what,) = host.refused(PRESENT)
    assert f"without its configuration {PACKAGED.config}" in what
    with pytest.raises(AgentError, match="a new server that anyone may administer"):
        host.concern.converge(PRESENT)
    assert host.machine.commands("systemctl start") == []


def test_upstreams_package_is_not_taken_for_the_one_that_install_package_would_bring(tmp_path: Path) -> None:
    host = Hosts(tmp_path, PACKAGED.program)
    host.machine.delete(PACKAGED.config)
    host.machine.write(UPSTREAMS.config, "")
    assert host.refused(PACKAGE) == ["has SoftEther of upstream's package in /usr/libexec/softether/vpnserver"]
    host.unit("softether-vpnserver", UPSTREAM_UNIT)
    assert host.refused(PRESENT) == []


NO_PACKAGE = "netbase:\n  Installed: 6.4\n  Candidate: 6.5\n"
CANDIDATE = "softether-vpnserver:\n  Installed: (none)\n  Candidate: 5.01.9674+git20200806+8181039+dfsg2-2+b1\n"
OURS = "".join(f"package {name} installed=yes\n" for name in ("netbase", "softether-vpncmd", "softether-vpnserver"))


def with_lists(host: Hosts, policy: str) -> Hosts:
    """A host whose apt has read its sources."""
    host.machine.write("/var/lib/apt/lists/deb.example.org_dists_trixie_main_binary-amd64_Packages.lz4", "")
    host.machine.write("/etc/os-release", 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n')
    host.machine.answers["apt-cache policy"] = policy
    return host


def test_a_system_without_the_package_is_refused_with_the_lines_to_write_instead(tmp_path: Path) -> None:
    host = with_lists(Hosts(tmp_path), NO_PACKAGE)
    ((what, remedy),) = host.concern.refusals(parse(OURS))
    assert what == "is Debian GNU/Linux 13 (trixie) and apt has no package softether-vpnserver for it"
    assert remedy.startswith("write `install: tarball` and `tarball: {address: https://")
    assert "4.44-9807" in remedy
    with pytest.raises(AgentError, match="has no package softether-vpnserver"):
        host.concern.converge(OURS)
    assert host.machine.commands("apt-get") == []


def test_a_candidate_none_is_no_candidate(tmp_path: Path) -> None:
    host = with_lists(Hosts(tmp_path), CANDIDATE.replace("5.01.9674+git20200806+8181039+dfsg2-2+b1", "(none)"))
    assert [what for what, _ in host.concern.refusals(parse(OURS))] == [
        "is Debian GNU/Linux 13 (trixie) and apt has no package softether-vpnserver for it",
        "has no package netbase in apt's lists",
    ]


def test_a_host_whose_apt_has_no_lists_yet_is_not_refused(tmp_path: Path) -> None:
    assert Hosts(tmp_path).concern.refusals(parse(OURS)) == []


def test_a_package_that_is_installed_needs_no_candidate(tmp_path: Path) -> None:
    installed = "".join(f"{name} installed\n" for name in ("netbase", "softether-vpncmd", "softether-vpnserver"))
    host = with_lists(Hosts(tmp_path, PACKAGED.program), "")
    host.machine.answers["dpkg-query -W"] = installed
    host.state.remember({"package softether-vpnserver": None})
    assert host.concern.refusals(parse(OURS)) == []


def test_a_snapshot_says_which_release_the_package_would_be_until_one_is_installed(tmp_path: Path) -> None:
    host = with_lists(Hosts(tmp_path), CANDIDATE)
    assert host.concern.software() == {"candidate": "5.01.9674+git20200806+8181039+dfsg2-2+b1"}
    assert Hosts(tmp_path, PACKAGED.program).concern.software() == {}
