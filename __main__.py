"""The lab VPN, from its configuration to its four machines."""

import pulumi

from components.dns import Name, NameArgs
from components.firewall import FortiGate, FortiGateArgs, HostFirewall, HostFirewallArgs
from components.outputs import export
from components.remote import Host, certificate, look
from components.softether import SoftEther, SoftEtherArgs
from labvpn import settings
from labvpn.agent import bundle
from labvpn.render import outputs
from labvpn.render.documents import Concern, documents
from labvpn.render.secrets import secrets

lab, credentials = settings.load()
shown = certificate(lab, credentials)
desired = documents(lab, bundle.source(), shown and shown.fingerprint)
known = secrets(lab, credentials)
seen = look(lab, credentials, desired, known)
host = Host(lab.server, credentials, seen.host, known, lab.protect)

# Each hop opens only when the one behind it is ready, and the name comes last; destroy goes the other way.
hops: list[pulumi.Resource] = [SoftEther("vpn", SoftEtherArgs(host, desired))]

if lab.firewall:
    firewall = HostFirewallArgs(host, desired[Concern.FIREWALL])
    hops.append(HostFirewall("host-firewall", firewall, pulumi.ResourceOptions(depends_on=[*hops])))

if lab.fortigate:
    box = FortiGateArgs.of(lab, credentials, seen.fortigate)
    hops.append(FortiGate("fortigate", box, pulumi.ResourceOptions(depends_on=[*hops])))

if lab.dns:
    dialled = NameArgs(
        lab.dns, [str(lab.server.address)], sight=seen.name, ports=lab.vpn.listeners, protected=lab.protect
    )
    Name("name", dialled, pulumi.ResourceOptions(depends_on=[*hops]))

export(outputs.told(lab, credentials, pulumi.Output.secret))
