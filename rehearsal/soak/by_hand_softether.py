"""Manual changes of the SoftEther server's own settings and of its host, one per line."""

from __future__ import annotations

from rehearsal.soak.by_hand_hub import BY_HAND, HUB, NO, USERS, call
from rehearsal.soak.changes import Change, Make
from rehearsal.soak.manual_changes import ManualChanges

ORDERS = "/var/lib/labvpn/reaper.json"
CONFIG = "/var/lib/softether/vpn_server.config"


def file(pattern: str, value: str, where: str = "", name: str = "") -> Make:
    """A setting without an API call, in the file of the stopped server; `name` if the pattern is not a plain name."""
    return lambda manual: manual.stopped(f"sed -i '{where}s/ {pattern} [a-z]*/ {name or pattern} {value}/' {CONFIG}")


def shell(text: str) -> Make:
    """Run lines of shell on the host."""
    return lambda manual: manual.shell(text)


def hub_deleted(manual: ManualChanges) -> None:
    """Delete our hub and flush the change to disk."""
    manual.call("DeleteHub", HubName_str="LAB")
    manual.call("Flush")


ADMINIP = "adminip.txt (who may administer SoftEther)"
IPSEC = ("SetIPsecServices", "GetIPsecServices")
SYSLOG = ("SetSysLog", "GetSysLog")
CIPHER = "ECDHE-RSA-AES128-GCM-SHA256"
OPENVPN = ("SetOpenVpnSstpConfig", "GetOpenVpnSstpConfig")

FURNISHED = {
    "tls": {"cipher": "ECDHE-RSA-AES256-GCM-SHA384"},
    "syslog": {"host": "198.51.100.10"},
}
"""What the lab declares of the server in addition to the example."""

SERVER = (
    Change(
        "listener 8443",
        "listener 8443 was added on the server",
        call("CreateListener", Port_u32=8443, Enable_bool=True),
    ),
    Change(
        "listener 7777",
        "listener 7777 was added on the server",
        call("CreateListener", Port_u32=7777, Enable_bool=False),
    ),
    Change("listener 992", "listener 992 is gone from the server", call("DeleteListener", Port_u32=992)),
    Change(
        "listener 992",
        f"listener 992: enabled is {NO} on the server, yes here",
        call("EnableListener", Port_u32=992, Enable_bool=False),
    ),
    Change(
        "listener 443",
        f"listener 443: enabled is {NO} on the server, yes here",
        call("EnableListener", Port_u32=443, Enable_bool=False),
    ),
    Change("udp", "udp: ports is 1194,1195 on the server, 1194 here", call("SetPortsUDP", Ports_u32=[1194, 1195])),
    Change("udp", "udp: ports is none on the server, 1194 here", call("SetPortsUDP", Ports_u32=[])),
    Change(
        "protocol openvpn",
        f"protocol openvpn: enabled is {NO} on the server, yes here",
        call(*OPENVPN, EnableOpenVPN_bool=False),
    ),
    Change(
        "protocol sstp", "protocol sstp: enabled is yes on the server, no here", call(*OPENVPN, EnableSSTP_bool=True)
    ),
    Change("ipsec/l2tp", f"ipsec: l2tp is {NO} on the server, yes here", call(*IPSEC, L2TP_IPsec_bool=False)),
    Change("ipsec/raw", "ipsec: raw is yes on the server, no here", call(*IPSEC, L2TP_Raw_bool=True)),
    Change("ipsec/etherip", "ipsec: etherip is yes on the server, no here", call(*IPSEC, EtherIP_IPsec_bool=True)),
    Change("ipsec/key", "ipsec: the key on the server differs", call(*IPSEC, IPsec_Secret_str=BY_HAND)),
    Change(
        "keep-alive",
        "keep-alive: enabled is yes on the server, no here",
        call("SetKeep", "GetKeep", UseKeepConnect_bool=True),
    ),
    Change("ddns", "dynamic-dns: enabled is yes", file("Disabled", "false", "/declare DDnsClient/,/}/")),
    Change("nat-traversal", "nat-traversal: enabled is yes", file("DisableNatTraversal", "false")),
    Change("aggressive-mode", "aggressive-mode: enabled is yes", file("DisableIPsecAggressiveMode", "false")),
    # The older one alone would leave a hole between the versions, and then OpenSSL speaks none of the newer ones.
    Change("tls", "tls: minimum is 1.0 on the server, 1.2 here", file("\\(Tls_Disable1_[01]\\)", "false", name="\\1")),
    Change("tls", "tls: minimum is 1.1 on the server, 1.2 here", file("Tls_Disable1_1", "false")),
    Change("cipher", f"cipher: name is {CIPHER} on the server", call("SetServerCipher", String_str=CIPHER)),
    Change("certificate", "certificate: sha256 is ", call("RegenerateServerCert", StrValue_str="somebody.example")),
    Change("syslog/send", "syslog: send is packet on the server, security here", call(*SYSLOG, SaveType_u32=3)),
    Change("syslog/host", "syslog: host is 198.51.100.9 on the server", call(*SYSLOG, Hostname_str="198.51.100.9")),
    Change("syslog/port", "syslog: port is 5140 on the server, 514 here", call(*SYSLOG, Port_u32=5140)),
)

