"""Fortinet's provider for FortiOS, in the two packages by which a stack can use it (docs/decisions/0001)."""

from __future__ import annotations

from enum import StrEnum

BRIDGE = "1.1.3"
"""The release of Pulumi's package `terraform-provider`, which runs a Terraform provider as it is."""

UPSTREAM = "1.25.0"
"""The release of Fortinet's own provider: with 1.26.1 a policy that was created could not be read back."""

PULUMIVERSE = "0.0.6"
"""The release of the Python package `pulumiverse-fortios`, which has Fortinet's 1.20.0 in it."""


class Provider(StrEnum):
    """The package: Fortinet's provider as it is, or the older one that pulumiverse built from it."""

    UPSTREAM = "upstream"
    PULUMIVERSE = "pulumiverse"

    @property
    def package(self) -> str:
        """What its resources' types begin with in a state."""
        return {Provider.UPSTREAM: "fortigate", Provider.PULUMIVERSE: "fortios"}[self]

    @property
    def replaces(self) -> bool:
        """Whether ports of another transport can only be removed from a service by making it again."""
        return self is Provider.PULUMIVERSE
