"""The concern `host`: packages, who may administer SoftEther, and its service; it is never open on the way."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import hashlib
import os
import stat
from typing import Any, Dict, Iterable, List, Optional

from labvpn.agent.codes.health import UNIT_NAME as CODES_UNIT
from labvpn.agent.core.addresses import Addresses
from labvpn.agent.core.concern import Concern, Handler, Values
from labvpn.agent.core.document import Change, Line, parse
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.lock import open_folders
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.packages import Masks, Packages
from labvpn.agent.core.paths import AGENT, KEPT_PASSWORD
from labvpn.agent.core.selinux import let_systemd_execute
from labvpn.agent.core.state import State
from labvpn.agent.core.units import Units
from labvpn.agent.daemons.log_keeper import LogKeeperService
from labvpn.agent.softether.administration import Administration, FirstStart
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.installation_checks import ARCHIVE, OF_SOFTETHER, PACKAGE, InstallationChecks, is_present
from labvpn.agent.softether.installations import PACKAGED
from labvpn.agent.softether.tarball_install import TarballInstall

# Services that packages bring and would start at once.
SERVICES = {"softether-vpnserver": "softether-vpnserver", "firewalld": "firewalld"}

# Services that packages bring and that stay off while the package is ours: codes are checked by a unit of our own.
UNWANTED = {"freeradius": "freeradius"}


class Agent(Handler):
    """`agent digest=... mode=755`: the file of this agent itself; it is only compared, since others install it."""

    kind = "agent"

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def read(self, line: Line) -> Optional[Values]:
        path = self.machine.path(AGENT)
        if not os.path.lexists(str(path)):
            return None
        # Root should not run anything but a regular file of its own, whatever it contains.
        if path.is_symlink() or not path.is_file():
            return dict(line.values, digest="none")
        facts = path.stat()
        mode = "{:o}".format(stat.S_IMODE(facts.st_mode)) if facts.st_uid == os.geteuid() else "of another user"
        mode = ", ".join([mode, *("{} is open to others".format(name) for name in open_folders(self.machine))])
        values = {"digest": hashlib.sha256(path.read_bytes()).hexdigest(), "mode": mode}
        return {key: values[key] for key in line.values}

    def apply(self, changes: List[Change]) -> None:
        raise AgentError(
            "the agent at {} on the VPN host differs from this stack's: "
            "run `pulumi up` again, which reinstalls it".format(AGENT)
        )

    def remove(self, lines: List[Line]) -> None:
        """The stack removes the agent itself, as the last step."""


class PackageSet(Handler):
    """`package NAME installed=yes`."""

    kind = "package"

    def __init__(self, state: State, softether: SoftEther, first: FirstStart) -> None:
        self.state = state
        self.machine = softether.machine
        self.first = first
        self.packages = Packages(softether.machine)
        self.masks = Masks(softether.machine)

    def read(self, line: Line) -> Optional[Values]:
        return {"installed": "yes"} if self.packages.installed([line.name]) else None

    def apply(self, changes: List[Change]) -> None:
        names = [change.line.name for change in changes]
        units = [SERVICES[name] for name in names if name in SERVICES]
        if SERVICES["softether-vpnserver"] in units:
            self.first.secure(PACKAGED)
        if units:
            self.masks.set(units)
        for name in filter(UNWANTED.__contains__, names):
            self.machine.must(["systemctl", "mask", UNWANTED[name]])
        self.packages.install(names)
        if "firewalld" in names:
            # It starts when the firewall's own step has made sure of SSH, and not at a reboot before that.
            self.machine.must(["systemctl", "disable", "firewalld"])
        self.masks.release(units)

    def remove(self, lines: List[Line]) -> None:
        names = [line.name for line in lines]
        before = [key for key, was in self.state.before.items() if was is None]
        ours = {key.partition(" ")[2] for key in before if key.startswith("package ")}
        if "freeradius" in names:
            # The package's user goes with it, and cannot while a program runs as that user.
            self.machine.run(["systemctl", "--quiet", "stop", CODES_UNIT])
        self.packages.purge(names, ours.difference(names))
        self.release_unwanted(names)

    def release_unwanted(self, names: Iterable[str]) -> None:
        """Let these packages' services be started again, by whoever has the packages from now on."""
        for name in filter(UNWANTED.__contains__, names):
            self.machine.run(["systemctl", "unmask", UNWANTED[name]])

    def restore(self, line: Line, remembered: Dict[str, Any]) -> None:
        """A package that was there before us and went is installed again."""
        self.packages.install([line.name])


