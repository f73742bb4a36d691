"""Pulumi components of the lab VPN, for this stack and for others."""

from components import configuration as configuration

# Before anything else is imported: libraries start programs while they are, asyncssh a compiler for example.
configuration.keep_from_children()
