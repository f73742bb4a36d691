"""Changes by hand on the SoftEther server and on its host, a line each."""

from __future__ import annotations

from typing import Any

from labvpn.rehearsal.soak.changes import Change, Make

NO_HASH = {"HashedKey_bin": None, "NtLmSecureHash_bin": None}
"""Left out of what was there, so that a password given beside it counts."""

BY_HAND = "set-by-hand"
"""A secret that somebody gave."""

CONFIG = "/var/lib/softether/vpn_server.config"


def call(method: str, onto: str = "", **params: Any) -> Make:
    """A call of the server."""
    return lambda hands: hands.call(method, onto, **params)


def user(name: str, **fields: Any) -> Make:
    """Some fields of a user set, the others left."""
    return call("SetUser", "GetUser", HubName_str="LAB", Name_str=name, **fields)


def of_user(name: str, part: str, words: str, **fields: Any) -> Change:
    """A change of one part of a user."""
    return Change(f"user {name}/{part}", f"user {name}: {words}", user(name, **fields))


def nat(**fields: Any) -> Make:
    """Some fields of SecureNAT and its DHCP."""
    return call("SetSecureNATOption", "GetSecureNATOption", RpcHubname_str="LAB", **fields)


def of_nat(part: str, words: str, **fields: Any) -> Change:
    """A change of one part of SecureNAT."""
    return Change(f"nat/{part}", f"SecureNAT of hub LAB: {words}", nat(**fields))


def switch(name: str, value: int) -> Make:
    """An extended option of the hub."""
    option = {"Name_str": name, "Value_u32": value}
    return call("SetHubExtOptions", HubName_str="LAB", AdminOptionList=[option])


def file(name: str, value: str, where: str = "") -> Make:
    """A setting that no call reaches, in the file of the stopped server."""
    return lambda hands: hands.stopped(f"sed -i '{where}s/ {name} [a-z]*/ {name} {value}/' {CONFIG}")


def shell(text: str) -> Make:
    """Lines of shell on the host."""
    return lambda hands: hands.shell(text)


ROUTE = "10.9.0.0/255.255.0.0/192.168.30.1"
ADMINIP = "adminip.txt (who may administer SoftEther)"
IPSEC = ("SetIPsecServices", "GetIPsecServices")
OPENVPN = ("SetOpenVpnSstpConfig", "GetOpenVpnSstpConfig")

USERS = (
    of_user("owner", "idle", "AutoDisconnect is 0 on the server, 1800 here", **{"policy:AutoDisconnect_u32": 0}),
    of_user("guest1", "idle", "AutoDisconnect is 60 on the server, 1800 here", **{"policy:AutoDisconnect_u32": 60}),
    of_user("owner", "logins", "MultiLogins is 1 on the server, 0 here", **{"policy:MultiLogins_u32": 1}),
    of_user("guest2", "logins", "MultiLogins is 9 on the server, 1 here", **{"policy:MultiLogins_u32": 9}),
    of_user("owner", "name", "realname is Somebody else on the server, The owner here", Realname_utf="Somebody else"),
    of_user("guest1", "name", "realname is empty on the server, First guest here", Realname_utf=""),
    of_user("owner", "note", "note is by hand on the server, may be", Note_utf="by hand"),
    of_user("guest2", "note", "note is by hand on the server, empty here", Note_utf="by hand"),
    of_user(
        "owner",
        "end",
        "expires is 2031-01-31T12:00:00Z on the server, never here",
        ExpireTime_dt="2031-01-31T12:00:00Z",
    ),
    of_user("guest1", "end", "expires is 2020-", ExpireTime_dt="2020-02-29T00:00:00Z"),
    of_user(
        "owner",
        "password",
        "the password on the server is another",
        **NO_HASH,
        AuthType_u32=1,
        Auth_Password_str=BY_HAND,
    ),
    of_user("guest1", "password", "the password on the server is another", **NO_HASH, AuthType_u32=0),
    of_user(
        "guest2", "password", "the password on the server is another", **NO_HASH, AuthType_u32=1, Auth_Password_str=""
    ),
    Change(
        "user guest1", "user guest1 is gone from the server", call("DeleteUser", HubName_str="LAB", Name_str="guest1")
    ),
    Change(
        "user guest2", "user guest2 is gone from the server", call("DeleteUser", HubName_str="LAB", Name_str="guest2")
    ),
    Change(
        "user guest2",
        "user guest2: AutoDisconnect is 0 on",
        user("guest2", UsePolicy_bool=False, **{"policy:MultiLogins_u32": 1}),
    ),
)

