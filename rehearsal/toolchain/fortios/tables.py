"""The properties of the FortiOS tables that this stand-in knows, by the names of the REST interface.

What happens when a property is removed from the program is decided by the Terraform provider 1.20 inside the real
plugin, sometimes surprisingly:
kept     the box's value stays, and no difference is found: removed UDP ports stay open
cleared  the box clears it
sticky   a difference is found in every run, and the box is never changed
"""

from rehearsal.toolchain.fortios.fields import Table, table

CUSTOM: Table = table(
    "FirewallServiceCustom",
    "firewall.service/custom",
    kept="""
        name uuid proxy category protocol helper iprange fqdn tcp-portrange udp-portrange sctp-portrange
        check-reset-range visibility app-service-type fabric-object
    """,
    sticky="comment",
    kept_numbers="""
        protocol-number icmptype icmpcode tcp-halfclose-timer tcp-halfopen-timer tcp-timewait-timer udp-idle-timer color
    """,
    positive_numbers="tcp-rst-timer session-ttl",
    lists="app-category application",
    limits={"name": 79, "comment": 255},
)

ADDRESS: Table = table(
    "FirewallAddress",
    "firewall/address",
    kept="""
        uuid subnet type sub-type clearpass-spt start-mac end-mac start-ip end-ip wildcard obj-type sdn-addr-type
        node-ip-only allow-routing fabric-object
    """,
    cleared="""
        name fqdn country wildcard-fqdn sdn interface tenant organization epg-name subnet-name sdn-tag policy-group
        obj-tag tag-detection-level tag-type hw-vendor hw-model os sw-version comment visibility
        associated-interface filter obj-id
    """,
    cleared_numbers="route-tag cache-ttl color",
    lists="macaddr fsso-group",
    limits={"name": 79, "comment": 255, "country": 2},
)

ADDRGRP: Table = table(
    "FirewallAddrgrp",
    "firewall/addrgrp",
    kept="type category uuid exclude visibility allow-routing fabric-object",
    sticky="name comment",
    kept_numbers="color",
    lists="member exclude-member",
    required="member",
    limits={"name": 79, "comment": 255},
)

POLICY: Table = table(
    "FirewallPolicy",
    "firewall/policy",
    kept="""
        uuid ztna-status ztna-device-ownership ztna-tags-match-logic internet-service internet-service-src
        reputation-direction internet-service6 internet-service6-src reputation-direction6 rtp-nat action nat64
        nat46 send-deny-packet firewall-session-dirty status schedule schedule-timeout policy-expiry
        policy-expiry-date tos tos-mask tos-negate anti-replay tcp-session-without-syn geoip-anycast geoip-match
        dynamic-shaping passive-wan-health-measurement utm-status inspection-mode http-policy-redirect
        ssh-policy-redirect ztna-policy-redirect profile-type profile-protocol-options ssl-ssh-profile logtraffic
        logtraffic-start capture-packet auto-asic-offload np-acceleration wanopt wanopt-detection wanopt-passive-opt
        webcache webcache-https nat pcp-outbound pcp-inbound permit-any-host permit-stun-host fixedport
        port-preserve ippool inbound outbound natinbound natoutbound fec wccp ntlm ntlm-guest auth-path disclaimer
        email-collect natip match-vip match-vip-only diffserv-copy diffserv-forward diffserv-reverse
        diffservcode-forward diffservcode-rev block-notification srcaddr-negate srcaddr6-negate dstaddr-negate
        dstaddr6-negate service-negate internet-service-negate internet-service-src-negate internet-service6-negate
        internet-service6-src-negate timeout-send-rst captive-portal-exempt dsri radius-mac-auth-bypass
        delay-tcp-npu-session sgt-check
    """,
    cleared="""
        name learning-mode policy-expiry-date-utc webproxy-profile profile-group av-profile webfilter-profile
        dnsfilter-profile emailfilter-profile dlp-profile spamfilter-profile dlp-sensor file-filter-profile
        ips-sensor application-list voip-profile ips-voip-filter sctp-filter-profile diameter-filter-profile
        virtual-patch-profile icap-profile cifs-profile videofilter-profile waf-profile ssh-filter-profile
        casb-profile wanopt-profile wanopt-peer webproxy-forward-server traffic-shaper traffic-shaper-reverse
        per-ip-shaper fsso wsso rsso fsso-agent-for-ntlm vpntunnel comments label global-label auth-cert
        auth-redirect-addr redirect-url identity-based-route replacemsg-override-group decrypted-traffic-mirror
        ssl-mirror scan-botnet-connections vlan-filter
    """,
    kept_numbers="policyid vlan-cos-fwd vlan-cos-rev",
    cleared_numbers="reputation-minimum reputation-minimum6 session-ttl tcp-mss-sender tcp-mss-receiver",
    lists="""
        srcintf dstintf srcaddr dstaddr srcaddr6 dstaddr6 ztna-ems-tag ztna-ems-tag-secondary ztna-geo-tag
        internet-service-name internet-service-id internet-service-group internet-service-custom
        network-service-dynamic internet-service-custom-group internet-service-src-name internet-service-src-id
        internet-service-src-group internet-service-src-custom network-service-src-dynamic
        internet-service-src-custom-group src-vendor-mac internet-service6-name internet-service6-group
        internet-service6-custom internet-service6-custom-group internet-service6-src-name
        internet-service6-src-group internet-service6-src-custom internet-service6-src-custom-group rtp-addr service
        application app-category url-category app-group pcp-poolname poolname poolname6 ntlm-enabled-browsers groups
        users fsso-groups devices custom-log-fields ssl-mirror-intf sgt
    """,
    required="srcintf dstintf",
    limits={"name": 35, "schedule": 35, "comments": 1023},
)

VIP: Table = table(
    "FirewallVip",
    "firewall/vip",
    kept="""
        name uuid type src-vip-filter extip nat44 nat46 add-nat46-route mapped-addr extintf arp-reply nat-source-vip
        portforward status protocol extport mappedport portmapping-type
    """,
    sticky="comment",
    kept_numbers="id color dns-mapping-ttl",
    positive_numbers="gratuitous-arp-interval",
    lists="src-filter service extaddr mappedip srcintf-filter",
    limits={"name": 79, "comment": 255},
)
