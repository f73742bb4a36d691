"""The concern `hub`: the virtual hubs that the lab declares, with all that is in them."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import Any, Dict, List, Optional, Set

from labvpn.agent.codes.accounts import CodeAccounts
from labvpn.agent.codes.health import CodesHealth
from labvpn.agent.codes.service import CodeVerifier
from labvpn.agent.core.concern import Concern, Handler, Values, bare_line
from labvpn.agent.core.document import Change, Line, current, yes
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.state import State
from labvpn.agent.daemons.reaper_service import ReaperService
from labvpn.agent.softether.access_list import AccessList, hubs_of
from labvpn.agent.softether.accounts import hub_block
from labvpn.agent.softether.authentication import unlocked
from labvpn.agent.softether.backups import back_up
from labvpn.agent.softether.bridges import beside_bridges
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.fixed_address import without_way
from labvpn.agent.softether.groups import Groups
from labvpn.agent.softether.hashes import password_hash
from labvpn.agent.softether.hub_settings import Authority, HubLog, HubOption, RadiusSetting, weaknesses
from labvpn.agent.softether.radius_wildcard import ADMINISTRATOR, WILDCARD
from labvpn.agent.softether.rpc import HUB_EXISTS, HUB_NOT_FOUND, RpcError
from labvpn.agent.softether.securenat import SecureNatSetting
from labvpn.agent.softether.server import require
from labvpn.agent.softether.server_settings import Setting
from labvpn.agent.softether.session_limits import live
from labvpn.agent.softether.users import Users


class Hubs(Setting):
    """`hub LAB online=yes exclusive=no`, and `password=current` where its administrator's password is managed."""

    kind = "hub"

    def read(self, line: Line) -> Optional[Values]:
        block = hub_block(self.softether, line.name)
        if block is None:
            return None
        stored = block.get("HashedPassword")
        same = stored == password_hash(self.softether.secrets.hubs.get(line.name, ""))
        # Only the document says whether a hub may have accounts of others; the server does not know.
        whose = line.values.get("exclusive", "no")
        values = {"online": yes(block.get("Online") == "true"), "exclusive": whose, "password": current(same)}
        return {key: values[key] for key in line.values if key in values}

    def apply(self, changes: List[Change]) -> None:
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

    def remove(self, lines: List[Line]) -> None:
        for line in lines:
            try:
                self.call("DeleteHub", HubName_str=line.name)
            except RpcError as error:
                if error.code != HUB_NOT_FOUND:
                    raise
        self.softether.refresh()


