"""Manual changes in the hubs: users, SecureNAT, groups, logs and access lists, one per line."""

from __future__ import annotations

from typing import Any

from rehearsal.soak.changes import Change, Make

NO_HASH = {"HashedKey_bin": None, "NtLmSecureHash_bin": None}
"""Removed from the current fields, so that a new password takes effect."""

NO = "no"
"""The value of a setting that is off, as a preview prints it."""

BY_HAND = "set-by-hand"
"""A secret that someone set by hand."""

HUBS = {"owner": "OWNER"}
"""Users that are not in hub LAB."""

ROUTE = "10.9.0.0/255.255.0.0/192.168.30.1"


def call(method: str, onto: str = "", **params: Any) -> Make:
    """A call of the server."""
    return lambda manual: manual.call(method, onto, **params)


def user(name: str, **fields: Any) -> Make:
    """Set some fields of a user and keep the others."""
    return call("SetUser", "GetUser", HubName_str=HUBS.get(name, "LAB"), Name_str=name, **fields)


def of_user(name: str, part: str, words: str, **fields: Any) -> Change:
    """A change of one part of a user."""
    return Change(f"user {name}/{part}", f"user {name}: {words}", user(name, **fields))


def nat(**fields: Any) -> Make:
    """Set some fields of SecureNAT and its DHCP."""
    return call("SetSecureNATOption", "GetSecureNATOption", RpcHubname_str="LAB", **fields)


def of_nat(part: str, words: str, **fields: Any) -> Change:
    """A change of one part of SecureNAT."""
    return Change(f"nat/{part}", f"SecureNAT of hub LAB: {words}", nat(**fields))


def log(**fields: Any) -> Make:
    """Set some fields of the hub's logs."""
    return call("SetHubLog", "GetHubLog", HubName_str="LAB", **fields)


def group(**fields: Any) -> Make:
    """Set some fields of the guests' group."""
    return call("SetGroup", "GetGroup", HubName_str="LAB", Name_str="guests", **fields)


def without_rule(memo: str) -> Make:
    """Delete a rule of the access list."""
    return lambda manual: manual.without_rule("LAB", memo)


def radius(**fields: Any) -> Make:
    """Set some fields of the hub's RADIUS server."""
    return call(*RADIUS, HubName_str="LAB", **fields)


def switch(name: str, value: int) -> Make:
    """Set an extended option of the hub."""
    option = {"Name_str": name, "Value_u32": value}
    return call("SetHubExtOptions", HubName_str="LAB", AdminOptionList=[option])


RADIUS = ("SetHubRadius", "GetHubRadius")

FURNISHED = {
    "options": {"NoIPv4PacketLog": 1},
    "radius": {"server": "198.51.100.10"},
}
"""What the lab declares of hub LAB in addition to the example."""

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
        "the password on the server differs",
        **NO_HASH,
        AuthType_u32=1,
        Auth_Password_str=BY_HAND,
    ),
    of_user("guest1", "password", "the password on the server differs", **NO_HASH, AuthType_u32=0),
    of_user(
        "guest2", "password", "the password on the server differs", **NO_HASH, AuthType_u32=1, Auth_Password_str=""
    ),
    Change(
        "user guest1", "user guest1 is gone from the server", call("DeleteUser", HubName_str="LAB", Name_str="guest1")
    ),
    Change(
        "user guest2", "user guest2 is gone from the server", call("DeleteUser", HubName_str="LAB", Name_str="guest2")
    ),
    Change("user owner", "user owner: AutoDisconnect is 0 on", user("owner", UsePolicy_bool=False)),
    of_user("guest1", "serve", f"NoServer is {NO} on the server, yes here", **{"policy:NoServer_bool": False}),
    of_user("guest2", "up", "MaxUpload is 0 on the server, 50000000 here", **{"policy:MaxUpload_u32": 0}),
    of_user("guest1", "watch", "MonitorPort is yes on the server, unset here", **{"policy:MonitorPort_bool": True}),
    of_user(
        "guest1", "apart", f"PrivacyFilter is {NO} on the server, yes here", **{"policy:PrivacyFilter_bool": False}
    ),
    of_user("guest2", "apart", "MaxMac is 0 on the server, 1 here", **{"policy:MaxMac_u32": 0}),
    of_user("guest1", "group", "group is none on the server, guests here", GroupName_str=""),
)

HUB = (
    Change(
        "hub/online",
        f"hub LAB: online is {NO} on the server, yes here",
        call("SetHubOnline", HubName_str="LAB", Online_bool=False),
    ),
    Change(
        "hub/password",
        "hub LAB: the password on the server differs",
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
    of_nat("lease", "lease is 600 on the server, 1800 here", DhcpExpireTimeSpan_u32=600),
    of_nat("gateway", "gateway is 192.168.30.1 on the server, none here", DhcpGatewayAddress_ip="192.168.30.1"),
    of_nat("dns", "dns is 9.9.9.9 on the server, 192.168.30.1 here", DhcpDnsServerAddress_ip="9.9.9.9"),
    of_nat("dns", "dns is 192.168.30.1,8.8.8.8 on", DhcpDnsServerAddress2_ip="8.8.8.8"),
    of_nat("domain", "domain is evil.example on", DhcpDomainName_str="evil.example"),
    of_nat("routes", f"routes is {ROUTE} on the server", ApplyDhcpPushRoutes_bool=True, DhcpPushRoutes_str=ROUTE),
    of_nat("dhcp", f"dhcp is {NO} on the server, yes here", UseDhcp_bool=False),
    of_nat("nat", f"nat is {NO} on the server, yes here", UseNat_bool=False),
    Change("log/packet", "log of hub LAB: packet is yes on the server, no here", log(SavePacketLog_bool=True)),
    Change(
        "log/security", f"log of hub LAB: security is {NO} on the server, yes here", log(SaveSecurityLog_bool=False)
    ),
    Change("log/switch", "log of hub LAB: security-switch is hour on", log(SecurityLogSwitchType_u32=3)),
    Change("log/packets", "log of hub LAB: packets is ", log(PacketLogConfig_u32=[2] * 16)),
    Change("option", "hub option NoIPv4PacketLog: value is 0 on the server, 1 here", switch("NoIPv4PacketLog", 0)),
    Change(
        "radius/server", "RADIUS of hub LAB: server is 198.51.100.9 on", radius(RadiusServerName_str="198.51.100.9")
    ),
    Change("radius/port", "RADIUS of hub LAB: port is 1645 on the server, 1812 here", radius(RadiusPort_u32=1645)),
    Change(
        "radius/secret",
        "RADIUS of hub LAB: the secret on the server differs",
        radius(RadiusSecret_str=BY_HAND),
    ),
    Change("group/note", "group guests: note is by hand on the server, empty here", group(Note_utf="by hand")),
    Change("group/up", "group guests: MaxUpload is 1 on the server", group(**{"policy:MaxUpload_u32": 1})),
    Change(
        "access/jupyterhub",
        "access rule labvpn:service:jupyterhub is gone from the server",
        without_rule("labvpn:service:jupyterhub"),
    ),
    Change(
        "access/administrator",
        "access rule labvpn:administrator is gone from the server",
        without_rule("labvpn:administrator"),
    ),
    Change("access/rest", "access rule labvpn:rest is gone from the server", without_rule("labvpn:rest")),
    Change(
        "owner's hub/online",
        f"hub OWNER: online is {NO} on the server, yes here",
        call("SetHubOnline", HubName_str="OWNER", Online_bool=False),
    ),
)
