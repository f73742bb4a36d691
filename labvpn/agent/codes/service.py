"""The code verifier as a service of the host: FreeRADIUS's settings, the program it asks, the unit, and their end."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import importlib.util
import os
import stat
import time
from typing import Any, List, Optional

from labvpn.agent.codes.accounts import ACCOUNTS, FILE_MODE
from labvpn.agent.codes.health import CONFIG, STEPS, TROUBLE, UNIT_NAME, CodesHealth
from labvpn.agent.codes.settings import UNIT, Campus, campus_of, setting, settings_text
from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line, current
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import CODES, CODES_RUN
from labvpn.agent.core.secret_digests import Secrets
from labvpn.agent.core.service import HostService

PROGRAM = CODES + "/labvpn_verifier.py"
USED = CODES + "/used"
NAMES = {"/usr/sbin/freeradius": "freerad", "/usr/sbin/radiusd": "radiusd"}
"""FreeRADIUS's program by distribution, Debian's first, and the user that its package makes for it."""

START_SECONDS = 20
HINDERED = "hindered"
"""The state of a verifier that runs but lets nobody in."""


def program_text() -> str:
    """The source of what FreeRADIUS asks, as this agent has it."""
    spec = importlib.util.find_spec("labvpn.agent.codes.verifier")
    loader: Any = spec.loader if spec else None
    return str(loader.get_source("labvpn.agent.codes.verifier"))


def number_of(machine: Machine, table: str, name: str) -> Optional[int]:
    """The number of a user or group by its table (passwd(5), group(5)), None where it is not in there."""
    rows = [row.split(":") for row in (machine.read(table) or "").splitlines()]
    return next((int(row[2]) for row in rows if row[0] == name and len(row) > 2 and row[2].isdigit()), None)


class CodeVerifier(Handler):
    """`verifier port=11812 files=current secret=current active=yes`, and `radius`, `radius-port` of the campus's."""

    kind = "verifier"

    def __init__(self, machine: Machine, secrets: Secrets) -> None:
        self.machine = machine
        self.secrets = secrets
        self.health = CodesHealth(machine)
        self.trouble = ""

    @property
    def program(self) -> str:
        """FreeRADIUS's program, as this distribution calls it."""
        return next((name for name in NAMES if self.machine.path(name).exists()), next(iter(NAMES)))

    @property
    def service(self) -> HostService:
        """FreeRADIUS with nothing but our settings, as its package's own user."""
        text = UNIT.format(program=self.program, user=NAMES[self.program], folder=CODES)
        return HostService(self.machine, UNIT_NAME, text)

    def read(self, line: Line) -> Optional[Values]:
        config, active = self.machine.read(CONFIG), self.service.active()
        if config is None and not active:
            return None
        port, secret = setting(config or "", "port"), setting(config or "", "secret")
        campus = campus_of(config or "")
        same = config == settings_text(port, secret, campus) and self.machine.read(PROGRAM) == program_text()
        known = secret == self.secrets.verifier and (campus is None or campus.secret == self.secrets.campus)
        values = {
            "port": port or "none",
            "files": current(same and not self.exposed() and not self.health.ahead()),
            "secret": current(known),
            "active": HINDERED if active == "yes" and self.health.trouble() else active or "no",
        }
        asked = {"radius": campus.servers, "radius-port": campus.port} if campus else {}
        return {**{key: values[key] for key in line.values if key in values}, **asked}

    def exposed(self) -> List[str]:
        """Those of the files that others than root and the verifier may reach, or that the verifier may not."""
        group = number_of(self.machine, "/etc/group", NAMES[self.program])
        found = [name for name in (CODES, CONFIG, PROGRAM, ACCOUNTS) if not self.is_ours(name, os.geteuid(), group)]
        owner = number_of(self.machine, "/etc/passwd", NAMES[self.program])
        return found if self.is_ours(USED, owner, None, 0o077) else [*found, USED]

    def is_ours(self, name: str, owner: Optional[int], group: Optional[int], others: int = 0o027) -> bool:
        """Whether a file is this owner's and group's (None: whose ever) and gives none of these rights to others."""
        path = self.machine.path(name)
        if not os.path.lexists(str(path)):
            return True
        facts = path.lstat()
        same = owner in (None, facts.st_uid) and group in (None, facts.st_gid)
        return same and not stat.S_ISLNK(facts.st_mode) and not stat.S_IMODE(facts.st_mode) & others

    def apply(self, changes: List[Change]) -> None:
        self.make_folders(NAMES[self.program])
        values = changes[-1].line.values
        campus = None
        if "radius" in values:
            campus = Campus(values["radius"], values["radius-port"], self.secrets.campus)
        self.machine.write(CONFIG, settings_text(values["port"], self.secrets.verifier, campus), FILE_MODE)
        self.machine.write(PROGRAM, program_text(), FILE_MODE)
        # Written again for its mode and its group.
        self.machine.write(ACCOUNTS, self.machine.read(ACCOUNTS) or "{}\n", FILE_MODE)
        self.machine.delete(TROUBLE)
        self.forget_damaged()
        self.service.start()
        self.trouble = self.await_answer()

    def make_folders(self, user: str) -> None:
        """The folder that the verifier may read and hands its group on, and the one in it that it may write to."""
        make = ["install", "-d", "-g", user]
        self.machine.must([*make, "-o", "root", "-m", "2750", CODES])
        if self.machine.path(USED).is_symlink():
            self.machine.delete(USED)
        self.machine.must([*make, "-o", user, "-m", "0700", USED])

    def forget_damaged(self) -> None:
        """Take away which codes were used where that cannot be read or is of a later time, which lets nobody in."""
        steps: Any = None if self.machine.path(STEPS).is_symlink() else self.machine.read_json(STEPS)
        readable = isinstance(steps, dict) and all(isinstance(step, int) for step in steps.values())
        if not readable or self.health.ahead():
            self.machine.delete(STEPS)

    def await_answer(self) -> str:
        """Wait until it answers: '', or why it does not in time."""
        end = time.monotonic() + START_SECONDS
        while True:
            trouble = self.health.trouble()
            if not trouble or time.monotonic() > end:
                return trouble
            time.sleep(0.2)

    def require_working(self) -> None:
        """AgentError where it was started and does not work; the rest is applied by then."""
        if self.trouble:
            raise AgentError(
                "the code verifier on the VPN host does not work, so nobody with a second factor gets in: {}; "
                "everything else is applied; fix that and run again".format(self.trouble)
            )

    def remove(self, lines: List[Line]) -> None:
        self.service.stop()
        self.service.forget(CODES, CODES_RUN)