class HubConcern(Concern):
    """The hubs of the lab; other hubs, and users that someone made by hand, are left alone."""

    def __init__(self, state: State, softether: SoftEther) -> None:
        self.softether = softether
        self.users = Users(softether)
        self.access = AccessList(softether)
        handlers: List[Handler] = [Hubs(softether), SecureNatSetting(softether)]
        handlers += [kind(softether) for kind in (HubOption, HubLog, Authority, RadiusSetting, Groups)]
        # The verifier before the users whom it lets in.
        self.verifier = CodeVerifier(state.machine, softether.secrets)
        handlers += [self.verifier, CodeAccounts(state.machine, softether.secrets)]
        # The access list first, so that no new guest is free for a moment.
        handlers += [self.access, self.users, ReaperService(softether)]
        super().__init__(state, handlers)

    def prepare(self, changes: List[Change]) -> bool:
        require(self.softether)
        self.softether.start()
        for what, remedy in without_way(self.softether, [change.want for change in changes if change.want]):
            raise AgentError("the VPN host {}: {}".format(what, remedy))
        back_up(self.softether)
        return False

    def surplus(self, desired: List[Line], applied: Dict[str, Line]) -> List[Line]:
        """Also every account of a hub that is ours alone, and every access rule with our mark."""
        self.access.managed = set(hubs_of([line for line in desired if line.kind == "access"]))
        shut = [line.name for line in desired if line.kind == "hub" and line.values.get("exclusive") == "yes"]
        self.users.exclusive = {hub: self.named(hub, desired) for hub in shut}
        return super().surplus(desired, applied)

    def named(self, hub: str, lines: List[Line]) -> Set[str]:
        """The users of a hub that a document names, in lower case."""
        names = [line.name.lower().partition("/") for line in lines if line.kind == "user"]
        return {user for own, _, user in names if own == hub.lower()}

    def finish(self, changes: List[Change]) -> None:
        self.choose_default([one.want.name for one in changes if one.want and one.want.kind == "hub" and not one.have])
        self.softether.flush()
        self.verifier.require_working()

    def choose_default(self, created: List[str]) -> None:
        """Make L2TP's default hub the wanted one now that it exists: SoftEther took the first hub it had."""
        ipsec = State(self.state.machine, "server").lines().get("ipsec")
        if ipsec and ipsec.values.get("hub") in created:
            settings = self.softether.call("GetIPsecServices")
            self.softether.call("SetIPsecServices", **dict(settings, L2TP_DefaultHub_str=ipsec.values["hub"]))

    def refresh(self) -> None:
        self.softether.refresh()

    def notes(self, desired: List[Line]) -> List[str]:
        notes = self.softether.notes() + CodesHealth(self.state.machine).notes()
        for hub in [line.name for line in desired if line.kind == "hub"]:
            rules = self.access.unmanaged_titles(hub)
            if rules:
                notes.append("access rules made by hand in {}: {}".format(hub, ", ".join(rules)))
            if hub in self.users.exclusive:
                continue
            unmanaged_users = [name for name in self.unmanaged_users(hub, desired) if name != WILDCARD]
            if unmanaged_users:
                notes.append("users made by hand in {}: {}".format(hub, ", ".join(sorted(unmanaged_users))))
        return notes

    def facts(self, desired: List[Line]) -> Dict[str, Any]:
        """The access rules of others in each hub, in the words of a document."""
        hubs = [line.name for line in desired if line.kind == "hub"]
        return {"access": {hub: self.access.found(hub) for hub in hubs}}

    def unmanaged_users(self, hub: str, desired: List[Line]) -> List[str]:
        """The users of a hub whom others made."""
        ours = {line.name.lower() for line in desired if line.kind == "user"}
        ours |= {key.partition(" ")[2].lower() for key in list(self.state.before) + list(self.state.lines())}
        return [name for name in self.users.names(hub) if (hub + "/" + name).lower() not in ours]

    def warnings(self, desired: List[Line]) -> List[str]:
        """What lets in, or lets pass, more than the document does."""
        hubs = [line.name for line in desired if line.kind == "hub"]
        found = CodesHealth(self.state.machine).warnings() + self.wildcard_warnings(desired)
        for hub in hubs:
            found += unlocked(hub, self.users.accounts(hub), desired)
            found += self.access.openings(hub, [line for line in desired if line.kind == "access"])
            found += weaknesses(hub, hub_block(self.softether, hub) or {}, desired)
            found += self.administrator_warnings(hub)
        return found

    def administrator_warnings(self, hub: str) -> List[str]:
        """Who has dialled in by the hub's password."""
        if self.softether.trouble or hub_block(self.softether, hub) is None:
            return []
        return [
            "someone at {} has dialled into {} as its administrator, with the hub's password: "
            "give the hub another one".format(session.source, hub)
            for session in live(self.softether.call("EnumSession", HubName_str=hub).get("SessionList", []))
            if session.user == ADMINISTRATOR
        ]

    def wildcard_warnings(self, desired: List[Line]) -> List[str]:
        """That someone let in everyone whom RADIUS knows; a hub that is ours alone shows it as drift."""
        return [
            "the user * of {} was made by hand, so everyone whom its RADIUS server knows gets in: "
            "give * a line in the users' file, or delete that user".format(line.name)
            for line in desired
            if line.kind == "hub" and line.name not in self.users.exclusive
            if WILDCARD in self.unmanaged_users(line.name, desired)
        ]

    def refusals(self, desired: List[Line]) -> List[List[str]]:
        tree = self.softether.tree() if self.softether.installed else {}
        return (
            beside_bridges(tree, desired)
            + without_way(self.softether, desired)
            + [
                [
                    "has no password for {} to keep".format(name.replace("/", "'s user ", 1)),
                    "set one: `pulumi config set --secret --path passwords.{}`".format(name.partition("/")[2]),
                ]
                for name in self.users.lost(desired)
            ]
        )

    def remove(self) -> List[str]:
        if not self.softether.installed:
            return []
        # What is in a hub that is ours alone goes with the hub, in one call.
        lines = [bare_line(key) for key in self.state.before]
        going = {line.name for line in lines if line.kind == "hub" and self.state.before[line.key] is None}
        self.state.forget([line.key for line in lines if line.kind != "hub" and line.name.partition("/")[0] in going])
        return super().remove()
