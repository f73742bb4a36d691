"""Another program in the place of the one that runs, with a way back: what the old server had, the new one must have.

The old programs and the configuration are kept beside the installation until the new server has proven itself; where
it does not, both are put back and started again in the same run.
"""

import shutil
import time
from pathlib import Path
from typing import Callable, Dict, List, Sequence, Set

from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import UNIT_FILE
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.config_file import Tree, is_port, listeners_of, load
from labvpn.agent.softether.hashes import password_hash
from labvpn.agent.softether.installations import UNPACKED, Installation

OLD = UNPACKED.folder + ".old"
"""The former programs and the configuration that they had."""
CONFIGURATION = UNPACKED.config.rpartition("/")[2]
MARK = ".labvpn"
"""The file with the SHA-256 of the archive whose programs are in a folder."""

PROOF_SECONDS = 15.0
"""How long the new server may take to answer; with the return, a failed upgrade takes less than 30 s."""


def hubs_of(tree: Tree) -> Dict[str, Tree]:
    """The hubs of a configuration."""
    found: Dict[str, Tree] = tree.get("VirtualHUB", {})
    return found


def passwords_of(hub: Tree) -> Dict[str, object]:
    """What is stored of each user's password."""
    users: Dict[str, Tree] = hub.get("SecurityAccountDatabase", {}).get("UserList", {})
    return {name: user.get("AuthPassword") for name, user in users.items()}


def ports_of(tree: Tree) -> Set[str]:
    """The ports on which a server should listen."""
    return {port for port, enabled in listeners_of(tree).items() if enabled and is_port(port)}


def missing_in(before: Tree, after: Tree) -> List[str]:
    """What users would miss: hubs, users, passwords and listeners, in words."""
    there = hubs_of(after)
    found = ["the hub {}".format(hub) for hub in hubs_of(before) if hub not in there]
    for hub, block in hubs_of(before).items():
        old, new = passwords_of(block), passwords_of(there.get(hub, block))
        gone = [name for name in old if name not in new]
        if gone:
            found.append("{} of the {} users of {}, such as {}".format(len(gone), len(old), hub, gone[0]))
        changed = [name for name in old if name in new and new[name] != old[name]]
        if changed:
            found.append("the password of {} users of {}, such as {}".format(len(changed), hub, changed[0]))
    return found + ["the listener {}".format(port) for port in sorted(ports_of(before) - ports_of(after))]