HOST = (
    Change("adminip", f"{ADMINIP} is gone from the server", shell("rm /var/lib/softether/adminip.txt")),
    Change(
        "adminip",
        f"{ADMINIP}: from is 127.0.0.1,::1,198.51.100.10 on",
        shell("echo 198.51.100.10 >>/var/lib/softether/adminip.txt"),
    ),
    Change(
        "address",
        "address 192.168.31.1: interface is none on the server, lo here",
        shell("ip address delete 192.168.31.1/32 dev lo"),
    ),
    Change(
        "address",
        "address 192.168.31.1: interface is lo(now) on the server, lo here",
        shell("rm /etc/systemd/system/labvpn-address-192.168.31.1.service"),
    ),
    Change(
        "package",
        "package softether-vpncmd is gone from the server",
        shell("dpkg --remove --force-depends softether-vpncmd"),
    ),
    Change(
        "unit/enabled",
        f"unit softether-vpnserver: enabled is {NO} on the server, yes here",
        shell("systemctl disable -q softether-vpnserver"),
    ),
    Change("agent", "labvpn's agent: digest is ", shell("echo '# by hand' >>/usr/local/lib/labvpn/agent")),
    Change(
        "agent/reaper",
        f"reaper: active is {NO} on the server, yes here",
        shell("systemctl stop labvpn-reaper"),
    ),
    Change(
        "agent/reaper",
        "reaper: active is changed on the server, yes here",
        shell("echo '# by hand' >>/etc/systemd/system/labvpn-reaper.service"),
    ),
    Change(
        "agent/reaper",
        "reaper: hold is 5 on the server, 60 here",
        shell(f'sed -i \'s/"hold": "60"/"hold": "5"/\' {ORDERS}'),
    ),
    Change("agent/reaper", "reaper is gone from the server", shell("rm /etc/systemd/system/labvpn-reaper.service")),
    Change("agent", "labvpn's agent is gone from the server", shell("rm /usr/local/lib/labvpn/agent")),
)

SOFTETHER = (*USERS, *HUB, *SERVER, *HOST)

WHOLE = (
    Change("", "hub LAB is gone from the server", hub_deleted),
    Change(
        "",
        f"unit softether-vpnserver: active is {NO} on the server, yes here",
        shell("systemctl stop softether-vpnserver"),
    ),
    Change(
        "",
        "SoftEther's administrator: the password on the server differs",
        call("SetServerPassword", PlainTextPassword_str=BY_HAND),
    ),
    Change("", f"unit firewalld: active is {NO} on the server, yes here", shell("systemctl stop firewalld")),
)
"""Changes that would hide others, so each is made alone."""