HUB = (
    Change(
        "hub/online",
        "hub LAB: online is no on the server, yes here",
        call("SetHubOnline", HubName_str="LAB", Online_bool=False),
    ),
    Change(
        "hub/password",
        "hub LAB: the password on the server is another",
        call("SetHub", "GetHub", HubName_str="LAB", AdminPasswordPlainText_str=BY_HAND),
    ),
    Change("nat/enabled", "SecureNAT of hub LAB: enabled is no", call("DisableSecureNAT", HubName_str="LAB")),
    Change(
        "nat/mode",
        "SecureNAT of hub LAB: mode is mixed on the server, user here",
        switch("DisableKernelModeSecureNAT", 0),
    ),
    Change(
        "nat/mode",
        "SecureNAT of hub LAB: mode is mixed on the server, user here",
        switch("DisableUserModeSecureNAT", 1),
    ),
    of_nat("address", "address is 192.168.30.2 on", Ip_ip="192.168.30.2"),
    of_nat("mask", "mask is 255.255.0.0", Mask_ip="255.255.0.0", DhcpSubnetMask_ip="255.255.0.0"),
    of_nat("mask", "mask is 255.255.255.0,255.255.0.0 on", DhcpSubnetMask_ip="255.255.0.0"),
    of_nat("first", "first is 192.168.30.50 on", DhcpLeaseIPStart_ip="192.168.30.50"),
    of_nat("last", "last is 192.168.30.99 on", DhcpLeaseIPEnd_ip="192.168.30.99"),
    of_nat("lease", "lease is 600 on the server, 7200 here", DhcpExpireTimeSpan_u32=600),
    of_nat("gateway", "gateway is none on the server, 192.168.30.1 here", DhcpGatewayAddress_ip="0.0.0.0"),  # noqa: S104
    of_nat("dns", "dns is 9.9.9.9 on the server, 192.168.30.1 here", DhcpDnsServerAddress_ip="9.9.9.9"),
    of_nat("dns", "dns is 192.168.30.1,8.8.8.8 on", DhcpDnsServerAddress2_ip="8.8.8.8"),
    of_nat("domain", "domain is evil.example on", DhcpDomainName_str="evil.example"),
    of_nat("routes", f"routes is {ROUTE} on the server, none", ApplyDhcpPushRoutes_bool=True, DhcpPushRoutes_str=ROUTE),
    of_nat("dhcp", "dhcp is no on the server, yes here", UseDhcp_bool=False),
    of_nat("nat", "nat is no on the server, yes here", UseNat_bool=False),
)

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
        "listener 992: enabled is no on the server, yes here",
        call("EnableListener", Port_u32=992, Enable_bool=False),
    ),
    Change(
        "listener 443",
        "listener 443: enabled is no on the server, yes here",
        call("EnableListener", Port_u32=443, Enable_bool=False),
    ),
    Change("udp", "udp: ports is 1194,1195 on the server, 1194 here", call("SetPortsUDP", Ports_u32=[1194, 1195])),
    Change("udp", "udp: ports is none on the server, 1194 here", call("SetPortsUDP", Ports_u32=[])),
    Change(
        "protocol openvpn",
        "protocol openvpn: enabled is no on the server, yes here",
        call(*OPENVPN, EnableOpenVPN_bool=False),
    ),
    Change(
        "protocol sstp", "protocol sstp: enabled is yes on the server, no here", call(*OPENVPN, EnableSSTP_bool=True)
    ),
    Change("ipsec/l2tp", "ipsec: l2tp is no on the server, yes here", call(*IPSEC, L2TP_IPsec_bool=False)),
    Change("ipsec/raw", "ipsec: raw is yes on the server, no here", call(*IPSEC, L2TP_Raw_bool=True)),
    Change("ipsec/etherip", "ipsec: etherip is yes on the server, no here", call(*IPSEC, EtherIP_IPsec_bool=True)),
    Change("ipsec/key", "ipsec: the key on the server is another", call(*IPSEC, IPsec_Secret_str=BY_HAND)),
    Change(
        "keep-alive",
        "keep-alive: enabled is yes on the server, no here",
        call("SetKeep", "GetKeep", UseKeepConnect_bool=True),
    ),
    Change("azure", "azure: enabled is yes", file("EnableVpnAzure", "true")),
    Change("ddns", "dynamic-dns: enabled is yes", file("Disabled", "false", "/declare DDnsClient/,/}/")),
    Change("nat-traversal", "nat-traversal: enabled is yes", file("DisableNatTraversal", "false")),
    Change("aggressive-mode", "aggressive-mode: enabled is yes", file("DisableIPsecAggressiveMode", "false")),
    Change("tls", "tls: minimum is 1.0 on the server, 1.2 here", file("Tls_Disable1_0", "false")),
    Change("tls", "tls: minimum is 1.1 on the server, 1.2 here", file("Tls_Disable1_1", "false")),
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
    Change("package", "package softether-vpncmd is gone from the server", shell("dpkg --remove softether-vpncmd")),
    Change(
        "unit/enabled",
        "unit softether-vpnserver: enabled is no on the server, yes here",
        shell("systemctl disable -q softether-vpnserver"),
    ),
    Change("agent", "labvpn's agent: digest is ", shell("echo '# by hand' >>/usr/local/lib/labvpn/agent")),
    Change("agent", "labvpn's agent is gone from the server", shell("rm /usr/local/lib/labvpn/agent")),
)

SOFTETHER = (*USERS, *HUB, *SERVER, *HOST)

WHOLE = (
    Change("", "hub LAB is gone from the server", call("DeleteHub", HubName_str="LAB")),
    Change(
        "",
        "unit softether-vpnserver: active is no on the server, yes here",
        shell("systemctl stop softether-vpnserver"),
    ),
    Change(
        "",
        "SoftEther's administrator: the password on the server is another",
        call("SetServerPassword", PlainTextPassword_str=BY_HAND),
    ),
    Change("", "unit firewalld: active is no on the server, yes here", shell("systemctl stop firewalld")),
)
"""What would hide other changes, so it is made alone."""
