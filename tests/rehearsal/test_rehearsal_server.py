"""The VPN host: a bare Debian with a real systemd, its own packages, and a plug that can be pulled."""

from __future__ import annotations

import time

import pytest
import yaml

from rehearsal import network
from tests.rehearsal.conftest import Rehearsal

OPTIONS = ("-o", "UserKnownHostsFile={}", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes")


def ssh(machines: Rehearsal, user: str, command: str, key: str | None = None) -> str:
    state = machines.state
    known = state / "known"
    known.write_text(f"{network.SERVER} {key or yaml.safe_load((state / 'values.yaml').read_text())['hostKey']}\n")
    options = [option.format(known) for option in OPTIONS]
    done = machines.run("admin", "ssh", *options, "-i", str(state / "ssh/admin"), f"{user}@{network.SERVER}", command)
    return (done.stdout if done.returncode == 0 else done.stderr).strip()


def test_the_host_is_bare_and_its_systemd_runs(machines: Rehearsal) -> None:
    assert machines.output("server", "systemctl", "is-system-running", "--wait") == "running"
    for program in ("vpnserver", "vpncmd", "firewall-cmd"):
        assert machines.run("server", "sh", "-c", f"command -v {program}").returncode != 0


@pytest.mark.parametrize("user", ["root", "labadmin"])
def test_the_key_of_the_values_opens_the_host_that_the_values_name(machines: Rehearsal, user: str) -> None:
    assert ssh(machines, user, "id -un; sudo -n id -un") == f"{user}\nroot"


def test_another_host_key_is_not_the_hosts(machines: Rehearsal) -> None:
    other = (machines.state / "ssh/admin.pub").read_text().strip()
    assert "Host key verification failed" in ssh(machines, "root", "true", other)


def test_systemd_sees_its_own_processes_alone(machines: Rehearsal) -> None:
    done = machines.run("server", "systemctl", "status", "--no-pager")
    assert "sshd" in done.stdout
    assert done.stderr == ""


def test_the_jupyterhub_was_there_before_us(machines: Rehearsal) -> None:
    assert machines.output("server", "systemctl", "is-active", "jupyterhub") == "active"
    assert machines.output("server", "systemctl", "is-enabled", "jupyterhub") == "enabled"


def test_the_host_has_no_source_of_packages_but_its_own(machines: Rehearsal) -> None:
    sources = machines.output("server", "sh", "-c", "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>&-; true")
    assert sources == "deb [trusted=yes] file:/srv/packages ./"


def test_kernel_settings_that_all_machines_share_cannot_be_changed_there(machines: Rehearsal) -> None:
    assert machines.run("server", "sh", "-c", "cd /proc/sys/kernel; cat panic > panic").returncode != 0
    assert machines.run("server", "sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward").returncode == 0


def test_packages_install_without_a_network_and_outlive_a_reboot(fresh: Rehearsal) -> None:
    fresh.start()
    install = "apt-get update -q && apt-get install -y -q netbase firewalld softether-vpnserver softether-vpncmd"
    fresh.output("server", "sh", "-c", f"DEBIAN_FRONTEND=noninteractive; {install}")
    units = ("firewalld", "softether-vpnserver", "jupyterhub", "ssh")
    assert fresh.output("server", "systemctl", "is-active", *units).split() == ["active"] * 4
    first = fresh.output("server", "cat", "/etc/machine-id")
    fresh.output("server", "sh", "-c", "touch /root/kept /run/gone; firewall-cmd -q --permanent --add-port=4711/tcp")
    fresh.output("server", "sh", "-c", "firewall-cmd -q --add-port=4712/tcp; nft add table ip of-the-past")
    assert fresh.command("reboot", "server").returncode == 0
    fresh.output("server", "systemctl", "is-system-running", "--wait")
    assert fresh.output("server", "systemctl", "is-active", *units).split() == ["active"] * 4
    assert fresh.output("server", "cat", "/etc/machine-id") == first
    assert fresh.output("server", "firewall-cmd", "--query-port=4711/tcp") == "yes"
    assert fresh.run("server", "firewall-cmd", "--query-port=4712/tcp").returncode == 1
    assert "of-the-past" not in fresh.output("server", "nft", "list", "tables")
    assert fresh.run("server", "test", "-e", "/root/kept").returncode == 0
    assert fresh.run("server", "test", "-e", "/run/gone").returncode == 1


def test_after_a_reboot_its_neighbours_find_the_host_at_once(fresh: Rehearsal) -> None:
    fresh.start()
    fresh.output("campus", "curl", "-s", f"http://{network.SERVER}:{network.PORTAL_PORT}/")
    before = fresh.output("server", "cat", "/sys/class/net/eth0/address")
    began = time.monotonic()
    assert fresh.command("reboot", "server").returncode == 0
    assert time.monotonic() - began < 15
    assert fresh.output("server", "cat", "/sys/class/net/eth0/address") == before


def test_only_a_vpn_host_has_a_plug(machines: Rehearsal) -> None:
    done = machines.command("reboot", "phone")
    assert done.returncode == 2
    assert "only server and server-2" in done.stderr
