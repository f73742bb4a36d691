"""Which installation of SoftEther a host's document means, and why the host cannot have it."""

import re
from typing import Iterator, List, Optional

from labvpn.agent.core.document import Line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.packages import Packages, install_lines
from labvpn.agent.core.state import State
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.installations import (
    INSTALLATIONS,
    PACKAGED,
    UNPACKED,
    UPSTREAMS,
    Installation,
    installation,
    unit_of,
)

OLDEST_SYSTEMD = 219
PACKAGE, ARCHIVE = "package softether-vpnserver", "archive vpnserver"
OF_SOFTETHER = (PACKAGE, "package softether-vpncmd", ARCHIVE, "unit softether-vpnserver", "unit vpnserver")
"""What is ours of an installation, by the keys of a document."""

STABLE = (
    "https://github.com/SoftEtherVPN/SoftEtherVPN_Stable/releases/download/v4.44-9807-rtm/"
    "softether-vpnserver-v4.44-9807-rtm-2025.04.16-linux-x64-64bit.tar.gz"
)
INSTEAD = "`install: tarball` and `tarball: {{address: {}, sha256: ...}}` (its `sha256sum`)".format(STABLE)
"""What to write where there is no package: SoftEther's newest stable release, for PCs."""

REMEDY = "set server.install to `present`, which manages its settings, or remove it from the host"


def is_present(desired: List[Line]) -> bool:
    """Whether the document leaves the installation to others."""
    return any(line.kind == "softether" for line in desired)


class InstallationChecks:
    """Compares what a document wants of the installation with what the host has."""

    def __init__(self, state: State, softether: SoftEther, packages: Packages) -> None:
        self.state = state
        self.machine = softether.machine
        self.packages = packages

    def place(self, desired: List[Line]) -> Installation:
        """Where the host has SoftEther; where it has none yet, where the document wants it."""
        wanted = self.wanted(desired)
        there = installation(self.machine)
        exists = self.machine.path((wanted or there).program).exists()
        return wanted if wanted and (exists or not self.machine.path(there.program).exists()) else there

    def wanted(self, desired: List[Line]) -> Optional[Installation]:
        """Where the document puts SoftEther, None where it leaves that to others."""
        keys = {line.key for line in desired}
        return UNPACKED if ARCHIVE in keys else PACKAGED if PACKAGE in keys else None

    def refusals(self, desired: List[Line]) -> List[List[str]]:
        """Why the document cannot be applied here: pairs of what is wrong and what to do."""
        if not desired:
            return []
        found = list(self.systemd_refusals())
        found += self.present_refusals() if is_present(desired) else self.other_refusals(desired)
        wanted = [line.name for line in desired if line.kind == "package"]
        missing = sorted(set(wanted) - self.packages.installed(wanted))
        if missing and not self.packages.are_debians:
            found.append(missing_packages(missing))
        elif missing:
            found += self.unknown_packages(self.packages.unknown(missing))
        return found

    def unknown_packages(self, names: List[str]) -> Iterator[List[str]]:
        """That apt has no candidate, as on Debian 13 for SoftEther."""
        sources = "run `apt-get update` there if its sources have changed since"
        if "softether-vpnserver" in names:
            what = "is {} and apt has no package softether-vpnserver for it".format(self.system())
            yield [what, "write {} under server; or {}".format(INSTEAD, sources)]
        others = [name for name in names if not name.startswith("softether")]
        if others:
            yield ["has no package {} in apt's lists".format(" and ".join(others)), sources]

    def system(self) -> str:
        """What the host calls its system."""
        named = re.search(r'^PRETTY_NAME="?([^"\n]+)', self.machine.read("/etc/os-release") or "", re.MULTILINE)
        return named.group(1) if named else "a system without a name"

    def systemd_refusals(self) -> Iterator[List[str]]:
        """That systemd is missing, or too old for our units."""
        outcome = self.machine.run(["systemctl", "--version"])
        version = re.match(r"systemd (\d+)", outcome.output)
        if outcome.status == 127:
            yield ["has no systemd, which starts what this stack puts there", install_lines("systemd-sysv", "systemd")]
        elif version and int(version.group(1)) < OLDEST_SYSTEMD:
            yield [
                "has systemd {}, and this stack's units need at least {}".format(version.group(1), OLDEST_SYSTEMD),
                "use a newer system: at least CentOS 7, Debian 9 or Ubuntu 16.04",
            ]

    def present_refusals(self) -> Iterator[List[str]]:
        """That nothing is there although it should be, or that nothing starts it."""
        place = installation(self.machine)
        if not self.machine.path(place.program).exists():
            folders = ", ".join(one.program for one in INSTALLATIONS)
            yield [
                "has no SoftEther, which server.install: present expects ({})".format(folders),
                "install it there, or set server.install to `package` or `tarball`",
            ]
        elif not unit_of(self.machine, place):
            yield [
                "has SoftEther in {} but no systemd unit that starts it".format(place.folder),
                "write /etc/systemd/system/{}.service".format(place.unit),
            ]
        elif not self.machine.path(place.config).exists():
            yield [
                "has SoftEther in {} without its configuration {}, so a start would make a new server that anyone may "
                "administer".format(place.program, place.config),
                "restore that file, or start the server there and set its administrator password at once",
            ]

    def other_refusals(self, desired: List[Line]) -> Iterator[List[str]]:
        """That someone else has installed SoftEther already: two servers would compete for the ports."""
        there = installation(self.machine)
        own = self.wanted(desired) or there
        if there == UPSTREAMS and own == PACKAGED:
            yield ["has SoftEther of upstream's package in {}".format(UPSTREAMS.folder), REMEDY]
        for place, key in ((UNPACKED, ARCHIVE), (PACKAGED, PACKAGE)):
            ours = self.state.before.get(key, {}) is None
            exists = self.machine.path(place.folder if place == UNPACKED else place.program).exists()
            if exists and not ours and (place != own or place == UNPACKED):
                yield ["has SoftEther in {} that this stack did not install".format(place.program), REMEDY]

    def require(self, desired: List[Line]) -> None:
        """AgentError with the first refusal, before anything is touched."""
        for what, remedy in self.refusals(desired):
            raise AgentError("the VPN host {}: {}".format(what, remedy))


def missing_packages(names: List[str]) -> List[str]:
    """The refusal for missing packages where the agent cannot install them."""
    if "softether-vpnserver" in names:
        return ["has no apt-get, and SoftEther's package is Debian's", "set server.install to `tarball` or `present`"]
    return ["lacks {}".format(" and ".join(names)), "`yum install {}`".format(" ".join(names))]
