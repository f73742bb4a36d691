"""Pulumi components of the lab VPN, for this stack and for others."""
