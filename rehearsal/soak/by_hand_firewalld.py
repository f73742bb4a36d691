"""Manual changes in firewalld, one per line."""

from __future__ import annotations

from rehearsal.soak.by_hand_hub import NO
from rehearsal.soak.by_hand_softether import shell
from rehearsal.soak.changes import Change, Make

GUARD = "login guard"
MONITOR = "198.51.100.77"
RULE = "rule family=ipv4 source address=198.51.100.78 service name=ssh accept"
CLOSED = "rule family=ipv4 source address=203.0.113.20 port port=8000 protocol=tcp accept"

FURNISHED = {
    "zones": {"internal": {"vpn": True, "sources": [MONITOR], "rules": [RULE]}},
    "closed": ["8000/tcp"],
}
"""What the lab declares of its firewall in addition to the example."""


def firewalld(*changes: str) -> Make:
    """Permanent changes, in force at once."""
    return lambda manual: manual.firewalld(*changes)


def now(change: str) -> Make:
    """A change that the next reload reverts."""
    return lambda manual: manual.shell(f"firewall-cmd -q {change}")


def source(zone: str) -> Make:
    """Assign the monitoring host to another zone."""
    return firewalld(f"--zone={zone} --change-source={MONITOR}")


SERVICE = "--service=vpnserver"

FIREWALLD = (
    Change(
        "fw/8080", "firewalld: 8080/tcp was added to service vpnserver", firewalld(f"{SERVICE} --add-port=8080/tcp")
    ),
    Change(
        "fw/1701", "firewalld: 1701/udp was added to service vpnserver", firewalld(f"{SERVICE} --add-port=1701/udp")
    ),
    Change("fw/500", "firewalld: 500/udp was removed from service", firewalld(f"{SERVICE} --remove-port=500/udp")),
    Change("fw/992", "firewalld: 992/tcp was removed from service", firewalld(f"{SERVICE} --remove-port=992/tcp")),
    Change("fw", "firewalld: service vpnserver was removed from zone", firewalld("--remove-service=vpnserver")),
    Change(
        "fw",
        "firewalld: service vpnserver of zone public is not permanent",
        shell("firewall-cmd -q --permanent --remove-service=vpnserver"),
    ),
    Change("fw", "firewalld: service vpnserver of zone public is not in force", now("--remove-service=vpnserver")),
    Change(
        "fw",
        "firewalld: service vpnserver is gone from the server",
        firewalld("--remove-service=vpnserver", "--delete-service=vpnserver"),
    ),
    Change(
        "fwunit",
        f"unit firewalld: enabled is {NO} on the server, yes here",
        shell("systemctl disable -q firewalld"),
    ),
    Change(
        "fw/zone",
        "firewalld: service vpnserver was removed from zone internal",
        firewalld("--zone=internal --remove-service=vpnserver"),
    ),
    Change("fw/source", f"firewalld: source {MONITOR}: zone is dmz on the server, internal here", source("dmz")),
    Change(
        "fw/source",
        f"firewalld: source {MONITOR} is gone from the server",
        firewalld(f"--zone=internal --remove-source={MONITOR}"),
    ),
    Change(
        "fw",
        f"firewalld: source {MONITOR}: zone is internal(now) on the server, internal here",
        shell(f"firewall-cmd -q --permanent --zone=internal --remove-source={MONITOR}"),
    ),
    Change("fw/rich", "firewalld: rich internal/", firewalld(f"--zone=internal --remove-rich-rule='{RULE}'")),
    Change(
        "fw",
        "firewalld: rich internal/",
        shell(f"firewall-cmd -q --zone=internal --remove-rich-rule='{RULE}'"),
    ),
    Change(
        "fw/closed",
        "firewalld: closed public/8000/tcp is gone from the server",
        firewalld(f"--remove-rich-rule='{CLOSED}'"),
    ),
    Change(
        "fw",
        "firewalld: 203.0.113.20 of closed internal/8000/tcp is not permanent",
        shell(f"firewall-cmd -q --permanent --zone=internal --remove-rich-rule='{CLOSED}'"),
    ),
    Change("agent/bans", f"{GUARD}: active is {NO} on the server, yes here", shell("systemctl stop labvpn-bans")),
    Change("agent/bans", f"{GUARD} is gone from the server", shell("rm /etc/systemd/system/labvpn-bans.service")),
    Change(
        "agent/bans",
        f"{GUARD}: most is 10000 on the server, 10 here",
        shell('sed -i \'s/"most": "10"/"most": "10000"/\' /var/lib/labvpn/bans.json'),
    ),
)
