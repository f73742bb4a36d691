"""Packages: which are installed, how Debian's come without starting anything, and how exactly ours go again."""

import fcntl
import re
from typing import Any, Dict, Iterable, List, Set

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.lock import wait_for
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import BROUGHT
from labvpn.agent.core.state_file import DamagedState, StateFile, are_texts, is_object

APT_SECONDS = 600
LOCK_SECONDS = 300.0
BROUGHT_REMEDY = (
    "restore it from a backup of the host; without one move it away: packages that were installed with ours "
    "then stay on the host after `pulumi destroy`"
)
# What a package leaves behind when it goes; it goes too if it came with us.
FOLDERS = {
    "softether-vpnserver": ["/var/lib/softether", "/var/log/softether"],
    "firewalld": ["/etc/firewalld", "/etc/xml"],
    "netbase": ["/etc/hosts"],
    "freeradius": ["/etc/freeradius", "/var/log/freeradius"],
}
# The same of groups: freeradius-config needs ssl-cert, whose purge leaves its group.
GROUPS = {"freeradius": ["ssl-cert"]}
# Ubuntu's needrestart would restart other people's services after an installation (needrestart(1)).
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "APT_LISTCHANGES_FRONTEND": "none", "NEEDRESTART_SUSPEND": "1"}
# Wait for another apt for a minute; keep configuration files that someone changed.
OPTIONS = ["-y", "-q", "-o", "DPkg::Lock::Timeout=60", "-o", "Dpkg::Options::=--force-confold"]


# Where packages are RPM's, they are only looked for, under these names.
RPM_NAMES = {"netbase": "setup", "bind9-dnsutils": "bind-utils", "freeradius-python3": "python3-freeradius"}


def install_lines(apt: str, yum: str) -> str:
    """The commands that install what is missing."""
    return "`apt-get install {}` (Debian, Ubuntu) or `yum install {}` (CentOS, Rocky, Alma)".format(apt, yum)


def is_memory(value: Any) -> bool:
    """Whether a value is what is remembered of the installations: names, by their kind."""
    return is_object(value) and all(map(are_texts, value.values()))


