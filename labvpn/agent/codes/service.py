"""The code verifier as a service of the host: FreeRADIUS's settings, the program it asks, the unit, and their end."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

import importlib.util
import stat
import time
from typing import Any, List, Optional

from labvpn.agent.codes.accounts import ACCOUNTS, FILE_MODE
from labvpn.agent.codes.health import CONFIG, TROUBLE, UNIT_NAME, CodesHealth
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
STEPS = USED + "/steps.json"
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
            "files": current(same and not self.exposed()),
            "secret": current(known),
            "active": HINDERED if active == "yes" and self.health.trouble() else active or "no",
        }
        asked = {"radius": campus.servers, "radius-port": campus.port} if campus else {}
        return {**{key: values[key] for key in line.values if key in values}, **asked}

    def exposed(self) -> List[str]:
        """Those of the files that others than root and the verifier may reach."""
        found = []
        for name in (CODES, CONFIG, PROGRAM, ACCOUNTS):
            path = self.machine.path(name)
            if path.is_symlink() or (path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o027):
                found.append(name)
        return found

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
        self.machine.must([*make, "-o", user, "-m", "0700", USED])

    def forget_damaged(self) -> None:
        """Take away which codes were used where that cannot be read: nobody would get in any more."""
        steps: Any = None if self.machine.path(STEPS).is_symlink() else self.machine.read_json(STEPS)
        if not isinstance(steps, dict) or not all(isinstance(step, int) for step in steps.values()):
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
