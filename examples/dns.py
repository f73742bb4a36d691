"""A name kept by a Pulumi program of your own: this is its whole `__main__.py`.

Pulumi.STACK.yaml has what `labvpn:dns` has in this project's, under a name of your choice, and the TSIG secret:

    config:
      example:address: 203.0.113.20
      example:name:
        zone: lab.example
        server: 198.51.100.53
        key: { name: labvpn }

    pulumi config set --secret tsigSecret
"""

import pulumi

from components.dns import Name, NameArgs
from labvpn.model.dns import DnsName

config = pulumi.Config()
desired = DnsName.model_validate(config.require_object("name"))

name = Name("ras", NameArgs(desired, addresses=[config.require("address")], tsig="tsigSecret"))
pulumi.export("name", name.fqdn)
