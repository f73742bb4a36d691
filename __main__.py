"""The lab VPN, from its configuration to its machines."""

import pulumi

from components import expectations
from components.dns import Name, NameArgs
from components.firewall import FortiGate, FortiGateArgs, HostFirewall, HostFirewallArgs
from components.host import Host, host_plans, inspect
from components.outputs import export
from components.softether import SoftEther, SoftEtherArgs
from labvpn import settings
from labvpn.render import certificate, outputs
from labvpn.render.documents import Concern

lab, credentials = settings.load(also=certificate.problems)
plans = host_plans(lab, credentials)
snapshot = inspect(lab, credentials, plans)

reached = expectations.decide(lab, plans, snapshot)

# Each hop opens only when the one behind it is ready, and the names come last; destroy goes the other way.
hops: list[pulumi.Resource] = []

for plan, actual in zip(plans, snapshot.hosts, strict=True):
    host, suffix = Host(plan.server, credentials, actual, plan.secrets, lab.protect), plan.server.suffix
    server = SoftEther(f"vpn{suffix}", SoftEtherArgs(host, plan.desired))
    hops.append(server)
    if lab.firewall:
        firewall = HostFirewallArgs(host, plan.desired[Concern.FIREWALL])
        hops.append(HostFirewall(f"host-firewall{suffix}", firewall, pulumi.ResourceOptions(depends_on=[server])))

if lab.fortigate:
    fortigate = FortiGateArgs.of(lab, credentials, snapshot.fortigate)
    hops.append(FortiGate("fortigate", fortigate, pulumi.ResourceOptions(depends_on=[*hops])))

for target, found in zip(lab.names, snapshot.names, strict=True):
    name = NameArgs(
        target.name, [*map(str, target.addresses)], snapshot=found, ports=lab.vpn.listeners, protected=lab.protect
    )
    Name(target.label, name, pulumi.ResourceOptions(depends_on=[*hops]))

export({**outputs.stack_outputs(lab, credentials, pulumi.Output.secret), **reached})
