"""What a real box shows of each object beside what this stand-in enforces, with FortiOS's defaults, by its version.

From the CLI references of FortiOS 7.2 to 7.6 and the fields that Fortinet's provider reads (config firewall policy,
address, addrgrp, vip, service custom). They can be set, are kept and shown, and change nothing that passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

Settings = Mapping[str, Any]


def _all(value: Any, text: str) -> dict[str, Any]:
    return dict.fromkeys(text.split(), value)


_POLICY = {
    **_all(
        "disable",
        """nat64 nat46 ztna-status ztna-device-ownership internet-service-src internet-service6 internet-service6-src
        rtp-nat schedule-timeout policy-expiry tos-negate tcp-session-without-syn geoip-anycast dynamic-shaping
        passive-wan-health-measurement app-monitor http-policy-redirect ssh-policy-redirect ztna-policy-redirect
        log-http-transaction capture-packet wanopt webcache webcache-https pcp-outbound pcp-inbound permit-any-host
        permit-stun-host fixedport port-random inbound natinbound natoutbound fec wccp ntlm ntlm-guest disclaimer
        email-collect match-vip-only diffserv-copy diffserv-forward diffserv-reverse block-notification srcaddr6-negate
        dstaddr6-negate internet-service-negate internet-service-src-negate internet-service6-negate
        internet-service6-src-negate timeout-send-rst captive-portal-exempt dsri radius-mac-auth-bypass
        radius-ip-auth-bypass delay-tcp-npu-session sgt-check auth-path""",
    ),
    **_all(
        "",
        """policy-expiry-date-utc webproxy-profile profile-group dnsfilter-profile emailfilter-profile dlp-profile
        file-filter-profile voip-profile ips-voip-filter sctp-filter-profile diameter-filter-profile
        virtual-patch-profile icap-profile videofilter-profile waf-profile ssh-filter-profile casb-profile
        telemetry-profile cifs-profile wanopt-profile wanopt-peer webproxy-forward-server traffic-shaper-reverse
        per-ip-shaper fsso-agent-for-ntlm vpntunnel auth-cert auth-redirect-addr redirect-url identity-based-route
        replacemsg-override-group decrypted-traffic-mirror vlan-filter""",
    ),
    **_all(
        [],
        """ztna-ems-tag ztna-ems-tag-secondary ztna-geo-tag internet-service-name internet-service-group
        internet-service-custom network-service-dynamic internet-service-custom-group internet-service-fortiguard
        internet-service-src-name internet-service-src-group internet-service-src-custom network-service-src-dynamic
        internet-service-src-custom-group internet-service-src-fortiguard src-vendor-mac internet-service6-name
        internet-service6-group internet-service6-custom internet-service6-custom-group internet-service6-fortiguard
        internet-service6-src-name internet-service6-src-group internet-service6-src-custom
        internet-service6-src-custom-group internet-service6-src-fortiguard rtp-addr pcp-poolname poolname6
        ntlm-enabled-browsers custom-log-fields sgt""",
    ),
    **_all(0, "reputation-minimum reputation-minimum6 tcp-mss-sender tcp-mss-receiver uuid-idx"),
    **_all(255, "vlan-cos-fwd vlan-cos-rev"),
    **_all("enable", "anti-replay outbound port-preserve"),
    **_all("destination", "reputation-direction reputation-direction6"),
    **_all("000000", "diffservcode-forward diffservcode-rev"),
    "ztna-tags-match-logic": "or",
    "firewall-session-dirty": "check-all",
    "policy-expiry-date": "0000-00-00 00:00:00",
    "wanopt-detection": "active",
    "wanopt-passive-opt": "default",
    "natip": "0.0.0.0 0.0.0.0",
}
_ADDRESS = {
    **_all(
        "",
        """sdn interface tenant organization epg-name subnet-name sdn-tag policy-group obj-tag tag-detection-level
        tag-type hw-vendor hw-model os sw-version filter obj-id""",
    ),
    **_all([], "macaddr fsso-group sso-attribute-value list tagging"),
    **_all(0, "route-tag cache-ttl"),
    **_all("disable", "node-ip-only fabric-object"),
    "sub-type": "sdn",
    "clearpass-spt": "unknown",
    "obj-type": "ip",
    "sdn-addr-type": "private",
    "dirty": "dirty",
    "passive-fqdn-learning": "enable",
}
_GROUP = {"type": "default", "category": "default", "fabric-object": "disable", "tagging": []}
_SERVICE = {
    **_all("disable", "proxy fabric-object app-service-type"),
    **_all(0, "tcp-halfclose-timer tcp-halfopen-timer tcp-timewait-timer tcp-rst-timer udp-idle-timer"),
    **_all([], "app-category application"),
    "helper": "auto",
    "check-reset-range": "default",
    "session-ttl": "0",
    "udplite-portrange": "",
}
_VIP = {
    **_all([], "service extaddr srcintf-filter realservers monitor gslb-public-ips ssl-cipher-suites"),
    **_all("", "mapped-addr ipv6-mappedip ipv6-mappedport gslb-hostname gslb-domain-name http-host-certificate"),
    **_all(0, "id gratuitous-arp-interval max-embryonic-connections dns-mapping-ttl"),
    **_all("disable", "nat46 src-vip-filter one-click-gslb-server http-redirect ssl-hsts"),
    **_all("enable", "nat44 add-nat46-route"),
    "ldb-method": "static",
    "persistence": "none",
    "portmapping-type": "1-to-1",
    "ssl-mode": "half",
    "ssl-certificate": [],
}
UNHEARD = {"unheard-of-mode": "auto", "unheard-of-list": [], "unheard-of-map": {}}
"""What a firmware that is not out yet may add: neither the provider nor anyone else knows it by name."""

_TABLES: Mapping[str, Settings] = {
    "firewall/policy": {**_POLICY, **UNHEARD},
    "firewall/address": {**_ADDRESS, **UNHEARD},
    "firewall/addrgrp": {**_GROUP, **UNHEARD},
    "firewall.service/custom": {**_SERVICE, **UNHEARD},
    "firewall/vip": {**_VIP, **UNHEARD},
}
_SINCE: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(UNHEARD, (9, 0, 0)),
    **_all((7, 4, 0), "diameter-filter-profile virtual-patch-profile casb-profile port-preserve src-vip-filter"),
    **_all((7, 4, 0), "ztna-policy-redirect passive-fqdn-learning gslb-domain-name"),
    **_all((7, 6, 0), "port-random app-monitor log-http-transaction telemetry-profile radius-ip-auth-bypass"),
    **_all((7, 6, 0), "internet-service-fortiguard internet-service-src-fortiguard udplite-portrange"),
    **_all((7, 6, 0), "internet-service6-fortiguard internet-service6-src-fortiguard ssl-hsts"),
}
_UNTIL: Mapping[str, tuple[int, ...]] = {"cifs-profile": (7, 4, 0), "dsri": (8, 0, 0), "wccp": (8, 0, 0)}


def known(path: str) -> frozenset[str]:
    """The further keys of a table, in any version."""
    return frozenset(_TABLES.get(path, {}))


@cache
def visible(path: str, version: str) -> Settings:
    """The further keys that this firmware shows in a table, with their defaults."""
    numbers = numbers_of(version)
    there = {key: value for key, value in _TABLES.get(path, {}).items() if _has(key, numbers)}
    # Before 7.4.2 a VIP has one certificate, later a list of them.
    return {**there, "ssl-certificate": ""} if "ssl-certificate" in there and numbers < (7, 4, 2) else there


def _has(key: str, numbers: tuple[int, ...]) -> bool:
    return _SINCE.get(key, ()) <= numbers and not (key in _UNTIL and numbers >= _UNTIL[key])


def numbers_of(version: str) -> tuple[int, ...]:
    """`v7.4.8` as numbers."""
    return tuple(int(part) for part in version.removeprefix("v").split("."))
