"""The concern `host`: packages, who may administer SoftEther, and its service; it is never open on the way."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import hashlib
from typing import Any, Dict, List, Optional

from labvpn.agent.addresses import Addresses
from labvpn.agent.concern import Concern, Handler, Values
from labvpn.agent.document import Change, Line, parse
from labvpn.agent.errors import AgentError
from labvpn.agent.machine import Machine
from labvpn.agent.packages import Masks, Packages
from labvpn.agent.seed import seed
from labvpn.agent.softether import SoftEther
from labvpn.agent.state import HOME, State
from labvpn.agent.units import Units

AGENT = "/usr/local/lib/labvpn/agent"
LOOPBACK = "127.0.0.1,::1"
# Services that packages bring and would start at once.
SERVICES = {"softether-vpnserver": "softether-vpnserver", "firewalld": "firewalld"}


class Agent(Handler):
    """`agent digest=...`: the file of this agent itself; it is only compared, whoever runs it has installed it."""

    kind = "agent"

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def show(self, line: Line) -> Optional[Values]:
        path = self.machine.path(AGENT)
        return {"digest": hashlib.sha256(path.read_bytes()).hexdigest()} if path.exists() else None

    def make(self, changes: List[Change]) -> None:
        raise AgentError(
            "the agent at {} of the VPN host is another one than this stack's: "
            "run `pulumi up` again, which installs it anew".format(AGENT)
        )

    def drop(self, lines: List[Line]) -> None:
        """The agent is the last to go, and somebody else takes it away."""


class Administration(Handler):
    """`administration from=127.0.0.1,::1`: the addresses from which the server may be administered (adminip.txt)."""

    kind = "administration"

    def __init__(self, softether: SoftEther) -> None:
        self.machine = softether.machine
        self.file = softether.place.adminip

    def show(self, line: Line) -> Optional[Values]:
        text = self.machine.read(self.file)
        if text is None:
            return None
        entries = [entry.partition("#")[0].strip() for entry in text.splitlines()]
        return {"from": ",".join(entry.replace(" ", "@") for entry in entries if entry)}

    def make(self, changes: List[Change]) -> None:
        for change in changes:
            self.allow(change.line.values.get("from", LOOPBACK))

    def allow(self, addresses: str) -> None:
        """Write the file; a running server reads it at the next login."""
        text = "".join(address.replace("@", " ") + "\n" for address in addresses.split(","))
        self.machine.write(self.file, text)

    def drop(self, lines: List[Line]) -> None:
        self.machine.delete(self.file)


class PackageSet(Handler):
    """`package NAME installed=yes`."""

    kind = "package"

    def __init__(self, state: State, softether: SoftEther, administration: Administration) -> None:
        self.state = state
        self.machine = softether.machine
        self.softether = softether
        self.administration = administration
        self.packages = Packages(softether.machine)
        self.masks = Masks(softether.machine)
        self.server_document = ""

    def show(self, line: Line) -> Optional[Values]:
        return {"installed": "yes"} if self.packages.installed([line.name]) else None

    def make(self, changes: List[Change]) -> None:
        names = [change.line.name for change in changes]
        units = [SERVICES[name] for name in names if name in SERVICES]
        if SERVICES["softether-vpnserver"] in units:
            self.secure()
        if units:
            self.masks.set(units)
        self.packages.install(names)
        if "firewalld" in names:
            # It starts when the firewall's own step has made sure of SSH, and not at a reboot before that.
            self.machine.must(["systemctl", "disable", "firewalld"])
        self.masks.release(units)

    def secure(self) -> None:
        """Leave a fresh server no moment in which it takes orders from outside or without a password."""
        if self.machine.read(self.administration.file) is None:
            self.administration.allow(LOOPBACK)
        if not self.machine.path(self.softether.place.config).exists():
            self.softether.keep_password()
            text = seed(parse(self.server_document), self.softether.secrets.administrator)
            self.machine.write(self.softether.place.config, text, 0o600)

    def drop(self, lines: List[Line]) -> None:
        names = [line.name for line in lines]
        before = [key for key, was in self.state.before.items() if was is None]
        ours = {key.partition(" ")[2] for key in before if key.startswith("package ")}
        self.packages.purge(names, ours.difference(names))

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        """A package that was there before us and went is installed again."""
        self.packages.install([line.name])


class Host(Concern):
    """What has to be on the host before anything else; SoftEther comes locked, and starts last."""

    def __init__(self, state: State, softether: SoftEther, server_document: str = "") -> None:
        self.softether = softether
        machine = softether.machine
        administration = Administration(softether)
        packages = PackageSet(state, softether, administration)
        self.packages = packages.packages
        packages.server_document = server_document
        units = Units(machine)
        units.ready[softether.place.unit] = softether.wait_ready
        super().__init__(state, [Agent(machine), administration, packages, Addresses(machine), units])

    def prepare(self, changes: List[Change]) -> bool:
        for change in changes:
            if change.line.kind == "agent" and change.want:
                self.handlers["agent"].make([change])
            if change.line.kind == "package" and change.want:
                self.packages.note_folders(change.line.name)
        Masks(self.softether.machine).release(list(SERVICES.values()))
        return False

    def remove(self) -> List[str]:
        # A run that was cut off may have left dpkg at work, or things that it has not configured yet.
        self.packages.mend()
        done = super().remove()
        self.packages.purge([])
        if self.state.before.get("package softether-vpnserver", {}) is None:
            self.softether.machine.delete(HOME + "/administrator")
        return done
