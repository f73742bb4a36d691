"""The FortiGate's REST interface as Fortinet's provider 1.25.0 uses it: the token is in a header."""

from __future__ import annotations

from rehearsal.toolchain.fortios.box import FortiosClient

INSTALL = "pulumi plugin install resource terraform-provider 1.1.3"


class UpstreamClient(FortiosClient):
    """One FortiGate, from the provider's configuration."""

    install = INSTALL

    @property
    def headers(self) -> dict[str, str]:
        """The token, on every request but the first."""
        return {"Authorization": f"Bearer {self._token}"}

    def query(self, vdom: str, extra: str) -> str:
        """The virtual domain, and nothing secret."""
        return f"?vdom={vdom or 'root'}{extra}"
