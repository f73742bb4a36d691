"""The ways in which SoftEther comes onto the host, on real servers: it is present, or it comes from an archive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from labvpn.render.documents import documents
from rehearsal import network
from rehearsal.dial import Login, dialled
from tests.rehearsal.agent_host import AGENT, SECRETS, SOURCE, AgentHost
from tests.unit.samples import lab

BY_HAND = "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q softether-vpnserver netbase"
FIRST, SECOND = "/srv/first.tar.gz", "/srv/second.tar.gz"
NEWER = """
set -e
cd /srv && dpkg-deb -R packages/softether-vpnserver_*.deb newer
sed -i 's/^Version: .*/&.newer/' newer/DEBIAN/control
dpkg-deb -Znone -b newer newer.deb && dpkg -i newer.deb
rm -rf newer newer.deb
"""
# Debian's program has its folders built in; what an archive brings keeps everything beside the program.
FOLDERS = "for folder in /var/lib /var/log /run; do {} $folder/softether; done"
PACK = f"""
set -e
mkdir -p /srv/pack/vpnserver && cd /srv/pack
cp -L /usr/libexec/softether/vpnserver/* vpnserver/
tar -czf {FIRST} vpnserver
echo newer >vpnserver/ReadMe.txt
tar -czf {SECOND} vpnserver
rm -r /srv/pack
apt-get purge -y -q softether-vpnserver softether-common
{FOLDERS.format("rm -rf")}
{FOLDERS.format("ln -s /usr/local/vpnserver")}
"""
HUB = {"HubName_str": "MINE", "AdminPasswordPlainText_str": "x", "Online_bool": True, "HubType_u32": 0}
BOB = {"HubName_str": "LAB", "Name_str": "bob", "AuthType_u32": 1, "Auth_Password_str": "of-his-own"}


class Ways(AgentHost):
    """A host on which SoftEther is to be had in one of the ways."""

    server: dict[str, Any] = {"install": "present"}  # noqa: RUF012  (each test says what it is now)

    def documents(self) -> dict[str, str]:
        one = lab(server={"address": network.SERVER, **self.server}, firewall=None, fortigate=None, dns=None)
        return {str(name): text for name, text in documents(one, SOURCE).items()}

    def bring(self) -> list[str]:
        """Converge everything but the firewall, and say what that changed."""
        return [line for concern in ("host", "server", "hub") for line in self.converge(concern)]

    def take_away(self) -> None:
        for concern in ("hub", "server", "host"):
            self.remove(concern)

    def from_archive(self, path: str) -> None:
        digest = self.output("server", "sha256sum", path).split()[0]
        self.server = {"install": "tarball", "tarball": {"address": f"file://{path}", "sha256": digest}}

    def shell(self, script: str) -> str:
        return self.output("server", "sh", "-c", script)

    def logs_in(self, user: str, password: str) -> bool:
        """Whether a real OpenVPN client gets an address."""
        with dialled("campus", Login(network.SERVER, user, password)) as dial:
            return dial.address is not None


@pytest.fixture(scope="module")
def bare() -> Iterator[Ways]:
    """A host on which somebody has installed the package, with a password, their own hub and port."""
    host = Ways("installation")
    host.stop()
    host.start()
    host.shell(BY_HAND)
    host.install()
    password = {"PlainTextPassword_str": SECRETS["administrator"]}
    host.rpc(("SetServerPassword", password), password="none yet")
    host.rpc(("CreateHub", HUB), ("SetServerCipher", {"String_str": "ECDHE-RSA-AES256-GCM-SHA384"}))
    yield host
    host.stop()


@pytest.fixture(autouse=True)
def _here(bare: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABVPN_REHEARSAL", bare.name)


@pytest.fixture(scope="module")
def present(bare: Ways) -> Ways:
    """The host, managed as it was found."""
    said = bare.bring()
    assert not [line for line in said if "package" in line or "softether" in line]
    return bare


def test_settings_of_a_present_server_are_managed_and_its_own_stay(present: Ways) -> None:
    assert present.drift() == {}
    present.rpc(("GetHub", {"HubName_str": "MINE"}))
    assert "ECDHE-RSA-AES256-GCM-SHA384" in present.shell("cat /var/lib/softether/vpn_server.config")


def test_a_newer_package_keeps_users_and_settings(present: Ways) -> None:
    assert "newer" in present.shell(NEWER + "dpkg-query -W softether-vpnserver")
    assert present.logs_in("guest1", SECRETS["users"]["LAB/guest1"])


def test_what_was_present_stays_when_we_go(present: Ways) -> None:
    present.take_away()
    assert present.shell("dpkg-query -W -f '${db:Status-Status}' softether-vpnserver") == "installed"
    assert present.shell("systemctl is-enabled softether-vpnserver; systemctl is-active softether-vpnserver") == (
        "enabled\nactive"
    )
    present.rpc(("GetHub", {"HubName_str": "MINE"}))
    assert "declare LAB" not in present.shell("cat /var/lib/softether/vpn_server.config")


@pytest.fixture(scope="module")
def clean(bare: Ways) -> list[str]:
    """What a host without SoftEther has, after two archives were made of its programs."""
    bare.shell(PACK)
    bare.shell(f"rm -rf /var/lib/labvpn {AGENT.rpartition('/')[0]} && systemctl daemon-reload")
    return bare.listing()


@pytest.fixture(scope="module")
def unpacked(bare: Ways, clean: list[str]) -> Ways:
    """The host with a server from the first archive, and a user whom somebody has made there by hand."""
    assert clean
    bare.install()
    bare.from_archive(FIRST)
    assert bare.bring()[:3] == ["+ archive vpnserver", "+ administration", "+ unit vpnserver"]
    bare.rpc(("CreateUser", BOB))
    return bare


def test_a_server_from_an_archive_runs_under_our_unit_and_lets_users_in(unpacked: Ways) -> None:
    assert (
        unpacked.shell("systemctl show -p ExecMainPID --value vpnserver") in unpacked.shell("pidof vpnserver").split()
    )
    assert unpacked.logs_in("guest1", SECRETS["users"]["LAB/guest1"])
    assert unpacked.drift() == {}
    assert unpacked.converge("host") == ["nothing to change"]


def test_our_unit_changed_by_hand_is_seen_and_put_right(unpacked: Ways) -> None:
    unpacked.shell("echo '# by hand' >>/etc/systemd/system/vpnserver.service")
    assert [line.rpartition(" ")[2] for line in sorted(unpacked.drift()["host"])] == ["unit=current", "unit=differs"]
    assert unpacked.converge("host") == ["~ archive vpnserver: unit set again"]


def test_an_archive_with_another_checksum_is_not_installed(unpacked: Ways) -> None:
    was, before = unpacked.server, unpacked.listing()
    unpacked.server = {**was, "tarball": {"address": f"file://{SECOND}", "sha256": "0" * 64}}
    done = unpacked.ssh(f"{AGENT} converge host", unpacked.request("host"))
    assert (done.returncode, "so nothing was installed" in done.stderr) == (1, True)
    unpacked.server = was
    assert unpacked.drift() == {}
    # The server opens and closes UDP ports of its own; what the run was about is kept for the next preview.
    changed = [line for line in {*unpacked.listing()} ^ {*before} if not line.startswith("udp ")]
    assert changed == ["/var/lib/labvpn/host.begun"]


def test_another_archive_keeps_every_user_though_its_placing_is_cut_off(unpacked: Ways) -> None:
    unpacked.from_archive(SECOND)
    for seconds in ("0.25", "0.5"):
        unpacked.ssh(f"timeout -s KILL {seconds} {AGENT} converge host", unpacked.request("host"))
    unpacked.converge("host")
    assert unpacked.shell("cat /usr/local/vpnserver/ReadMe.txt") == "newer"
    assert unpacked.drift() == {}
    assert unpacked.logs_in("bob", str(BOB["Auth_Password_str"]))


@pytest.mark.parametrize("program", ["#!/bin/sh\\nexit 0", "#!/bin/sh\\nsleep 1; exit 1"])
def test_a_new_server_that_does_not_prove_itself_goes_and_the_old_one_runs_on(unpacked: Ways, program: str) -> None:
    was = unpacked.server
    unpacked.shell(f"cd /srv && printf '{program}' >vpnserver && chmod 755 vpnserver && tar -czf bad.tar.gz vpnserver")
    unpacked.from_archive("/srv/bad.tar.gz")
    done = unpacked.ssh(f"{AGENT} converge host", unpacked.request("host"))
    assert done.returncode == 1
    assert "the new SoftEther did not prove itself" in done.stderr
    assert "the old program and configuration are back" in done.stderr
    unpacked.server = was
    assert unpacked.drift() == {}
    unpacked.shell("rm /srv/vpnserver /srv/bad.tar.gz")
    assert unpacked.shell("ls -d /usr/local/vpnserver* /usr/local/vpnserver/.labvpn").split() == [
        "/usr/local/vpnserver",
        "/usr/local/vpnserver/.labvpn",
    ]
    assert unpacked.logs_in("bob", str(BOB["Auth_Password_str"]))


def test_a_second_server_beside_one_that_is_not_ours_is_refused_in_the_preview(unpacked: Ways) -> None:
    unpacked.shell("mv /var/lib/labvpn/host.before.json /var/lib/labvpn/aside")
    ((what, _),) = unpacked.observe()["host"]["refusals"]
    unpacked.shell("mv /var/lib/labvpn/aside /var/lib/labvpn/host.before.json")
    assert what == "has SoftEther in /usr/local/vpnserver/vpnserver that this stack did not install"


def test_what_came_from_an_archive_goes_with_us_and_leaves_nothing(unpacked: Ways, clean: list[str]) -> None:
    unpacked.take_away()
    unpacked.shell(f"rm -rf /var/lib/labvpn {AGENT.rpartition('/')[0]}")
    assert unpacked.listing() == clean
    assert unpacked.shell("systemctl is-system-running") == "running"
