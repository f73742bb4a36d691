"""SecureNAT of a hub: the virtual router, and what its DHCP hands out."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Any, Dict, List, Optional

from labvpn.agent.core.concern import Values
from labvpn.agent.core.document import Change, Line, differences, yes
from labvpn.agent.core.errors import AgentError
from labvpn.agent.softether.accounts import hub_block
from labvpn.agent.softether.server_settings import Setting

MODES = {
    # Which of the three switches are set. The first one stops raw IP too, which is a kind of kernel mode (measured).
    "auto": (False, False, False),
    "kernel": (False, True, True),
    "raw": (False, False, True),
    "user": (True, True, False),
}
MODE_SWITCHES = ("DisableKernelModeSecureNAT", "DisableIpRawModeSecureNAT", "DisableUserModeSecureNAT")
OF_DHCP = frozenset(["lease", "first", "last", "gateway", "dns", "domain", "routes"])
NO_ADDRESS = "0.0.0.0"  # noqa: S104 -- how SoftEther writes that there is none


class SecureNatSetting(Setting):
    """`securenat LAB enabled=yes mode=user address=... mask=...` and what DHCP hands out."""

    kind = "securenat"

    def read(self, line: Line) -> Optional[Values]:
        hub = hub_block(self.softether, line.name)
        if hub is None:
            return None
        values = dict(nat_values(hub.get("SecureNAT", {})), mode=mode_of(hub.get("Option", {})))
        # Only the document allows it beside a bridge; the server does not know.
        values["beside-bridge"] = line.values.get("beside-bridge", "")
        return {key: values[key] for key in line.values if key in values}

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want:
                differing = {key for key, _, _ in differences(change.want, change.have)} if change.have else None
                self.put(change.want, restart=differing is None or not differing <= OF_DHCP)

    def put(self, want: Line, restart: bool) -> None:
        """Set everything; a restart ends every connection and drops the leases, so it is skipped for DHCP alone."""
        values = want.values
        options = self.call("GetSecureNATOption", RpcHubname_str=want.name)
        options.update(nat_options(values), RpcHubname_str=want.name)
        self.call("SetSecureNATOption", **options)
        if not restart:
            return
        if "mode" in values:
            self.set_mode(want.name, values["mode"])
            # The way out is chosen when SecureNAT starts.
            self.call("DisableSecureNAT", HubName_str=want.name)
        enabled = values.get("enabled") == "yes"
        self.call("EnableSecureNAT" if enabled else "DisableSecureNAT", HubName_str=want.name)

    def set_mode(self, hub: str, mode: str) -> None:
        """Switch off every way out but the wanted one."""
        if mode not in MODES:
            raise AgentError("SecureNAT has no mode {}: use one of {}".format(mode, ", ".join(MODES)))
        pairs = zip(MODE_SWITCHES, MODES[mode])  # noqa: B905
        options = [{"Name_str": name, "Value_u32": int(off)} for name, off in pairs]
        self.call("SetHubExtOptions", HubName_str=hub, AdminOptionList=options)

    def remove(self, lines: List[Line]) -> None:
        for line in lines:
            if hub_block(self.softether, line.name) is not None:
                self.call("DisableSecureNAT", HubName_str=line.name)


def nat_values(block: Dict[str, Any]) -> Values:
    """SecureNAT's configuration as a document has it."""
    host, dhcp, router = (block.get(name, {}) for name in ("VirtualHost", "VirtualDhcpServer", "VirtualRouter"))
    names = [dhcp.get("DhcpDnsServerAddress", ""), dhcp.get("DhcpDnsServerAddress2", "")]
    return {
        "enabled": yes(block.get("Disabled") == "false"),
        "address": host.get("VirtualHostIp", ""),
        "mask": masks(host.get("VirtualHostIpSubnetMask", ""), dhcp.get("DhcpSubnetMask", "")),
        "dhcp": yes(dhcp.get("DhcpEnabled") == "true"),
        "nat": yes(router.get("NatEnabled") == "true"),
        "first": dhcp.get("DhcpLeaseIPStart", ""),
        "last": dhcp.get("DhcpLeaseIPEnd", ""),
        "lease": dhcp.get("DhcpExpireTimeSpan", ""),
        "gateway": no_address(dhcp.get("DhcpGatewayAddress", "")),
        "dns": ",".join(name for name in names if name not in ("", NO_ADDRESS)) or "none",
        "domain": dhcp.get("DhcpDomainName", "") or "none",
        "routes": ",".join(dhcp.get("DhcpPushRoutes", "").replace(",", " ").split()) or "none",
    }


def masks(router: str, handed_out: str) -> str:
    """The router's netmask, and after a comma the one that clients get where that differs."""
    return router if handed_out in ("", router) else router + "," + handed_out


def no_address(address: str) -> str:
    """An address, or `none`."""
    return "none" if address in ("", NO_ADDRESS) else address


def nat_options(values: Values) -> Dict[str, Any]:
    """A document's values as the parameters of SetSecureNATOption; keys that are not given are left alone."""
    first, _, second = values.get("dns", "none").partition(",")
    mask, _, handed_out = values.get("mask", "").partition(",")
    empty = {"none": ""}
    table: Dict[str, Dict[str, Any]] = {
        "address": {"Ip_ip": values.get("address")},
        "mask": {"Mask_ip": mask, "DhcpSubnetMask_ip": handed_out or mask},
        "dhcp": {"UseDhcp_bool": values.get("dhcp") == "yes"},
        "nat": {"UseNat_bool": values.get("nat") == "yes"},
        "first": {"DhcpLeaseIPStart_ip": values.get("first")},
        "last": {"DhcpLeaseIPEnd_ip": values.get("last")},
        "lease": {"DhcpExpireTimeSpan_u32": int(values.get("lease", "7200"))},
        "gateway": {"DhcpGatewayAddress_ip": address_or_zero(values.get("gateway", "none"))},
        "dns": {
            "DhcpDnsServerAddress_ip": address_or_zero(first),
            "DhcpDnsServerAddress2_ip": address_or_zero(second),
        },
        "domain": {"DhcpDomainName_str": empty.get(values.get("domain", ""), values.get("domain", ""))},
        "routes": {"DhcpPushRoutes_str": empty.get(values.get("routes", ""), values.get("routes", ""))},
    }
    options: Dict[str, Any] = {"ApplyDhcpPushRoutes_bool": True}
    for key in values:
        options.update(table.get(key, {}))
    return options


def address_or_zero(address: str) -> str:
    """An address as SoftEther writes it, where `none` or nothing means that there is none."""
    return NO_ADDRESS if address in ("", "none") else address


def mode_of(options: Dict[str, Any]) -> str:
    """The mode that a hub's options make, `mixed` where they make none that we set."""
    switches = tuple(options.get(name) == "true" for name in MODE_SWITCHES)
    return next((mode for mode, wanted in MODES.items() if wanted == switches), "mixed")
