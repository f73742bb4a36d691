"""Which keys of a FortiGate's objects the lab understands, which select nothing, and which FortiOS fills in itself.

A key that is in none of these tables and is not empty is a condition that was not read. The
tables follow the CLI reference of FortiOS 7.0 to 7.6 (config firewall policy, address, addrgrp, vip, service custom).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from labvpn.state.fortigate import Extras

EMPTY = frozenset({"", "disable", "0", "all", "always", "0.0.0.0", "0.0.0.0 0.0.0.0", "::", "::/0"})  # noqa: S104
"""Values that mean nothing, whatever the key is."""


class Keys(NamedTuple):
    """The keys of one table: parts of the model, those that select no packet, those that only narrow, and defaults.

    `defaults` are what FortiOS fills in where nothing was set; several values are separated by `|`. `families` are the
    beginnings of further keys that select no packet, `foreign` of those that belong to other types of the object.
    """

    read: frozenset[str]
    harmless: frozenset[str]
    narrowing: frozenset[str]
    defaults: Mapping[str, str]
    families: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ("q_", "_")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EVERYWHERE = "name uuid comment comments color visibility fabric-object obsolete tagging global-object"

POLICY = Keys(
    read=_words(
        """policyid name uuid uuid-idx status srcintf dstintf srcaddr dstaddr service action schedule logtraffic
        comments nat srcaddr-negate dstaddr-negate service-negate match-vip policy-expiry policy-expiry-date
        policy-expiry-date-utc srcaddr6 dstaddr6"""
    ),
    harmless=_words(
        """label global-label logtraffic-start log-http-transaction custom-log-fields capture-packet utm-status
        inspection-mode profile-type profile-group profile-protocol-options ssl-ssh-profile av-profile
        webfilter-profile dnsfilter-profile emailfilter-profile spamfilter-profile dlp-profile dlp-sensor
        file-filter-profile ips-sensor ips-voip-filter application-list voip-profile sctp-filter-profile
        diameter-filter-profile virtual-patch-profile icap-profile cifs-profile videofilter-profile waf-profile
        ssh-filter-profile casb-profile telemetry-profile pfcp-profile gtp-profile webproxy-profile
        webproxy-forward-server wanopt wanopt-detection wanopt-passive-opt wanopt-profile wanopt-peer webcache
        webcache-https auto-asic-offload np-acceleration traffic-shaper traffic-shaper-reverse per-ip-shaper
        dynamic-shaping session-ttl tcp-mss-sender tcp-mss-receiver tcp-session-without-syn timeout-send-rst
        anti-replay send-deny-packet block-notification replacemsg-override-group diffserv-copy diffserv-forward
        diffserv-reverse diffservcode-forward diffservcode-rev vlan-cos-fwd vlan-cos-rev ippool poolname poolname6
        fixedport port-preserve port-random natip natinbound natoutbound permit-any-host permit-stun-host pcp-inbound
        pcp-outbound pcp-poolname firewall-session-dirty schedule-timeout dsri delay-tcp-npu-session fec wccp
        passive-wan-health-measurement geoip-anycast scan-botnet-connections decrypted-traffic-mirror ssl-mirror
        ssl-mirror-intf inbound outbound vpntunnel
        identity-based-route rtp-nat rtp-addr cgn-session-quota cgn-resource-quota cgn-eif cgn-eim cgn-log-server-grp
        srcaddr6-negate dstaddr6-negate reputation-direction6 reputation-minimum6 auth-cert auth-path auth-redirect-addr
        redirect-url radius-mac-auth-bypass radius-ip-auth-bypass captive-portal-exempt
        learning-mode captive-portal-exempt app-monitor"""
    ),
    narrowing=_words(
        """groups users fsso-groups fsso rsso wsso devices tos tos-mask vlan-filter src-vendor-mac sgt sgt-check
        reputation-minimum reputation-direction geoip-match ztna-status ztna-ems-tag ztna-ems-tag-secondary
        ztna-geo-tag ztna-device-ownership ztna-tags-match-logic ntlm ntlm-guest ntlm-enabled-browsers match-vip-only
        http-policy-redirect ssh-policy-redirect ztna-policy-redirect disclaimer email-collect
        fsso-agent-for-ntlm application app-category app-group url-category"""
    ),
    defaults={
        "profile-type": "single",
        "inspection-mode": "flow",
        "profile-protocol-options": "default",
        "ssl-ssh-profile": "no-inspection|certificate-inspection",
        "auto-asic-offload": "enable",
        "np-acceleration": "enable",
        "wanopt-detection": "active",
        "wanopt-passive-opt": "default",
        "vlan-cos-fwd": "255",
        "vlan-cos-rev": "255",
        "tos": "0x00",
        "tos-mask": "0x00",
        "firewall-session-dirty": "check-all",
        "anti-replay": "enable",
        "geoip-match": "physical-location",
        "reputation-direction": "destination",
        "reputation-direction6": "destination",
        "ztna-tags-match-logic": "or",
        "outbound": "enable",
        "port-preserve": "enable",
        "diffservcode-forward": "000000",
        "diffservcode-rev": "000000",
        "policy-expiry-date": "0000-00-00 00:00:00",
        "policy-behaviour-type": "standard",
        "ip-version-type": "ipv4",
        "match-vip": "enable",
        "send-deny-packet": "disable",
    },
    families=("internet-service6",),
)

ADDRESS = Keys(
    # FortiOS also shows values of the other types, such as a wildcard of a plain network; only the type counts.
    read=_words("name type subnet start-ip end-ip country comment uuid wildcard fqdn wildcard-fqdn start-mac end-mac"),
    harmless=_words(
        f"""{_EVERYWHERE} associated-interface allow-routing cache-ttl list dirty passive-fqdn-learning
        node-ip-only clearpass-spt obj-id tag-detection-level tag-type"""
    ),
    narrowing=frozenset(),
    defaults={
        "color": "0",
        "visibility": "enable",
        "sub-type": "sdn",
        "clearpass-spt": "unknown",
        "obj-type": "ip",
        "sdn-addr-type": "private",
        "dirty": "dirty|clean",
        "passive-fqdn-learning": "enable",
    },
)

GROUP = Keys(
    read=_words("name member comment uuid exclude exclude-member"),
    harmless=_words(f"{_EVERYWHERE} allow-routing category"),
    narrowing=frozenset(),
    defaults={"visibility": "enable", "type": "default", "category": "default"},
)

VIP_GROUP = GROUP._replace(harmless=GROUP.harmless | {"interface"})

SCHEDULE = Keys(
    read=_words("name member start end start-utc end-utc day"),
    harmless=_words(f"{_EVERYWHERE} expiration-days label-day"),
    narrowing=frozenset(),
    defaults={},
)

SERVICE = Keys(
    read=_words("name protocol tcp-portrange udp-portrange protocol-number icmptype icmpcode comment uuid"),
    harmless=_words(
        f"""{_EVERYWHERE} category helper check-reset-range tcp-halfclose-timer tcp-halfopen-timer tcp-timewait-timer
        tcp-rst-timer udp-idle-timer session-ttl sctp-portrange udplite-portrange proto protocol-name"""
    ),
    narrowing=frozenset(),
    defaults={"visibility": "enable", "helper": "auto", "check-reset-range": "default", "category": "Uncategorized"},
)

VIP_KIND = ("type", "status")
"""What has to be at its default for a VIP to translate one address into another."""

VIP = Keys(
    read=_words("name uuid type extip mappedip extintf portforward protocol extport mappedport comment status"),
    harmless=_words(
        f"""{_EVERYWHERE} id arp-reply nat-source-vip gratuitous-arp-interval add-nat46-route dns-mapping-ttl"""
    ),
    narrowing=frozenset(),
    defaults={
        "visibility": "enable",
        "arp-reply": "enable",
        "portmapping-type": "1-to-1",
        "nat44": "enable",
        "add-nat46-route": "enable",
        "type": "static-nat",
        "status": "enable",
        "protocol": "tcp",
    },
    foreign=(
        *(
            "q_",
            "_",
            "ipv6-",
            "ssl-",
            "http-",
            "https-",
            "h2-",
            "h3-",
            "quic",
            "outlook-",
            "weblogic-",
            "websphere-",
            "gslb-",
        ),
        *("realserver", "monitor", "server-type", "ldb-method", "persistence", "max-embryonic", "one-click-gslb"),
        *("empty-cert-action", "user-agent-detect", "client-cert"),
    ),
)


CLEARED = _words(
    """webproxy-profile profile-group av-profile webfilter-profile dnsfilter-profile emailfilter-profile dlp-profile
    spamfilter-profile dlp-sensor file-filter-profile ips-sensor application-list voip-profile ips-voip-filter
    sctp-filter-profile diameter-filter-profile virtual-patch-profile icap-profile cifs-profile videofilter-profile
    waf-profile ssh-filter-profile casb-profile wanopt-profile wanopt-peer webproxy-forward-server traffic-shaper
    traffic-shaper-reverse per-ip-shaper vpntunnel label global-label auth-cert auth-redirect-addr redirect-url
    identity-based-route replacemsg-override-group decrypted-traffic-mirror ssl-mirror scan-botnet-connections
    vlan-filter session-ttl tcp-mss-sender tcp-mss-receiver reputation-minimum policy-expiry-date-utc fqdn country
    wildcard-fqdn sdn interface color associated-interface cache-ttl visibility"""
)
"""What FortiOS's provider removes by itself where the program does not give it (docs/decisions/0001)."""

