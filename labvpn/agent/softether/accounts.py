"""The users of each hub in the configuration that was read last, and the hashes that their passwords should have."""

from typing import Dict, Optional

from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.config_file import Tree
from labvpn.agent.softether.hashes import user_hashes


def hub_block(softether: SoftEther, name: str) -> Optional[Tree]:
    """A hub's configuration, None where there is no such hub; SoftEther's names fold case."""
    if not softether.installed:
        return None
    hubs: Dict[str, Tree] = softether.tree().get("VirtualHUB", {})
    if name in hubs:
        return hubs[name]
    return next((block for own, block in hubs.items() if own.lower() == name.lower()), None)


class Accounts:
    """Finds users by their names, each hub's list being looked for once."""

    def __init__(self, softether: SoftEther) -> None:
        self.softether = softether
        self.tree: Optional[Tree] = None
        self.listed: Dict[str, Dict[str, Tree]] = {}
        self.folded: Dict[str, Dict[str, Tree]] = {}
        self.wanted: Optional[Dict[str, str]] = None

    def of(self, hub: str) -> Dict[str, Tree]:
        """A hub's users as the configuration has them."""
        if self.softether.config is None or self.tree is not self.softether.config:
            self.tree, self.listed, self.folded = self.softether.config, {}, {}
        if hub not in self.listed:
            block = hub_block(self.softether, hub) or {}
            self.listed[hub] = block.get("SecurityAccountDatabase", {}).get("UserList", {})
        return self.listed[hub]

    def find(self, name: str) -> Optional[Tree]:
        """A user's configuration by `HUB/USER`; SoftEther's names fold case."""
        hub, _, user = name.partition("/")
        users = self.of(hub)
        if user in users:
            return users[user]
        if hub not in self.folded:
            self.folded[hub] = {own.lower(): block for own, block in users.items()}
        return self.folded[hub].get(user.lower())

    def hashes(self) -> Dict[str, str]:
        """The hash of each password that came with the request, by `HUB/USER`; all are made at once."""
        if self.wanted is None:
            self.wanted = user_hashes(self.softether.secrets.users)
        return self.wanted
