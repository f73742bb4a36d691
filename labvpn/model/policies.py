"""SoftEther's security policies by their documented names, each with its unit and range."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from labvpn.model.base import Value, shortened

BITS = {"bit/s": 1, "bps": 1, "kbit/s": 10**3, "kbps": 10**3, "Mbit/s": 10**6, "Mbps": 10**6, "Gbit/s": 10**9}
"""What a bandwidth may be written in; SoftEther's own unit is the first."""

SECONDS = {"s": 1, "min": 60, "h": 3600}

LONGEST = 4_294_967_295
MOST = 65_535


def measured(units: Mapping[str, int]) -> BeforeValidator:
    """A number with one of these units behind it becomes a whole number of the first one."""

    def convert(given: object) -> object:
        if not isinstance(given, str) or given.strip().isdigit():
            return given
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(\S+)", given.strip())
        if found is None or found[2] not in units:
            raise ValueError(
                f"'{shortened(given)}' is not a value with a known unit; write a number and one of {', '.join(units)}"
            )
        # No more digits than a sentence can show; every limit is far below.
        return round(min(Decimal(found[1]), Decimal(10**18)) * units[found[2]])

    return BeforeValidator(convert)


Switch = bool | None
Count = Annotated[int, Field(ge=0, le=MOST)] | None
Bandwidth = Annotated[Annotated[int, Field(ge=0, le=LONGEST)] | None, measured(BITS)]
Duration = Annotated[Annotated[int, Field(ge=0, le=LONGEST)] | None, measured(SECONDS)]


def _named(name: str, what: str) -> Switch:
    switch: Switch = Field(default=None, alias=name, description=what)
    return switch