SWITCHES = _words("policy-expiry srcaddr-negate dstaddr-negate service-negate exclude internet-service proxy match-vip")
"""Further switches that the provider turns off on request."""


def extras(row: Mapping[str, Any], keys: Keys) -> Extras:
    """What an object has besides the model's own parts and FortiOS's defaults, each key with its value as text."""
    found = (
        (key, as_text(value))
        for key, value in row.items()
        if key not in keys.read and not key.startswith(keys.foreign) and _is_set(key, value, keys)
    )
    return tuple(sorted(found))


def visible(row: Mapping[str, Any]) -> frozenset[str]:
    """The keys that the box shows of an object, without those of its own bookkeeping."""
    return frozenset(key for key in row if not key.startswith(("q_", "_")))


def unread(found: Extras, keys: Keys) -> Iterator[tuple[str, bool]]:
    """The extras that may affect what an object matches, in words, and whether they only narrow it."""
    for key, value in found:
        if key not in keys.harmless and not key.startswith(keys.families):
            yield f"{key} {value}", key in keys.narrowing


def as_text(value: Any) -> str:
    """A value as text: of a list of objects, their names."""
    if isinstance(value, list):
        return " ".join(as_text(one) for one in value)
    if isinstance(value, Mapping):
        named = (value.get(key) for key in ("name", "id", "range", "vlan-id", "tag"))
        fields = (f"{key} {as_text(one)}" for key, one in value.items() if not key.startswith(("q_", "_")))
        return next((str(one) for one in named if one is not None), None) or " ".join(fields)
    return str(value)


def _is_set(key: str, value: Any, keys: Keys) -> bool:
    if isinstance(value, Mapping):
        return any(_is_set("", one, keys) for name, one in value.items() if not name.startswith(keys.foreign[:2]))
    if value is None or isinstance(value, list):
        return any(one not in ({}, "", None) for one in value or ())
    text = str(value).strip()
    return text not in EMPTY and text != "False" and text not in keys.defaults.get(key, "").split("|")
