"""What the stack ordered: the authority, the names, and how the authority is convinced that they are ours."""

from typing import Any, Dict, List

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import ACME_ORDERS
from labvpn.agent.core.state_file import StateFile

RULES = ("directory", "names", "contact", "challenge", "primary", "port", "zone", "keyname", "algorithm", "wait")
"""The fields of the document's line that the renewal goes by."""


def orders_file(machine: Machine) -> StateFile:
    """The file of the orders."""
    return StateFile(machine, ACME_ORDERS, "the next `pulumi up` rewrites it; until then nothing is renewed")


class Orders:
    """The orders as they are on the host."""

    def __init__(self, values: Dict[str, Any]) -> None:
        self.values = {name: str(values.get(name, "none")) for name in RULES}

    @classmethod
    def of(cls, machine: Machine) -> "Orders":
        """Those of this host; AgentError where there are none, or their file is damaged."""
        values = orders_file(machine).read()
        if values is None:
            raise AgentError("no certificate of an ACME authority was ordered for the VPN host: run `pulumi up`")
        return cls(values)

    def __getitem__(self, name: str) -> str:
        """A rule's value, '' where it is not given."""
        value = self.values[name]
        return "" if value == "none" else value

    @property
    def by_http(self) -> bool:
        """Whether the authority asks on port 80 of this host, and not in the DNS."""
        return self["challenge"] == "http-01"

    @property
    def names(self) -> List[str]:
        """The names that the certificate is for, the one that users dial first."""
        return self["names"].split(",")
