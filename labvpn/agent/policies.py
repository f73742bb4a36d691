"""The security policies of SoftEther by their documented names, and what each is where nothing is said."""

from typing import Dict

NUMBERS = frozenset(
    "AutoDisconnect MaxConnection MaxDownload MaxIP MaxIPv6 MaxMac MaxUpload MultiLogins TimeOut VLanId".split()  # noqa: SIM905
)
SWITCHES = frozenset(
    [
        "Access",
        "ArpDhcpOnly",
        "CheckIP",
        "CheckIPv6",
        "CheckMac",
        "DHCPFilter",
        "DHCPForce",
        "DHCPNoServer",
        "DHCPv6Filter",
        "DHCPv6NoServer",
        "FilterIPv4",
        "FilterIPv6",
        "FilterNonIP",
        "FixPassword",
        "MonitorPort",
        "NoBridge",
        "NoBroadcastLimiter",
        "NoIPv6DefaultRouterInRA",
        "NoIPv6DefaultRouterInRAWhenIPv6",
        "NoQoS",
        "NoRouting",
        "NoRoutingV6",
        "NoSavePassword",
        "NoServer",
        "NoServerV6",
        "PrivacyFilter",
        "RAFilter",
        "RSandRAFilter",
    ]
)
# What a policy is where nothing is said; a call that leaves one out sets it to zero, which would deny access.
DEFAULTS: Dict[str, str] = dict(
    {**dict.fromkeys(NUMBERS, "0"), **dict.fromkeys(SWITCHES, "no")},
    Access="yes",
    MaxConnection="32",
    TimeOut="20",
)
