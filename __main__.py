"""The lab VPN, from its configuration to its machines."""

import pulumi

from components.dns import Name, NameArgs
from components.firewall import FortiGate, FortiGateArgs, HostFirewall, HostFirewallArgs
from components.host import Host, host_plans, inspect
from components.outputs import export
from components.softether import SoftEther, SoftEtherArgs
from labvpn import settings
from labvpn.render import certificate, outputs
from labvpn.render.documents import Concern

lab, credentials = settings.load(also=certificate.problems)
told = host_plans(lab, credentials)
seen = inspect(lab, credentials, told)

# Each hop opens only when the one behind it is ready, and the names come last; destroy goes the other way.
hops: list[pulumi.Resource] = []

for site, shown in zip(told, seen.hosts, strict=True):
    host, suffix = Host(site.server, credentials, shown, site.secrets, lab.protect), site.server.suffix
    server = SoftEther(f"vpn{suffix}", SoftEtherArgs(host, site.desired))
    hops.append(server)
    if lab.firewall:
        firewall = HostFirewallArgs(host, site.desired[Concern.FIREWALL])
        hops.append(HostFirewall(f"host-firewall{suffix}", firewall, pulumi.ResourceOptions(depends_on=[server])))

if lab.fortigate:
    box = FortiGateArgs.of(lab, credentials, seen.fortigate)
    hops.append(FortiGate("fortigate", box, pulumi.ResourceOptions(depends_on=[*hops])))

for pointing, sight in zip(lab.names, seen.names, strict=True):
    dialled = NameArgs(
        pointing.name, [*map(str, pointing.addresses)], sight=sight, ports=lab.vpn.listeners, protected=lab.protect
    )
    Name(pointing.label, dialled, pulumi.ResourceOptions(depends_on=[*hops]))

export(outputs.stack_outputs(lab, credentials, pulumi.Output.secret))