class Present(Handler):
    """`softether installation=present`: someone else has installed it, and it stays as it is."""

    kind = "softether"

    def __init__(self, softether: SoftEther) -> None:
        self.softether = softether

    def read(self, line: Line) -> Optional[Values]:
        return {"installation": "present"} if self.softether.installed else None

    def apply(self, changes: List[Change]) -> None:
        raise AgentError("SoftEther is not installed on the VPN host: install it there, or let server.install do it")

    def remove(self, lines: List[Line]) -> None:
        """It is not ours to take away."""


class HostConcern(Concern):
    """What has to be on the host before anything else; SoftEther comes locked, and starts last."""

    def __init__(self, state: State, softether: SoftEther, server_document: str = "") -> None:
        self.softether = softether
        machine = softether.machine
        administration = Administration(softether)
        first = FirstStart(softether, administration)
        first.server_document = server_document
        self.package_set = packages = PackageSet(state, softether, first)
        self.packages = packages.packages
        self.tarball = TarballInstall(softether, first)
        self.checks = InstallationChecks(state, softether, self.packages)
        units = Units(machine)
        units.ready = dict.fromkeys(["softether-vpnserver", "vpnserver", "softether"], softether.wait_ready)
        units.real["softether"] = lambda: softether.place.unit
        handlers: List[Handler] = [Agent(machine), administration, packages, self.tarball, Present(softether)]
        super().__init__(state, [*handlers, Addresses(machine), units, LogKeeperService(machine)])

    def observe(self, desired: List[Line], applied: Dict[str, Line]) -> List[Line]:
        """As every concern; SoftEther is looked for where this document has it."""
        self.softether.place = self.checks.place(desired)
        return super().observe(desired, applied)

    def surplus(self, desired: List[Line], applied: Dict[str, Line]) -> List[Line]:
        """Without what `present` leaves to others from now on, although we have installed it."""
        left = OF_SOFTETHER if is_present(desired) else ()
        return [line for line in super().surplus(desired, applied) if line.key not in left]

    def refusals(self, desired: List[Line]) -> List[List[str]]:
        return self.packages.refusals() + self.checks.refusals(desired)

    def converge(self, text: str) -> List[str]:
        desired = parse(text)
        self.checks.require(desired)
        let_systemd_execute(self.softether.machine, AGENT.rpartition("/")[0])
        said = super().converge(text)
        for line in desired:
            if line.kind == "archive":
                self.tarball.archive.discard(line.values["from"])
        if is_present(desired):
            self.state.forget(list(OF_SOFTETHER))
            self.packages.let_go()
        return said + self.release_line() if any(map(is_installation, said)) else said

    def release_line(self) -> List[str]:
        """What runs after an installation, for the stack's outputs."""
        found = self.softether.release() if self.softether.installed else None
        return ["SoftEther {}.{:02d} build {} runs".format(*divmod(found[0], 100), found[1])] if found else []

    def software(self) -> Dict[str, Any]:
        name = "softether-vpnserver"
        return {} if self.softether.installed else {"candidate": self.packages.candidates([name]).get(name, "")}

    def prepare(self, changes: List[Change]) -> bool:
        for change in changes:
            if change.line.kind == "agent" and change.want:
                self.handlers["agent"].apply([change])
            if change.line.kind == "package" and change.want:
                self.packages.note_folders(change.line.name)
        Masks(self.softether.machine).release(list(SERVICES.values()))
        return False

    def remove(self) -> List[str]:
        # A run that was cut off may have left dpkg at work, or things that it has not configured yet.
        self.packages.mend()
        done = super().remove()
        self.packages.purge([])
        # Also where the package went by other hands.
        self.package_set.release_unwanted(
            name for name in UNWANTED if self.state.before.get("package " + name, {}) is None
        )
        if self.state.before.get("archive vpnserver", {}) is None:
            self.tarball.clear()
        if any(self.state.before.get(key, {}) is None for key in ("package softether-vpnserver", "archive vpnserver")):
            self.softether.machine.delete(KEPT_PASSWORD)
        return done


def is_installation(said: str) -> bool:
    """Whether the description of a change says that another SoftEther was installed."""
    news = ("+ " + PACKAGE, "+ " + ARCHIVE, "~ {}: sha256 ".format(ARCHIVE))
    return said.startswith(news)
