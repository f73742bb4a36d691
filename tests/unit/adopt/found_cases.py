"""Servers of others: what each has that is unusual, and what must be reported about it."""

from __future__ import annotations

import copy
from typing import Any

from tests.unit.adopt.labs import NETWORK, NONE, Tree, config, hub, policy, secret, user

LONG_AGO, NEW_CENTURY, FAR = 1577836800000, 4_102_380_000_000, 9_999_999_999_999_999


def nat(**dhcp: Any) -> Tree:
    """SecureNAT with other values, of DHCP's or of its router's block."""
    tree = copy.deepcopy(NETWORK)
    for key, value in dhcp.items():
        block = {"Virtua": "VirtualHost", "NatEna": "VirtualRouter", "Disabl": ""}.get(key[:6], "VirtualDhcpServer")
        (tree[block] if block else tree)[key] = value
    return tree


def lab(**more: Any) -> Tree:
    return config({"LAB": hub(**more)})


def listeners(**states: bool) -> Tree:
    return {
        "ListenerList": {
            port: {"Enabled": enabled, "Port": int(port.removeprefix("L"))} for port, enabled in states.items()
        }
    }


RADIUS = {
    "RadiusServerName": "198.51.100.9",
    "RadiusServerPort": 1812,
    "RadiusRetryInterval": 1000,
    "RadiusSecret": secret("canary"),
}
STAFF = {"RealName": "", "Note": "", "Policy": policy(AutoDisconnect=900, MaxDownload=8_000_000, NoBridge=True)}
BRIDGE = {"LocalBridgeList": {"LocalBridge0": {"DeviceName": "eth1", "HubName": "LAB"}}}
CASCADE = {"CascadeList": {"Cascade0": {"Online": True, "ClientOption": {"Hostname": "vpn.example", "HubName": "HQ"}}}}
SWITCH = {"VirtualLayer3SwitchList": {"CORE": {"InterfaceList": {"Interface0": {"HubName": "lab"}}}}}

