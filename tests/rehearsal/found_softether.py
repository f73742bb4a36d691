"""A VPN host of other people: a SoftEther configured in every unusual way, and a JupyterHub on one of its ports."""

from __future__ import annotations

from typing import Any

from labvpn.agent.softether.hashes import password_hash, user_hash
from tests.rehearsal.hand_made import INSTALL
from tests.rehearsal.own_lab import OwnLab
from tests.unit.adopt.labs import NETWORK, Tree, config, hub, policy, secret, text_of, user

PASSWORDS = {"jun": "of jun, by hand", "John Smith #1": "of john, by hand", "inheritor": "of the inheritor"}
SHORT_KEY = "lab12"
JUPYTER = """
cat > /etc/systemd/system/jupyterhub.service <<'END'
[Service]
ExecStart=/usr/bin/python3 -m http.server 8000
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload && systemctl enable -q --now jupyterhub
until ss -Hlnt 'sport = :8000' | grep -q .; do sleep 0.2; done
"""
BRIDGED = "ip link add lan1 type veth peer name lan2 && ip link set lan1 up"
PLACE = """
systemctl stop softether-vpnserver
cat > /var/lib/softether/vpn_server.config && chmod 600 /var/lib/softether/vpn_server.config
systemctl start softether-vpnserver
until ss -Hlnt 'sport = :5555' | grep -q .; do sleep 0.2; done
sleep 2
"""
PORTS = ("443/tcp", "5555/tcp", "1194/udp", "500/udp", "4500/udp")
OPENED = f"firewall-cmd -q --permanent --zone=public {chr(32).join(f'--add-port={port}' for port in PORTS)}"

STORED = """
cd /var/lib/softether
find . ! -path './backup*' ! -name '*.log' | sort
cat adminip.txt
grep -vE 'ConfigRevision|(Created|Updated|Last[A-Za-z]*)Time|Bytes|Count |NumLogin' vpn_server.config
"""
"""SoftEther's folder, and its whole configuration without its counters."""


def known(name: str, **more: Any) -> Tree:
    return user(name, AuthPassword=user_hash(PASSWORDS[name], name), **more)


def users() -> Tree:
    return {
        "jun": known("jun", Note='one\r\ntwo "three" back\\slash 100%', RealName="研究 一郎", Policy=policy()),
        "John Smith #1": known("John Smith #1", GroupName="all of us", Policy=policy(AutoDisconnect=600)),
        "inheritor": known("inheritor", GroupName="all of us"),
        "past": user("past", ExpireTime=1577836800000, Policy=policy(MultiLogins=1, VLanId=7)),
        "open": user("open", AuthPassword=user_hash("", "open")),
        "nobody": user("nobody", AuthType=0, AuthPassword=None),
        "radius user": user("radius user", AuthType=4, AuthRadiusUsername="R. User", AuthPassword=None),
    }


GROUPS: Tree = {
    "all of us": {
        "RealName": "Everyone (ゼミ)",
        "Note": "a=b",
        "Policy": policy(AutoDisconnect=900, MaxDownload=8_000_000),
    },
    "bare": {"RealName": "", "Note": ""},
}
OFF: Tree = {**NETWORK, "Disabled": True}
RULES: Tree = {
    "1": {"Active": True, "Note": "no smtp", "Priority": 10, "Protocol": 6, "Discard": True, "DestPortStart": 25},
    "2": {"Active": False, "Note": "", "Priority": 1000, "Protocol": 132, "DelayMillis": 30},
}
RADIUS: Tree = {
    "RadiusServerName": "198.51.100.9; 198.51.100.10",
    "RadiusServerPort": 1645,
    "RadiusRetryInterval": 3000,
    "RadiusSecret": secret("of the radius, by hand"),
}
ETHERIP = {"Router": {"HubName": "LAB", "UserName": "jun", "EncryptedPassword": secret("x")}}


def server(lab: OwnLab) -> Tree:
    """The whole configuration."""
    listeners = {443: True, 992: False, 5555: True, 8000: True}
    return config(
        {
            "LAB": hub(users(), GROUPS, SecureNAT=OFF, AccessList=RULES, Message={"MessageText": "hello"}, **RADIUS),
            "My Hub v1.2": hub({"twin": user("twin")}, SecureNAT=NETWORK),
            "ASLEEP": hub({"sleeper": user("sleeper")}, Online=False),
            "EMPTY": hub({}),
        },
        server={
            "HashedPassword": password_hash(lab.typed["administratorPassword"]),
            "UsernameHubSeparator": "@",
            "UseKeepConnect": False,
            "KeepConnectProtocol": 1,
            "Tls_Disable1_0": True,
            "Tls_Disable1_1": True,
        },
        DDnsClient={"Disabled": True},
        IPsec={
            "IPsec_Secret": SHORT_KEY,
            "L2TP_DefaultHub": "LAB",
            "L2TP_IPsec": True,
            "EtherIP_IPsec": True,
            "EtherIP_IDSettingsList": ETHERIP,
        },
        ListenerList={f"Listener{n}": {"Enabled": listeners[n], "Port": n} for n in listeners},
        LocalBridgeList={"LocalBridge0": {"DeviceName": "lan1", "HubName": "LAB"}},
        VirtualLayer3SwitchList={"CORE": {"Active": False, "InterfaceList": {}, "RoutingTable": {}}},
    )


def make(lab: OwnLab) -> None:
    """The host as it was found."""
    lab.typed["administratorPassword"] = "chosen-by-a-person"
    for script in (INSTALL, JUPYTER, BRIDGED, f"{OPENED}; firewall-cmd -q --reload"):
        lab.output("server", "sh", "-ec", script)
    lab.output("server", "sh", "-ec", PLACE, input=text_of(server(lab)))


def stored(lab: OwnLab) -> list[str]:
    """What is not ours on the VPN host: SoftEther's files, firewalld's zones, the JupyterHub and the network cards."""
    lab.by_hand.call("Flush")
    firewalld = "firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones"
    around = (
        "systemctl is-active jupyterhub softether-vpnserver; systemctl is-enabled jupyterhub; ip -o link | cut -d@ -f1"
    )
    return [
        line for script in (STORED, firewalld, around) for line in lab.output("server", "sh", "-c", script).splitlines()
    ]
