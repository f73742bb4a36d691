"""A lab made by hand as the field report tells it: vpncmd, firewall-cmd, the FortiGate's panel, the zone; 50 users."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from rehearsal import network
from rehearsal.fortigate import control
from tests.rehearsal.own_lab import OwnLab
from tests.unit.boxes import policy

USERS = 50
PORTS = ("443/tcp", "992/tcp", "1194/tcp", "5555/tcp", "500/udp", "4500/udp", "1194/udp")
INSTALL = """
mkdir -p /var/lib/softether && printf '127.0.0.1\\n::1\\n' > /var/lib/softether/adminip.txt
export DEBIAN_FRONTEND=noninteractive
apt-get update -q && apt-get install -y -q netbase firewalld softether-vpnserver softether-vpncmd
systemctl enable --now softether-vpnserver firewalld
"""
ON_THE_BOX = [
    ("firewall/address", {"name": "lab-pc", "subnet": "203.0.113.20 255.255.255.255", "comment": "the analysis PC"}),
    ("firewall.service/custom", {"name": "SoftEther-lab", "tcp-portrange": "443 992 1194 5555"}),
    ("firewall.service/custom", {"name": "SoftEther-lab-udp", "udp-portrange": "500 1194 4500"}),
    policy("lab-vpn", "wan1", "dmz", "accept", dstaddr="lab-pc", service="SoftEther-lab SoftEther-lab-udp"),
]


SECRETS = ("administratorPassword", "userSecret")
STACK = (
    "mkdir -p -m 700 /srv/labvpn-state",
    "pulumi login 'file:///srv/labvpn-state?metadata=skip'",
    "pulumi stack init mylab",
    "labvpn hostkey HOST",
    "pulumi config set --secret sshKey < ~/.ssh/id_ed25519",
)
"""What somebody types before a lab is adopted, but for the secrets."""


@contextmanager
def found(name: str, folder: Path, build: Callable[[OwnLab], None], more: Sequence[str] = ()) -> Iterator[OwnLab]:
    """A lab that others built, and a new stack with its secrets, ready to adopt it."""
    lab = OwnLab(name, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABVPN_REHEARSAL", lab.name)
        lab.begin()
        build(lab)
        for command in (*STACK, *(f"pulumi config set --secret {key}" for key in SECRETS), *more):
            lab.shell(command)
        yield lab
    lab.stop()


def user(number: int) -> str:
    return f"member{number:02}"


def password(number: int) -> str:
    return f"by-hand-{number * 7919}"


def make(lab: OwnLab) -> None:
    """Do it all."""
    lab.typed["administratorPassword"] = "chosen-by-a-person"  # vpncmd takes none that begins with a dash
    lab.output("server", "sh", "-ec", INSTALL)
    _vpncmd(lab, f"ServerPasswordSet {lab.typed['administratorPassword']}", password="")
    _vpncmd(lab, *_hub(lab))
    opened = " ".join(f"--add-port={port}" for port in PORTS)
    lab.output("server", "sh", "-ec", f"firewall-cmd -q --permanent --zone=public {opened}; firewall-cmd -q --reload")
    control.add(lab.state / "fortigate", ON_THE_BOX)
    lab.manual.box("PUT", "firewall/policy/{lab-vpn}", None, "&action=move&before={deny-outside}")
    lab.manual.zone(f"add vpn.lab.example 300 A {network.SERVER}")


def _hub(lab: OwnLab) -> list[str]:
    """The hub, its 50 users, and a rule somebody tried out."""
    lines = ["HubCreate LAB /PASSWORD:of-the-hub", "HubDelete DEFAULT", "Hub LAB", "SecureNatEnable"]
    for number in range(1, USERS + 1):
        name = user(number)
        lines += [
            f"UserCreate {name} /GROUP:none /REALNAME:none /NOTE:none",
            f"UserPasswordSet {name} /PASSWORD:{password(number)}",
            f"UserPolicySet {name} /NAME:AutoDisconnect /VALUE:1800",
        ]
        if number > 1:  # the first is the owner, who is in from every device at once
            lines.append(f"UserPolicySet {name} /NAME:MultiLogins /VALUE:1")
    lines += [
        "AccessAdd discard /MEMO:tried /PRIORITY:10 /SRCUSERNAME:nobody /DESTUSERNAME: /SRCMAC: /DESTMAC: "
        "/SRCIP:0.0.0.0/0 /DESTIP:192.0.2.1/32 /PROTOCOL:ip /SRCPORT: /DESTPORT: /TCPSTATE:",
        f"IPsecEnable /L2TP:yes /L2TPRAW:no /ETHERIP:no /PSK:{lab.typed['presharedKey']} /DEFAULTHUB:LAB",
        "Flush",
    ]
    return lines


def _vpncmd(lab: OwnLab, *lines: str, password: str | None = None) -> None:
    known = lab.typed["administratorPassword"] if password is None else password
    script = "cat > /root/batch; vpncmd localhost:443 /SERVER ${0:+/PASSWORD:$0} /IN:/root/batch"
    until = time.monotonic() + 60
    while lab.run("server", "sh", "-c", "ss -Hlnt 'sport = :443' | grep -q .").returncode:
        assert time.monotonic() < until
        time.sleep(0.25)
    done = lab.run("server", "sh", "-c", script, known, input="\n".join(lines) + "\n")
    assert done.returncode == 0, done.stdout[-2000:]