class Policies(Value):
    """Security policies; what is not set (None) is the group's, then the lab's default, then SoftEther's own."""

    access: Switch = _named("Access", "may connect")
    dhcp_filter: Switch = _named("DHCPFilter", "no DHCP packets (IPv4)")
    dhcp_no_server: Switch = _named("DHCPNoServer", "may not be a DHCP server (IPv4)")
    dhcp_force: Switch = _named("DHCPForce", "only addresses that DHCP gave (IPv4)")
    no_bridge: Switch = _named("NoBridge", "may not bridge")
    no_routing: Switch = _named("NoRouting", "may not route (IPv4)")
    check_mac: Switch = _named("CheckMac", "no MAC address that another session uses")
    check_ip: Switch = _named("CheckIP", "no IPv4 address that another session uses")
    arp_dhcp_only: Switch = _named("ArpDhcpOnly", "no broadcasts but ARP, DHCP and ICMPv6")
    privacy_filter: Switch = _named("PrivacyFilter", "no packets between sessions that have this policy")
    no_server: Switch = _named("NoServer", "may not accept TCP connections (IPv4)")
    no_broadcast_limiter: Switch = _named("NoBroadcastLimiter", "any number of broadcasts")
    monitor_port: Switch = _named("MonitorPort", "may listen to all packets of the hub")
    max_connection: Annotated[int, Field(ge=1, le=32)] | None = Field(
        default=None, alias="MaxConnection", description="TCP connections of a session: 1 to 32"
    )
    time_out: Annotated[Annotated[int, Field(ge=5, le=60)] | None, measured(SECONDS)] = Field(
        default=None, alias="TimeOut", description="until a silent session ends: 5 to 60 seconds"
    )
    max_mac: Count = Field(default=None, alias="MaxMac", description="MAC addresses of a session; 0: no limit")
    max_ip: Count = Field(default=None, alias="MaxIP", description="IPv4 addresses of a session; 0: no limit")
    max_upload: Bandwidth = Field(
        default=None, alias="MaxUpload", description="bit/s, or a number with a unit (`8 Mbit/s`); 0: no limit"
    )
    max_download: Bandwidth = Field(
        default=None, alias="MaxDownload", description="bit/s, or a number with a unit (`8 Mbit/s`); 0: no limit"
    )
    fix_password: Switch = _named("FixPassword", "may not change the password")
    multi_logins: Count = Field(default=None, alias="MultiLogins", description="sessions at once; 0: no limit")
    no_qos: Switch = _named("NoQoS", "no precedence for voice")
    rs_and_ra_filter: Switch = _named("RSandRAFilter", "no router solicitations and advertisements (IPv6)")
    ra_filter: Switch = _named("RAFilter", "no router advertisements (IPv6)")
    dhcpv6_filter: Switch = _named("DHCPv6Filter", "no DHCP packets (IPv6)")
    dhcpv6_no_server: Switch = _named("DHCPv6NoServer", "may not be a DHCP server (IPv6)")
    no_routing_v6: Switch = _named("NoRoutingV6", "may not route (IPv6)")
    check_ipv6: Switch = _named("CheckIPv6", "no IPv6 address that another session uses")
    no_server_v6: Switch = _named("NoServerV6", "may not accept TCP connections (IPv6)")
    max_ipv6: Count = Field(default=None, alias="MaxIPv6", description="IPv6 addresses of a session; 0: no limit")
    no_save_password: Switch = _named("NoSavePassword", "SoftEther's own client may not keep the password")
    auto_disconnect: Duration = Field(
        default=None, alias="AutoDisconnect", description="seconds, or a number with a unit (`30 min`); 0: no limit"
    )
    filter_ipv4: Switch = _named("FilterIPv4", "no IPv4 packets")
    filter_ipv6: Switch = _named("FilterIPv6", "no IPv6 packets")
    filter_non_ip: Switch = _named("FilterNonIP", "no packets but IP")
    no_ipv6_default_router_in_ra: Switch = _named("NoIPv6DefaultRouterInRA", "no default router by IPv6")
    no_ipv6_default_router_in_ra_when_ipv6: Switch = _named(
        "NoIPv6DefaultRouterInRAWhenIPv6", "no default router by IPv6 where the connection itself is IPv6"
    )
    v_lan_id: Annotated[int, Field(ge=0, le=4095)] | None = Field(
        default=None, alias="VLanId", description="IEEE 802.1Q, 1 to 4095; 0: none"
    )

    def stated(self) -> dict[str, int | bool]:
        """The policies that are set here, by SoftEther's names."""
        fields = Policies.model_fields.items()
        values = {info.alias or name: getattr(self, name) for name, info in fields}
        return {name: value for name, value in values.items() if value is not None}


LAB_DEFAULTS: Mapping[str, int | bool] = {"AutoDisconnect": 1800, "MultiLogins": 1}
"""The policies of every user of the lab unless the user or the group sets others."""


GUEST_DEFAULTS: Mapping[str, int | bool] = {
    "CheckIP": True,
    "CheckMac": True,
    "MaxIP": 1,
    "MaxMac": 1,
    "PrivacyFilter": True,
}
"""What keeps users from each other's traffic where guests are among them (docs/softether.md has what each stops)."""

UNLIMITED: Mapping[str, int | bool] = dict.fromkeys(LAB_DEFAULTS, 0)
"""The same limits as SoftEther's own defaults."""


USUAL: Mapping[str, int | bool] = {"Access": True, "MaxConnection": 32, "TimeOut": 20}
"""What a policy is where nothing is said, for those that are not off then."""


def inherited(group: Policies | None) -> dict[str, int | bool]:
    """The policies of a user without any of their own: the group's alone, as SoftEther itself does it."""
    return {**UNLIMITED, **(group.stated() if group else {})}


def effective(group: Policies | None, user: Policies, *, guarded: bool = False) -> dict[str, int | bool]:
    """A user's policies as a whole: SoftEther takes the user's or the group's, never both, so they are merged here.

    `guarded` adds what keeps the users of a hub apart; the user and the group may say otherwise.
    """
    defaults = {**LAB_DEFAULTS, **GUEST_DEFAULTS} if guarded else LAB_DEFAULTS
    return {**defaults, **(group.stated() if group else {}), **user.stated()}
