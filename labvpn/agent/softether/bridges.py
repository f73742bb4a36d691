"""What hangs on a hub beside its users: local bridges, cascades to other servers, virtual layer-3 switches."""

from typing import Dict, Iterator, List

from labvpn.agent.core.document import Line
from labvpn.agent.softether.config_file import Tree


def blocks_of(tree: Tree, *path: str) -> Dict[str, Tree]:
    """The blocks in a block of the configuration, by name."""
    for name in path:
        tree = tree.get(name, {})
    return {name: block for name, block in tree.items() if isinstance(block, dict)}


def hub_of(tree: Tree, name: str) -> Tree:
    """A hub's block; SoftEther's names fold case."""
    return next((block for own, block in blocks_of(tree, "VirtualHUB").items() if own.lower() == name.lower()), {})


def bridged(tree: Tree, hub: str) -> Iterator[str]:
    """Where a hub's packets go on, in words: by a local bridge to a network card, or by a cascade to another server."""
    for bridge in blocks_of(tree, "LocalBridgeList").values():
        if str(bridge.get("HubName", "")).lower() == hub.lower():
            yield "a local bridge to {}".format(bridge.get("DeviceName", "a device"))
    for cascade in blocks_of(hub_of(tree, hub), "CascadeList").values():
        there = cascade.get("ClientOption", {})
        yield "a cascade to the hub {} of {}".format(there.get("HubName", "?"), there.get("Hostname", "?"))


def attached(tree: Tree, hub: str) -> Iterator[str]:
    """All that hangs on a hub, in words."""
    yield from bridged(tree, hub)
    for name, switch in blocks_of(tree, "VirtualLayer3SwitchList").items():
        interfaces = blocks_of(switch, "InterfaceList").values()
        if any(str(one.get("HubName", "")).lower() == hub.lower() for one in interfaces):
            yield "the layer-3 switch {}".format(name)


def beside_bridges(tree: Tree, desired: List[Line]) -> List[List[str]]:
    """Where SecureNAT would be switched on beside a bridge, and hand out addresses there too; pairs with the remedy."""
    found = []
    for line in desired:
        if line.kind == "securenat" and line.values.get("enabled") == "yes" and "beside-bridge" not in line.values:
            off = hub_of(tree, line.name).get("SecureNAT", {}).get("Disabled") != "false"
            ways = list(bridged(tree, line.name)) if off else []
            if ways:
                found.append(
                    [
                        "has {} on the hub {}, and SecureNAT, which is off there, would also hand out addresses in "
                        "that network".format(" and ".join(ways), line.name),
                        "write `secureNat: off` for that hub, or `besideBridge: true` below secureNat if you want both",
                    ]
                )
    return found
