"""A VPN host whose firewalld others have filled: every kind of entry, permanent, for now, and beside firewalld."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.rehearsal.agent_host import AgentHost

INSTALL = """
export DEBIAN_FRONTEND=noninteractive
apt-get update -q && apt-get install -y -q --no-install-recommends netbase firewalld nftables
systemctl enable --now firewalld
for attempt in $(seq 60); do firewall-cmd -q --state && exit; sleep 0.5; done
exit 1
"""
LASTING = """
ip link add lab0 type dummy; ip link add lab1 type dummy
alias p='firewall-cmd -q --permanent'
p --new-zone=bench; p --zone=bench --add-source=203.0.113.145 --add-source=ipset:barred
p --new-ipset=barred --type=hash:ip; p --new-service=printer; p --service=printer --add-port=9100/tcp
p --new-policy=between; p --policy=between --add-ingress-zone=work; p --policy=between --add-egress-zone=dmz
p --new-policy=inward; p --policy=inward --add-ingress-zone=bench; p --policy=inward --add-egress-zone=HOST
p --policy=between --add-service=http; p --policy=inward --add-port=161/udp
p --zone=work --add-port=7000-7010/tcp
firewall-cmd -q --reload
"""
DROPS = 'source NOT address="203.0.113.140" port port="8123" protocol="tcp" log prefix="not ours" level="info" drop'
FOR_NOW = f"""
alias f='firewall-cmd -q'
f --zone=dmz --add-masquerade
f --zone=dmz --add-forward-port=port=2022:proto=tcp:toport=22:toaddr=203.0.113.145
f --zone=dmz --add-forward-port=port=2080:proto=tcp:toport=80:toaddr=
f --zone=dmz --add-icmp-block=echo-request
f --zone=dmz --add-icmp-block-inversion
f --zone=home --remove-forward
f --zone=bench --add-port=4711/tcp
f --zone=bench --add-source-port=123/udp
f --zone=bench --add-protocol=gre
f --zone=bench --add-service=printer
f --zone=bench --add-source=203.0.113.142
f --zone=bench --add-rich-rule='rule priority="-5" family="ipv4" {DROPS}'
f --zone=public --remove-service=dhcpv6-client
f --zone=work --change-interface=lab0
f --zone=home --change-source=198.51.100.192/26
f --policy=between --add-rich-rule='rule family="ipv4" source address="198.51.100.9" accept'
f --policy=between --add-ingress-zone=home
f --policy=inward --add-service=snmp
f --policy=inward --remove-port=161/udp
f --ipset=barred --add-entry=198.51.100.77
f --add-lockdown-whitelist-command='/usr/bin/python3 -s /usr/bin/somebody*'
f --add-lockdown-whitelist-uid=1234
f --permanent --zone=bench --add-port=4712/tcp
"""
BESIDE = """
nft -f - <<END
table ip theirs {
  set held { type ipv4_addr; elements = { 198.51.100.78 }; }
  chain in { type filter hook input priority 5; policy accept;
    ip saddr @held counter drop
  }
}
table inet natted {
  chain pre { type nat hook prerouting priority -110; policy accept;
    tcp dport 9999 redirect to :80
  }
}
END
"""
WHOLE = """
firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones
firewall-cmd --list-all-policies; firewall-cmd --permanent --list-all-policies
firewall-cmd --get-services; firewall-cmd --get-default-zone; firewall-cmd --get-log-denied
firewall-cmd --query-lockdown; firewall-cmd --query-panic
for each in commands contexts uids users; do firewall-cmd --list-lockdown-whitelist-$each; done
for set in $(firewall-cmd --get-ipsets); do echo $set; firewall-cmd --ipset=$set --get-entries; done
nft -s list table ip theirs; nft -s list table inet natted; nft -s list table inet firewalld | sort
find /etc/firewalld -name '*.xml' ! -name public.xml ! -name vpnserver.xml | sort | xargs cat
"""
"""Everything that firewalld and the kernel hold, without rules' places among others."""

OURS = ("tcp dport 443 accept", "udp dport 500 accept", "tcp dport 992 accept", "203.0.113.20")
"""What of that is of the stack, which opens these ports alone here."""

DOCUMENT = """\
unit firewalld enabled=yes active=yes
service vpnserver ports=443/tcp,500/udp
zone public services=vpnserver
closed public/8000/tcp only=203.0.113.20
"""


class FoundHost(AgentHost):
    """The host, with whatever others have done to it."""

    def begin(self) -> None:
        """Start the machines anew, with a firewalld that others have filled, and the agent."""
        self.stop()
        self.start()
        self.output("server", "bash", "-ec", INSTALL)
        self.by_hand(LASTING)
        self.install()

    def by_hand(self, script: str) -> str:
        """Do something as somebody at the host's console; its last line has to succeed."""
        return self.output("server", "bash", "-c", "shopt -s expand_aliases\n" + script)

    def whole(self) -> list[str]:
        """Everything that is there and is not the stack's, line by line."""
        lines = self.run("server", "bash", "-c", WHOLE).stdout.splitlines()
        return [line.replace(" vpnserver", "") for line in lines if not any(one in line for one in OURS)]

    def observe_firewall(self, document: str = DOCUMENT) -> dict[str, Any]:
        """The firewall as a preview sees it, against a document."""
        answer = json.loads(self.agent("observe", json.dumps({"documents": {"firewall": document}})))
        found: dict[str, Any] = answer["firewall"]
        return found

    def settle(self, document: str = DOCUMENT) -> list[str]:
        """Converge to a document, and confirm over a new connection."""
        said = self.converge("firewall", document)
        return said + self.confirm()

    def lets_in(self, machine: str, port: int) -> bool:
        """Whether a machine reaches a TCP port of the host."""
        return self.run(machine, "python3", "-c", REACHES, str(port)).returncode == 0

    @contextmanager
    def coming_in(self) -> Iterator[list[str]]:
        """New SSH connections, one after the other, and what each that failed said."""
        failed: list[str] = []
        over = threading.Event()

        def come() -> None:
            while not over.is_set():
                done = self.ssh("true")
                failed.extend([done.stderr] if done.returncode else [])
                time.sleep(0.2)

        coming = threading.Thread(target=come)
        coming.start()
        try:
            yield failed
        finally:
            over.set()
            coming.join()


REACHES = """
import socket, sys
socket.create_connection(("203.0.113.20", int(sys.argv[1])), timeout=2).close()
"""
