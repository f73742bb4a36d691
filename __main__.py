"""The lab VPN, from its configuration to its machines."""

import pulumi

from labvpn import settings
from labvpn.render import certificate

lab, credentials = settings.load(also=certificate.problems)

# Loaded while the key of the users' passwords is made.
from components.inspection import host_plans, inspect  # noqa: E402

plans = host_plans(lab, credentials)
inspection = inspect(lab, credentials, plans)

# Loaded while the hops answer.
from components import expectations  # noqa: E402
from components.dns import Name, NameArgs  # noqa: E402
from components.firewall import FortiGate, FortiGateArgs, HostFirewall, HostFirewallArgs  # noqa: E402
from components.host import Host  # noqa: E402
from components.outputs import export  # noqa: E402
from components.softether import SoftEther, SoftEtherArgs  # noqa: E402
from labvpn.render import outputs  # noqa: E402
from labvpn.render.documents import Concern  # noqa: E402

snapshot = inspection.result()

reached = expectations.decide(lab, plans, snapshot)

# Each hop opens only when the one behind it is ready, and the names come last; destroy goes the other way.
hops: list[pulumi.Resource] = []
generations: list[pulumi.Output[int | None]] = []

for plan, actual in zip(plans, snapshot.hosts, strict=True):
    host, suffix = Host(plan.server, credentials, actual, plan.secrets, lab.protect), plan.server.suffix
    server = SoftEther(f"vpn{suffix}", SoftEtherArgs(host, plan.desired))
    hops.append(server)
    generations.append(server.generation)
    if lab.firewall:
        firewall = HostFirewallArgs(host, plan.desired[Concern.FIREWALL])
        hops.append(HostFirewall(f"host-firewall{suffix}", firewall, pulumi.ResourceOptions(depends_on=[server])))

if lab.fortigate:
    fortigate = FortiGateArgs.of(lab, credentials, snapshot.fortigate)
    hops.append(FortiGate("fortigate", fortigate, pulumi.ResourceOptions(depends_on=[*hops])))

names: list[pulumi.Resource] = []

for target, found in zip(lab.names, snapshot.names, strict=True):
    name = NameArgs(
        target.name, [*map(str, target.addresses)], snapshot=found, ports=lab.vpn.listeners, protected=lab.protect
    )
    names.append(Name(target.label, name, pulumi.ResourceOptions(depends_on=[*hops])))

if lab.acme and not lab.acme.by_dns:
    ready = pulumi.ResourceOptions(depends_on=[*hops, *names])
    host.fetch_certificate("certificate", plan.desired[Concern.SERVER], ready)

generation = generations[0].apply(lambda found: outputs.generation(lab, found))
export({**outputs.stack_outputs(lab, credentials, pulumi.Output.secret, generation), **reached})