class Upgrade:
    """One exchange of a server's programs, and the way back from it; `own` names what the server itself keeps."""

    def __init__(self, softether: SoftEther, own: Sequence[str]) -> None:
        self.softether = softether
        self.machine = softether.machine
        self.own = own
        self.before: Tree = {}

    def is_one(self) -> bool:
        """Whether a server runs here, or did before an exchange that was cut off; a first one has no way back."""
        return self.machine.path(OLD).exists() or (self.softether.installed and self.softether.running())

    def begin(self) -> None:
        """Note what the server has, stop it and keep its programs; after a run cut off those kept are the old ones."""
        old = self.machine.path(OLD)
        if old.exists():
            self.before = filed(self.machine)
            self.softether.close()
            self.machine.must(["systemctl", "stop", UNPACKED.unit], 90)
            return
        self.before = self.softether.tree()
        self.softether.close()
        self.machine.must(["systemctl", "stop", UNPACKED.unit], 90)
        draft = self.machine.path(OLD + ".new")
        self.machine.delete(OLD + ".new")
        draft.mkdir(mode=0o700)
        copy_all(self.machine.path(UNPACKED.folder), draft, [name for name in self.own if name != CONFIGURATION])
        draft.replace(old)

    def prove(self) -> None:
        """Start the new server and compare; AgentError where it lacks something, with the old one running again."""
        self.compare(self.go_back)

    def prove_move(self, before: Tree, former: Installation) -> None:
        """The same where the old server is another installation, which was stopped and is whole."""
        self.before = before
        self.compare(lambda: self.move_back(former))

    def compare(self, back: Callable[[], None]) -> None:
        """Start the new server; AgentError where it lacks something, after `back` has the old one run again."""
        began = time.monotonic()
        try:
            self.softether.start(PROOF_SECONDS)
            trouble = self.trouble()
        except AgentError as error:
            trouble = str(error)
        if trouble:
            back()
            raise AgentError(
                "the new SoftEther did not prove itself ({}), so the old program and configuration are back and run on "
                "the VPN host, after {:.0f} s: write the old archive into `server.tarball`, or try another".format(
                    trouble, time.monotonic() - began
                )
            )

    def end_new(self) -> None:
        """End the new server, whatever it does."""
        self.softether.close()
        self.machine.run(["systemctl", "kill", "--signal=SIGKILL", UNPACKED.unit])
        self.machine.run(["systemctl", "stop", UNPACKED.unit], 90)

    def move_back(self, former: Installation) -> None:
        """Take the new installation away, and have the old one run."""
        self.end_new()
        self.machine.delete(UNIT_FILE.format(UNPACKED.unit))
        self.machine.delete(UNPACKED.folder)
        self.machine.must(["systemctl", "daemon-reload"])
        self.softether.place = former
        self.softether.start(PROOF_SECONDS)

    def go_back(self) -> None:
        """Have the old programs and their configuration in place of the new ones, and run."""
        self.end_new()
        folder = self.machine.path(UNPACKED.folder)
        for thing in list(folder.iterdir()):
            if thing.name not in self.own:
                self.machine.delete("{}/{}".format(UNPACKED.folder, thing.name))
        # The mark of the archive comes last: without it a run that is cut off here is repeated as a whole.
        copy_all(self.machine.path(OLD), folder, [MARK])
        copy_all(self.machine.path(OLD), folder, [thing.name for thing in folder.iterdir()])
        self.machine.delete(OLD)
        self.softether.start(PROOF_SECONDS)

    def trouble(self) -> str:
        """What is wrong with the server that runs now, '' where it has all that the old one had and takes logins."""
        softether = self.softether
        softether.close()
        after = softether.tree()
        if softether.trouble:
            return "the administrator cannot log in: {}".format(softether.trouble)
        missing = missing_in(self.before, after)
        if missing:
            return "it lacks " + ", ".join(missing[:5])
        listed = softether.call("EnumListener").get("ListenerList", [])
        deaf = {str(one["Ports_u32"]) for one in listed if one["Enables_bool"] and one["Errors_bool"]}
        new = sorted(deaf & ports_of(self.before))
        return "it cannot listen on {}".format(", ".join(new)) if new else self.login_trouble()

    def login_trouble(self) -> str:
        """Why a hub's administrator cannot log in with the password that the stack has set."""
        for hub, password in self.softether.secrets.hubs.items():
            if hubs_of(self.before).get(hub, {}).get("HashedPassword") != password_hash(password):
                continue
            rpc = self.softether.rpc(self.softether.ports()[0], password, hub=hub)
            try:
                rpc.call("GetHubStatus", HubName_str=hub)
            except AgentError as error:
                return "nobody can log in to {}: {}".format(hub, error)
            finally:
                rpc.close()
        return ""


def filed(machine: Machine) -> Tree:
    """The configuration that was kept with the old programs."""
    return load((machine.read("{}/{}".format(OLD, CONFIGURATION)) or "").splitlines())


def copy_all(source: Path, target: Path, left_out: Sequence[str]) -> None:
    """Copy files and folders with their modes, except some by name; what is there already is replaced."""
    for thing in source.iterdir():
        if thing.name in left_out:
            continue
        if thing.is_dir() and not thing.is_symlink():
            shutil.copytree(str(thing), str(target / thing.name), symlinks=True)
        else:
            draft = target / (thing.name + ".back")
            shutil.copy2(str(thing), str(draft), follow_symlinks=False)
            draft.replace(target / thing.name)
