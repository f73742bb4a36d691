"""A whole lab VPN as one Pulumi stack, with its rehearsal and its doctor."""
