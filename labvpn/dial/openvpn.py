"""A dial by the installed OpenVPN with a kit's profile and no device, so that it needs no root and changes nothing.

Without a device SoftEther takes the client for one that brings its own network (TAP), and gives it no address: what is
seen is that the way is open and the login right.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from labvpn.diagnose.diagnose import diagnose
from labvpn.diagnose.event import Cause, Stage
from labvpn.dial import why
from labvpn.dial.outcome import DialCause, DialOutcome, Finding, Say, StepLog
from labvpn.dial.run import Dial, DialRequest, address_of, nameless
from labvpn.kit import openvpn as profiles
from labvpn.kit.request import KitRequest, Trust
from labvpn.model.outputs import Outputs

PROGRAM = "openvpn"
PLACES = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin:/opt/homebrew/sbin:/usr/local/opt/openvpn/sbin"
"""Where the program is, which an ordinary user's PATH often lacks."""
SECONDS = 45.0
"""How long a dial may take: a missing SecureNAT is said after some five seconds, a silent port after twenty."""
NO_DEVICE = ("--dev", "null", "--ifconfig-noexec", "--route-noexec", "--script-security", "0", "--verb", "3")
ONCE = ("--connect-retry-max", "1", "--auth-retry", "none", "--connect-timeout", "10", "--hand-window", "20")
REMOTE = re.compile(r"^remote (\S+)", re.MULTILINE)
IN = "Initialization Sequence Completed"


@dataclass(frozen=True)
class OpenVpnProfile:
    """A profile's text, and its way to the server: `tcp-443`."""

    way: str
    text: str

    @property
    def port(self) -> int:
        """The server's port."""
        return int(self.way.rpartition("-")[2])

    @property
    def hosts(self) -> list[str]:
        """The servers, in the order in which they are tried."""
        return REMOTE.findall(self.text)


def program() -> str | None:
    """The installed OpenVPN; None where there is none."""
    return shutil.which(PROGRAM) or shutil.which(PROGRAM, path=PLACES)


def of_stack(stack: Outputs, user: str, trust: Trust) -> list[OpenVpnProfile]:
    """The profiles of a user's kit: TCP 443, which most networks let out, comes first.

    UDP comes last: the server may hold its session for a while, and a guest may have only one.
    """
    request = KitRequest(stack.of(user), user, trust)
    ways = sorted(profiles.ways(request), key=lambda way: (way.transport, way.port != 443))
    return [OpenVpnProfile(str(way), profiles.profile(request, trust, way)) for way in ways]


def of_file(file: Path) -> OpenVpnProfile:
    """A kit's profile. ValueError where it names no server; OSError where it cannot be read."""
    text = file.read_text("utf-8")
    remote = re.search(r"^remote \S+ (\d+)", text, re.MULTILINE)
    if remote is None:
        raise ValueError(f"{file} names no server with its port; give a profile of the kit")
    protocol = re.search(r"^proto (udp|tcp)", text, re.MULTILINE)
    return OpenVpnProfile(f"{protocol[1] if protocol else 'udp'}-{remote[1]}", text)


def dial(request: DialRequest, profile: OpenVpnProfile, say: Say) -> Dial:
    """Dial by a profile, and leave at once."""
    began, log = time.monotonic(), StepLog(time.monotonic, say)
    # Whose ban and whose code is asked about is an address, as in what ICMP and the other ways say.
    servers = [address for host in profile.hosts or [request.host] if (address := address_of(host))]
    if not servers:
        return nameless(request.host)
    with TemporaryDirectory(prefix="labvpn-dial-") as folder:
        words = [program() or PROGRAM, "--config", _file(folder, "profile.ovpn", profile.text), *NO_DEVICE, *ONCE]
        login = _file(folder, "login", f"{request.user}\n{request.password}\n")
        words += [
            "--auth-user-pass",
            login,
            *(("--explicit-exit-notify", "2") if profile.way.startswith("udp") else ()),
        ]
        lines = list(_lines(words, log))
    outcome = _outcome(lines)
    if outcome.cause is Cause.CREDENTIALS or any("AUTH_FAILED" in line for line in lines):
        outcome = why.refused(request, servers[0], outcome)
    elif outcome.cause is Cause.TCP_443 and why.is_banned(servers[0], request.ports):
        outcome = replace(outcome, cause=DialCause.BANNED, stage=Stage.TRANSPORT, because=Finding("banned"))
    outcome.steps = log.steps
    return Dial(outcome, seconds=time.monotonic() - began)


def _file(folder: str, name: str, text: str) -> str:
    path = Path(folder) / name
    path.touch(0o600)
    path.write_text(text)
    return str(path)


def _lines(words: list[str], log: StepLog) -> Iterator[str]:
    """What the program says until it is in, gives up, or takes too long; then it is asked to leave."""
    running = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    limit = threading.Timer(SECONDS, running.terminate)
    limit.start()
    try:
        for raw in running.stdout or ():
            line = raw.decode("utf-8", "replace").rstrip()
            log.take(re.sub(r"^\d{4}-\d\d-\d\d \S+ ", "", line))
            yield line
            if IN in line:
                return
    finally:
        limit.cancel()
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _outcome(lines: list[str]) -> DialOutcome:
    if any(IN in line for line in lines):
        return DialOutcome(Cause.CONNECTED, Stage.CONNECTED, method="password")
    verdict = diagnose(["\n".join(lines)])
    cause = verdict.causes[0] if verdict.causes else Cause.UNKNOWN
    stage = verdict.stage
    if cause is Cause.CONNECTED:
        cause, stage = Cause.UNKNOWN, Stage.UNKNOWN
    last = next((line for line in reversed(lines) if line.strip()), "")
    return DialOutcome(cause, stage, Finding("openvpn-said", {"line": last.split(" ", 2)[-1]}))
