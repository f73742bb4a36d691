"""The concern `hub`: the virtual hubs that the lab declares, their SecureNAT and their users."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Any, Dict, List, Optional

from labvpn.agent.backups import back_up
from labvpn.agent.concern import Concern, Handler, Values, bare_line
from labvpn.agent.document import Change, Line
from labvpn.agent.errors import AgentError
from labvpn.agent.hashes import password_hash
from labvpn.agent.reaper import Reaper
from labvpn.agent.rpc import HUB_EXISTS, HUB_NOT_FOUND, RpcError
from labvpn.agent.server import require
from labvpn.agent.settings import Setting, current, yes
from labvpn.agent.softether import SoftEther
from labvpn.agent.state import State
from labvpn.agent.users import Users, hub_block

MODES = {
    # Which of the three switches are set. The first one stops raw IP too, which is a kind of kernel mode (measured).
    "auto": (False, False, False),
    "kernel": (False, True, True),
    "raw": (False, False, True),
    "user": (True, True, False),
}
MODE_SWITCHES = ("DisableKernelModeSecureNAT", "DisableIpRawModeSecureNAT", "DisableUserModeSecureNAT")
NO_ADDRESS = "0.0.0.0"  # noqa: S104 -- how SoftEther writes that there is none


class Hubs(Setting):
    """`hub LAB online=yes`, and `password=current` where its administrator's password is managed."""

    kind = "hub"

    def show(self, line: Line) -> Optional[Values]:
        block = hub_block(self.softether, line.name)
        if block is None:
            return None
        stored = block.get("HashedPassword")
        same = stored == password_hash(self.softether.secrets.hubs.get(line.name, ""))
        values = {"online": yes(block.get("Online") == "true"), "password": current(same)}
        return {key: values[key] for key in line.values if key in values}

    def make(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want:
                self.settle(change.want, change.have is None)

    def settle(self, want: Line, new: bool) -> None:
        """Create a hub, or set what it has."""
        hub = {"HubName_str": want.name, "Online_bool": want.values.get("online") == "yes"}
        password = self.softether.secrets.hubs.get(want.name, "")
        if new:
            kind = {"HubType_u32": 0, "MaxSession_u32": 0, "NoEnum_bool": True}
            try:
                self.call("CreateHub", AdminPasswordPlainText_str=password, **kind, **hub)
            except RpcError as error:
                if error.code != HUB_EXISTS:
                    raise
        elif want.values.get("password") == "current":
            self.call("SetHub", **dict(self.call("GetHub", **hub), AdminPasswordPlainText_str=password))
        self.call("SetHubOnline", **hub)

    def drop(self, lines: List[Line]) -> None:
        for line in lines:
            try:
                self.call("DeleteHub", HubName_str=line.name)
            except RpcError as error:
                if error.code != HUB_NOT_FOUND:
                    raise
        self.softether.refresh()


class SecureNat(Setting):
    """`securenat LAB enabled=yes mode=user address=... mask=...` and what DHCP hands out."""

    kind = "securenat"

    def show(self, line: Line) -> Optional[Values]:
        hub = hub_block(self.softether, line.name)
        if hub is None:
            return None
        values = dict(nat_values(hub.get("SecureNAT", {})), mode=mode_of(hub.get("Option", {})))
        return {key: values[key] for key in line.values if key in values}

    def make(self, changes: List[Change]) -> None:
        for change in changes:
            if change.want:
                self.set(change.want)

    def set(self, want: Line) -> None:
        values = want.values
        options = self.call("GetSecureNATOption", RpcHubname_str=want.name)
        options.update(nat_options(values), RpcHubname_str=want.name)
        self.call("SetSecureNATOption", **options)
        enabled = values.get("enabled") == "yes"
        if "mode" in values:
            self.set_mode(want.name, values["mode"])
            # The way out is chosen when SecureNAT starts.
            self.call("DisableSecureNAT", HubName_str=want.name)
        self.call("EnableSecureNAT" if enabled else "DisableSecureNAT", HubName_str=want.name)

    def set_mode(self, hub: str, mode: str) -> None:
        """Switch off every way out but the wanted one."""
        if mode not in MODES:
            raise AgentError("SecureNAT has no mode {}: take one of {}".format(mode, ", ".join(MODES)))
        pairs = zip(MODE_SWITCHES, MODES[mode])  # noqa: B905
        options = [{"Name_str": name, "Value_u32": int(off)} for name, off in pairs]
        self.call("SetHubExtOptions", HubName_str=hub, AdminOptionList=options)

    def drop(self, lines: List[Line]) -> None:
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
    """The router's netmask, and after a comma the one that clients get where that is another."""
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
    """The mode that a hub's options make, `mixed` where they make none of ours."""
    switches = tuple(options.get(name) == "true" for name in MODE_SWITCHES)
    return next((mode for mode, wanted in MODES.items() if wanted == switches), "mixed")


class Hub(Concern):
    """The hubs of the lab; other hubs, and users that someone made by hand, are left alone."""

    def __init__(self, state: State, softether: SoftEther) -> None:
        self.softether = softether
        self.users = Users(softether)
        handlers: List[Handler] = [Hubs(softether), SecureNat(softether), self.users, Reaper(softether)]
        super().__init__(state, handlers)

    def prepare(self, changes: List[Change]) -> bool:
        require(self.softether)
        self.softether.start()
        back_up(self.softether)
        return False

    def finish(self, changes: List[Change]) -> None:
        self.choose_default([one.want.name for one in changes if one.want and one.want.kind == "hub" and not one.have])
        self.softether.flush()

    def choose_default(self, created: List[str]) -> None:
        """Make L2TP's default hub the wanted one now that it exists: SoftEther took the first hub it had."""
        ipsec = State(self.state.machine, "server").lines().get("ipsec")
        if ipsec and ipsec.values.get("hub") in created:
            settings = self.softether.call("GetIPsecServices")
            self.softether.call("SetIPsecServices", **dict(settings, L2TP_DefaultHub_str=ipsec.values["hub"]))

    def refresh(self) -> None:
        self.softether.refresh()

    def notes(self, desired: List[Line]) -> List[str]:
        ours = {line.name.lower() for line in desired if line.kind == "user"}
        ours |= {key.partition(" ")[2].lower() for key in list(self.state.before) + list(self.state.lines())}
        notes = self.softether.notes()
        for hub in [line.name for line in desired if line.kind == "hub"]:
            strangers = [name for name in self.users.names(hub) if (hub + "/" + name).lower() not in ours]
            if strangers:
                notes.append("users made by hand in {}: {}".format(hub, ", ".join(sorted(strangers))))
        return notes

    def remove(self) -> List[str]:
        if not self.softether.installed:
            return []
        # What is in a hub that is ours alone goes with the hub, in one call.
        lines = [bare_line(key) for key in self.state.before]
        going = {line.name for line in lines if line.kind == "hub" and self.state.before[line.key] is None}
        self.state.forget([line.key for line in lines if line.kind != "hub" and line.name.partition("/")[0] in going])
        return super().remove()