class Packages:
    """The packages of one machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.memory = StateFile(machine, BROUGHT, BROUGHT_REMEDY, is_memory)

    def refusals(self) -> List[List[str]]:
        """That it is not known any more what came with us: a pair of what is wrong and what to do."""
        try:
            self.memory.read()
        except DamagedState as damage:
            return [[damage.what, damage.remedy]]
        return []

    @property
    def are_debians(self) -> bool:
        """Whether this host's packages are Debian's."""
        return self.machine.run(["dpkg-query", "--version"]).status != 127

    def installed(self, names: List[str]) -> Set[str]:
        """Those of the names that are wholly installed."""
        if names and not self.are_debians:
            return {name for name in names if self.machine.run(["rpm", "-q", RPM_NAMES.get(name, name)]).status == 0}
        return {name for name, status in self.states(names).items() if status == "installed"}

    def candidates(self, names: List[str]) -> Dict[str, str]:
        """The versions that apt would install; one that it does not know is missing."""
        found = {}
        name = ""
        for line in self.machine.run(["apt-cache", "policy", *names]).output.splitlines() if names else ():
            if not line.startswith(" "):
                name = line.strip().rstrip(":")
            elif line.strip().startswith("Candidate:") and "(none)" not in line:
                found[name] = line.partition(":")[2].strip()
        return found

    def unknown(self, names: List[str]) -> List[str]:
        """Those of the names that apt could not install; without any list of packages nothing is known about them."""
        lists = self.machine.path("/var/lib/apt/lists")
        if not lists.is_dir() or not any(lists.glob("*_Packages*")):
            return []
        candidates = self.candidates(names)
        return [name for name in names if name not in candidates]

    def states(self, names: List[str]) -> Dict[str, str]:
        """What dpkg says of each of the names that it knows: installed, unpacked, config-files..."""
        if not names:
            # Asked without a name, dpkg-query lists every package of the host.
            return {}
        command = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names]
        pairs = [line.split() for line in self.machine.run(command).output.splitlines()]
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    def mend(self) -> None:
        """Wait for another run of dpkg, and finish what one that was cut off has left."""
        lock = self.machine.path("/var/lib/dpkg/lock-frontend")
        if lock.exists():
            with lock.open("r+") as file:
                wait_for(lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB), "another dpkg", LOCK_SECONDS)
        if self.machine.run(["dpkg", "--audit"]).output.strip():
            self.machine.must(["dpkg", "--configure", "-a"], APT_SECONDS, QUIET)

    def install(self, names: List[str]) -> None:
        """Install packages with what they need, and note first what comes with them, so that it can go again."""
        if not self.are_debians:
            raise AgentError(
                "the VPN host has no apt-get, so Debian's package {0} cannot be installed there: "
                "run `yum install {0}`, and for SoftEther itself set server.install to `tarball` or `present`".format(
                    " ".join(RPM_NAMES.get(name, name) for name in names)
                )
            )
        self.mend()
        self.machine.must(["apt-get", "update", *OPTIONS], APT_SECONDS, QUIET)
        command = ["apt-get", "install", "--no-install-recommends", *OPTIONS]
        self.note("packages", self.planned([*command, "-s", *names], "Inst"))
        self.machine.must([*command, *names], APT_SECONDS, QUIET)

    def planned(self, command: List[str], verb: str) -> Set[str]:
        """The packages on which a simulated apt-get would act."""
        output = self.machine.must(command, APT_SECONDS, QUIET)
        return set(re.findall(r"^{} (\S+)".format(verb), output, re.MULTILINE))

    def note_folders(self, name: str) -> None:
        """Remember which of the folders and groups that a purge of this package would leave do not exist yet."""
        groups = re.findall(r"^([^:\n]+):", self.machine.read("/etc/group") or "", re.MULTILINE)
        self.note("groups", set(GROUPS.get(name, [])).difference(groups))
        self.note("folders", {folder for folder in FOLDERS.get(name, []) if not self.machine.path(folder).exists()})

    def brought(self) -> Dict[str, List[str]]:
        """Everything that came with our installations: `packages`, `folders` and `groups`."""
        noted: Dict[str, List[str]] = self.memory.read() or {}
        return noted

    def note(self, kind: str, names: Set[str]) -> None:
        """Remember what an installation brings."""
        noted = self.brought()
        noted[kind] = sorted(names.union(noted.get(kind, [])))
        self.memory.write(noted)

    def let_go(self) -> None:
        """Forget that SoftEther's packages came with us: they stay when we go."""
        noted = self.brought()
        if noted:
            noted["packages"] = [name for name in noted.get("packages", []) if not name.startswith("softether")]
            theirs = FOLDERS["softether-vpnserver"]
            noted["folders"] = [folder for folder in noted.get("folders", []) if folder not in theirs]
            self.memory.write(noted)

    def purge(self, names: List[str], kept: Iterable[str] = ()) -> None:
        """Purge these packages and what came with them, except what is kept and what that or others need."""
        noted = self.brought()
        self.mend()
        doomed = {*noted.get("packages", []), *names}.difference(kept)
        states = self.states(sorted(doomed))
        present = sorted(name for name in doomed if states.get(name, "not-installed") != "not-installed")
        if present:
            self.purge_present(present)
        staying = {folder for name in kept for folder in FOLDERS.get(name, [])}
        for folder in set(noted.get("folders", [])) - staying:
            self.machine.delete(folder)
        kept_groups = {group for name in kept for group in GROUPS.get(name, [])}
        for group in set(noted.get("groups", [])) - kept_groups:
            self.machine.run(["groupdel", group])
        self.machine.delete(BROUGHT)
        if kept:
            self.note("packages", self.installed(noted.get("packages", [])))
            self.note("folders", staying.intersection(noted.get("folders", [])))
            self.note("groups", kept_groups.intersection(noted.get("groups", [])))

    def purge_present(self, names: List[str]) -> None:
        """Purge installed packages, but no package that is not among them."""
        command = ["apt-get", "purge", "--no-auto-remove", *OPTIONS]
        simulate, verbs = [*command, "-s"], "(?:Remv|Purg)"
        if self.planned([*simulate, *names], verbs) - set(names):
            names = [name for name in names if self.planned([*simulate, name], verbs) <= set(names)]
        self.machine.must([*command, *names], APT_SECONDS, QUIET)


class Masks:
    """Units that must not start while packages are installed: masked until they are released, or until a reboot."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def set(self, units: List[str]) -> None:
        """Mask units that may not exist yet."""
        self.machine.must(["systemctl", "mask", "--runtime", *units])

    def release(self, units: List[str]) -> None:
        """Take our masks away, also those that a run cut off has left."""
        links: Dict[str, str] = {unit: "/run/systemd/system/{}.service".format(unit) for unit in units}
        masked = [unit for unit, link in links.items() if self.machine.path(link).is_symlink()]
        if masked:
            self.machine.must(["systemctl", "unmask", "--runtime", *masked])
