"""Whether the code verifier works: it is asked as SoftEther would, by a question that logs nobody in (RFC 5997)."""

import hashlib
import hmac
import os
import re
import socket
import struct
import time
from typing import Any, Dict, List, Optional

from labvpn.agent.codes.accounts import accounts_of
from labvpn.agent.codes.settings import campus_of, setting
from labvpn.agent.core.errors import harmless
from labvpn.agent.core.machine import Machine
from labvpn.agent.core.paths import CODES, CODES_RUN, UNIT_FILE
from labvpn.agent.core.reading import opened

UNIT_NAME = "labvpn-codes"
CONFIG = CODES + "/radiusd.conf"
STEPS = CODES + "/used/steps.json"
TROUBLE = CODES_RUN + "/trouble"
SILENT = CODES_RUN + "/campus"
STATUS_SERVER, ACCESS_ACCEPT, MESSAGE_AUTHENTICATOR = 12, 2, 80
"""Codes of RADIUS packets and an attribute's number (RFC 5997, section 3; RFC 2869, section 5.14)."""

SILENCE = (
    "{}, UDP port {}, has not answered since {}; a RADIUS server is also silent towards an address or a secret that it "
    "does not know"
)
AHEAD = (
    "no code of {} is good: the last one used is of a later time than the VPN host's clock shows, so that was or is "
    "wrong; see `timedatectl` there, and once it is right `pulumi up` makes them good again"
)
STEP_SECONDS, STEPS_AHEAD = 30, 1
"""How long a code is shown, and how many later ones are good already, as in the verifier, which runs elsewhere."""

ANSWER_SECONDS = 1.0
TRIES = 2
MOST_LEFT = 300
"""Bytes that are read of what the verifier says."""


def answers(port: int, secret: str) -> bool:
    """Whether a RADIUS server with this secret answers on the loopback."""
    identity = os.urandom(17)
    head = struct.pack(">BBH", STATUS_SERVER, identity[0], 38) + identity[1:]
    attribute = bytes([MESSAGE_AUTHENTICATOR, 18])
    proof = hmac.new(secret.encode(), head + attribute + bytes(16), hashlib.md5).digest()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(ANSWER_SECONDS)
        for _ in range(TRIES):
            try:
                asked.connect(("127.0.0.1", port))
                asked.send(head + attribute + proof)
                said = asked.recv(4096)
            except OSError:
                continue
            # RADIUS knows no other hash (RFC 2865, section 3).
            signed = hashlib.md5(said[:4] + identity[1:] + said[20:] + secret.encode()).digest()  # noqa: S324
            return said[:2] == bytes([ACCESS_ACCEPT, identity[0]]) and said[4:20] == signed
    return False


def left_by_verifier(machine: Machine, name: str) -> str:
    """The beginning of a file of the verifier's, '' for none: it is not root's, so only a regular file is read."""
    try:
        with opened(machine.path(name), follow=False) as file:
            return harmless(file.read(MOST_LEFT).decode("utf-8", "replace").strip())
    except OSError:
        return ""


class CodesHealth:
    """What keeps the verifier from working, in words; '' where nothing is known to."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    @property
    def ordered(self) -> bool:
        """Whether this host checks codes."""
        return self.machine.path(UNIT_FILE.format(UNIT_NAME)).exists() or self.machine.path(CONFIG).exists()

    def trouble(self) -> str:
        """Why nobody with a second factor gets in."""
        if self.machine.run(["systemctl", "is-active", "-q", UNIT_NAME]).status != 0:
            return "FreeRADIUS does not run ({})".format(self.last_words())
        config = self.machine.read(CONFIG) or ""
        port = setting(config, "port")
        if not port.isdigit() or not answers(int(port), setting(config, "secret")):
            return "FreeRADIUS runs, but does not answer on UDP port {} of the loopback".format(port or "?")
        return left_by_verifier(self.machine, TROUBLE)

    def trouble_of_campus(self) -> Optional[str]:
        """Why those whose password the campus's RADIUS has do not get in; None where it is not asked."""
        campus = campus_of(self.machine.read(CONFIG) or "")
        if campus is None:
            return None
        server, _, since = left_by_verifier(self.machine, SILENT).partition(" ")
        return server and SILENCE.format(server, campus.port, since)

    def ahead(self) -> List[str]:
        """The users whose last code is of a later time than now, so that no code of theirs is good before then."""
        if self.machine.path(STEPS).is_symlink():
            return []
        now = time.time() // STEP_SECONDS + STEPS_AHEAD
        steps = self.machine.read_object(STEPS)
        return sorted(user for user, step in steps.items() if isinstance(step, int) and step > now)

    def last_words(self) -> str:
        """What FreeRADIUS complained of last, as its log has it; it writes no password there."""
        command = ["journalctl", "-u", UNIT_NAME, "-n", "40", "-o", "cat", "--no-pager"]
        lines = [line.strip() for line in self.machine.run(command).output.splitlines()]
        complaints = [line for line in lines if re.search(r"\berror\b|failed|unable", line, re.IGNORECASE)]
        return harmless(complaints[-1][-200:]) if complaints else "see `systemctl status {}` there".format(UNIT_NAME)

    def status(self) -> Optional[Dict[str, Any]]:
        """How many users give a code and what keeps them, or those of the campus's, out; None where none is checked."""
        if not self.ordered:
            return None
        users = [account for account in accounts_of(self.machine).values() if "secret" in account]
        return {"users": len(users), "trouble": self.trouble(), "campus": self.trouble_of_campus()}

    def notes(self) -> List[str]:
        """That codes may come too early or too late, since nothing sets the host's clock."""
        if not self.ordered or not re.search(r"synchronized: no\b", self.machine.run(["timedatectl"]).output):
            return []
        return ["the clock of the VPN host is not synchronized, and codes depend on it: see `timedatectl` there"]

    def warnings(self) -> List[str]:
        """Who does not get in, and why."""
        if not self.ordered:
            return []
        sentences = {
            "nobody with a second factor gets in: {}": self.trouble(),
            "nobody with a password at the campus's RADIUS gets in: {}": self.trouble_of_campus(),
        }
        found = [sentence.format(trouble) for sentence, trouble in sentences.items() if trouble]
        ahead = ", ".join(map(harmless, self.ahead()))
        return [*found, AHEAD.format(ahead)] if ahead else found