LABS: dict[str, tuple[Tree, tuple[str, ...]]] = {
    "plain": (config(), ()),
    "fresh defaults of 5": (config(server={"PortsUDP": "443, 992, 1194, 5555", "UseKeepConnect": True}), ()),
    "of 4": (
        config(server={"PortsUDP": None, "Proto": None, "OpenVPN_UdpPortList": "1194", "DisableSSTPServer": False}),
        (),
    ),
    "a hub of blanks and dots": (
        config(
            {"My Lab v1.2": hub()}, IPsec={"L2TP_IPsec": True, "L2TP_DefaultHub": "My Lab v1.2", "IPsec_Secret": "x"}
        ),
        ("pre-shared key stays as it is",),
    ),
    "default key": (
        config(IPsec={"L2TP_IPsec": True, "L2TP_DefaultHub": "LAB", "IPsec_Secret": "vpn"}),
        ("everyone knows",),
    ),
    "no key": (config(IPsec={"L2TP_IPsec": True, "L2TP_DefaultHub": "LAB", "IPsec_Secret": ""}), ("pre-shared key",)),
    "L2TP's hub is gone": (
        config(IPsec={"L2TP_IPsec": True, "L2TP_DefaultHub": "GONE", "IPsec_Secret": "of-the-lab-by-hand"}),
        ("'GONE', which is not there",),
    ),
    "L2TP has no hub": (
        config(IPsec={"L2TP_IPsec": True, "L2TP_DefaultHub": "", "IPsec_Secret": "long-enough"}),
        ("no hub",),
    ),
    "raw L2TP and EtherIP": (
        config(IPsec={"L2TP_IPsec": True, "L2TP_Raw": True, "EtherIP_IPsec": True, "L2TP_DefaultHub": "lab"}),
        ("L2TP without IPsec is on", "EtherIP is on"),
    ),
    "nothing of IPsec": (config(IPsec={}), ()),
    "listeners that are off": (
        config(**listeners(L443=True, L992=False, L8888=False)),
        ("listener 992 is switched off",),
    ),
    "listeners of no port": (
        config(**listeners(L443=True, L0=True, L70000=True, L65536=False)),
        tuple(f"SoftEther's list of listeners has {port}, which is not a TCP port" for port in (0, 70000, 65536)),
    ),
    "SecureNAT is off": (lab(SecureNAT=nat(Disabled=True)), ("SecureNAT of LAB is switched off and stays so",)),
    "no SecureNAT block": (lab(SecureNAT={}), ("SecureNAT of LAB",)),
    "DHCP is off": (lab(SecureNAT=nat(DhcpEnabled=False)), ("DHCP is off",)),
    "NAT is off": (lab(SecureNAT=nat(NatEnabled=False)), ("NAT is off",)),
    "two name servers": (lab(SecureNAT=nat(DhcpDnsServerAddress2="8.8.8.8")), ("no DNS server, or two",)),
    "no name server": (lab(SecureNAT=nat(DhcpDnsServerAddress=NONE)), ("no DNS server, or two",)),
    "another gateway": (lab(SecureNAT=nat(DhcpGatewayAddress="192.168.30.254")), ("another router than itself",)),
    "a gateway and routes": (
        lab(SecureNAT=nat(DhcpPushRoutes="10.0.0.0/255.0.0.0/192.168.30.1")),
        ("a router although it pushes routes",),
    ),
    "routes by others": (
        lab(SecureNAT=nat(DhcpPushRoutes="10.0.0.0/255.0.0.0/192.168.30.9, 10.1.2.3/255.255.0.0/192.168.30.1")),
        ("routes by other routers",),
    ),
    "a short lease": (lab(SecureNAT=nat(DhcpExpireTimeSpan=5)), ("leases are unusual",)),
    "a lease for ever": (lab(SecureNAT=nat(DhcpExpireTimeSpan=4294967295)), ()),
    "a tiny network": (
        lab(
            SecureNAT=nat(
                VirtualHostIp="10.7.7.1",
                VirtualHostIpSubnetMask="255.255.255.248",
                DhcpSubnetMask="255.255.255.248",
                DhcpLeaseIPStart="10.7.7.2",
                DhcpLeaseIPEnd="10.7.7.6",
                DhcpDnsServerAddress="10.7.7.1",
                DhcpGatewayAddress="10.7.7.1",
            )
        ),
        (),
    ),
    "a range around the router": (
        lab(SecureNAT=nat(DhcpLeaseIPStart="192.168.30.1")),
        ("range of addresses is unusual",),
    ),
    "a range elsewhere": (lab(SecureNAT=nat(DhcpLeaseIPStart="10.0.0.5", DhcpLeaseIPEnd="10.0.0.9")), ("unusual",)),
    "another mask": (lab(SecureNAT=nat(DhcpSubnetMask="255.255.0.0")), ("another mask",)),
    "a mask that is none": (lab(SecureNAT=nat(VirtualHostIpSubnetMask="255.0.255.0")), ("SecureNAT of LAB",)),
    "an address that is none": (lab(SecureNAT=nat(VirtualHostIp="no address")), ("SecureNAT of LAB",)),
    "a mixture of ways out": (lab(Option={"DisableUserModeSecureNAT": True}), ()),
    "inherits": (
        lab(
            users={"a": user("a", GroupName="staff"), "b": user("b", GroupName="staff", Policy=policy())},
            groups={"staff": STAFF},
        ),
        (),
    ),
    "a group without a policy": (
        lab(users={"a": user("a", GroupName="all of us")}, groups={"all of us": {"RealName": "Ü", "Note": 'say "hi"'}}),
        (),
    ),
    "a policy partly set": (lab(users={"a": user("a", Policy={"Access": False, "MaxUpload": 5})}), ()),
    "a policy out of range": (
        lab(users={"a": user("a", Policy=policy(TimeOut=3600)), "b": user("b")}),
        ("user a of LAB is left unchanged: TimeOut",),
    ),
    "a group out of range": (
        lab(
            users={"a": user("a", GroupName="g")},
            groups={"g": {"RealName": "", "Note": "", "Policy": policy(VLanId=9999)}},
        ),
        ("The group g of LAB is left as it is", "the group g is left"),
    ),
    "a group called as a user": (lab(users={"ops": user("ops", GroupName="ops")}, groups={"ops": STAFF}), ()),
    "every character": (
        lab(
            users={
                "John Smith (MSc) #1 & 50%_a-b.c@d": user("John Smith (MSc) #1 & 50%_a-b.c@d", Note="a\\b\"c'd$e%f=g"),
                "a b": user("a b", RealName="東京 研究室", Note="one\r\ntwo\tthree"),
                "A_B": user("A_B", Note="\u2028x\x85y", RealName=" "),
            }
        ),
        (),
    ),
    "names of a file": (
        lab(users={"研究": user("研究"), "x/../y": user("x/../y"), "jun": user()}),
        ("研究 of LAB is left unchanged", "x/../y of LAB is left"),
    ),
    "accounts that are over": (
        lab(users={"a": user("a", ExpireTime=LONG_AGO), "b": user("b", ExpireTime=FAR)}),
        ("a in LAB has expired",),
    ),
    "an end that a call cannot store": (
        lab(users={"a": user("a", ExpireTime=1), "b": user("b", ExpireTime=NEW_CENTURY)}),
        (
            "a of LAB is left unchanged: expires: '1970-01-01T09:00:00Z' is before 1971-01-11",
            "b of LAB is left unchanged: expires: '2099-12-31T15:00:00Z' is later than SoftEther can store",
        ),
    ),
    "no password": (
        lab(users={"a": user("a", AuthPassword=None), "b": user("b", AuthType=0), "c": user("c")}),
        ("b of LAB is left unchanged: the login is anonymous",),
    ),
    "a Windows domain": (lab(users={"a": user("a", AuthType=5), "c": user("c")}), ("a of LAB is left unchanged",)),
    "RADIUS": (
        lab(users={"r": user("r", AuthType=4, AuthRadiusUsername="R. Name"), "*": user("*", AuthType=4)}, **RADIUS),
        (),
    ),
    "several RADIUS servers": (
        lab(users={"r": user("r", AuthType=4)}, **{**RADIUS, "RadiusServerName": "10.0.0.1; radius2"}),
        (),
    ),
    "RADIUS without a secret": (
        lab(users={"r": user("r", AuthType=4)}, **{**RADIUS, "RadiusSecret": ""}),
        ("radius of LAB",),
    ),
    "a secret that is no text": (
        lab(users={"r": user("r", AuthType=4)}, **{**RADIUS, "RadiusSecret": "/////w=="}),
        ("radius of LAB",),
    ),
    "RADIUS of old": (
        lab(users={"r": user("r", AuthType=4)}, RadiusServerName="old", RadiusServerPort=0, RadiusSecret=secret("x")),
        ("radius of LAB",),
    ),
    "RADIUS for a user, and none asked": (
        lab(users={"r": user("r", AuthType=4), "c": user("c")}),
        ("has no RADIUS server",),
    ),
    "a certificate that is none": (
        lab(users={"c": user("c", AuthType=2, AuthUserCert="!!"), "d": user("d")}),
        ("c of LAB is left",),
    ),
    "a CA that is none": (
        lab(users={"s": user("s", AuthType=3, AuthCommonName="S")}, database={"CertList": {"Cert0": {"X509": "????"}}}),
        ("A trusted CA of LAB stays",),
    ),
    "logs of a number unknown": (
        lab(LogSetting={"SecurityLogSwitchType": 9, "PACKET_LOG_TCP": 7}),
        ("log of LAB stays",),
    ),
    "no logs": (lab(LogSetting={}), ()),
    "rules that say more": (
        lab(AccessList={"1": {"Note": "", "Protocol": 132, "SimulatedDelay": 3}, "2": {"Note": "b"}}),
        ("stay as they are",),
    ),
    "several hubs": (
        config(
            {
                "LAB": hub(),
                "OFF": hub({"o": user("o")}, Online=False, SecureNAT=nat(Disabled=True)),
                "TWIN": hub({"t": user("t"), "jun": user()}),
                "EMPTY": hub({}),
            }
        ),
        (
            "SecureNAT of TWIN stays as it is (hubs.TWIN.kept), since hubs LAB and TWIN share addresses",
            "jun of TWIN is left",
            "EMPTY has no user",
        ),
    ),
    "bridges": (
        config({"LAB": hub(SecureNAT=nat(Disabled=True), **CASCADE)}, **BRIDGE, **SWITCH),
        ("a local bridge to eth1", "a cascade to the hub HQ of vpn.example", "the layer-3 switch CORE"),
    ),
    "a cluster": (config(server={"ServerType": 1}), ("controls a cluster",)),
    "odd TLS": (config(server={"Tls_Disable1_0": False, "Tls_Disable1_1": True, "Tls_Disable1_2": True}), ()),
    "an open server": (
        config(server={"HashedPassword": "+WzqGYrR3VYXrAhKPZLGEHcIwO8="}),
        ("no administrator password",),
    ),
}
