"""The same probe from another machine: a command prefix runs it there and returns what it saw as JSON."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from labvpn.agent.bundle import program
from labvpn.connect.refused import last_line
from labvpn.connect.vantage import named_command, printed_objects
from labvpn.probe import scan
from labvpn.probe.scan import PLACES, VantageView
from labvpn.probe.targets import TargetError, Targets

# Seconds for the whole of it: a slow login, and the probe itself.
PATIENCE = 60.0

_HERE = Path(__file__).parent
# What a machine without labvpn is sent: the standard library is all it needs.
SENT = (
    "targets",
    "observation",
    "sockets",
    "services",
    "scan",
    "standalone",
    "wire/ike",
    "wire/names_and_time",
    "wire/openvpn",
    "wire/l2tp",
    "wire/sstp",
)


@dataclass(frozen=True)
class RemoteVantage:
    """A vantage point: its name, where it is, and the words of the command that leads there."""

    name: str
    place: str
    prefix: tuple[str, ...]

    @property
    def is_python(self) -> bool:
        """Whether the command ends in a Python, to which the probe is sent, and not in a labvpn."""
        return Path(self.prefix[-1]).name.startswith("python")

    def observe(self, wanted: Targets, address: str) -> VantageView:
        """What this point sees of all ports; what goes wrong on the way becomes the view's trouble."""
        start = ["-I", "-B", "-"] if self.is_python else ["doctor", "probe"]
        command = [*self.prefix, *start, *arguments(wanted, address), *([] if self.is_python else ["--json"])]
        script = bundle() if self.is_python else ""
        try:
            ran = subprocess.run(
                command,
                input=script,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return VantageView(self.name, self.place, trouble=f"{self.prefix[0]} did not end within {PATIENCE:.0f} s")
        except OSError as error:
            return VantageView(self.name, self.place, trouble=f"{self.prefix[0]}: {error.strerror}")
        return read(self, ran.stdout, ran.stderr, ran.returncode)


def vantage(text: str) -> RemoteVantage:
    """The vantage point of NAME=COMMAND PREFIX; its name says where it is (campus, vpn, host), else outside.

    Raises TargetError.
    """
    try:
        name, prefix = named_command(text)
    except ValueError as error:
        raise TargetError(str(error)) from None
    return RemoteVantage(name, place_of(name), prefix)


def place_of(name: str) -> str:
    """Where a vantage point of that name is: campus and campus-library are on the campus."""
    first = name.partition("-")[0]
    return first if first in PLACES else "outside"


def read(there: RemoteVantage, out: str, err: str, code: int) -> VantageView:
    """The view in what a vantage point printed, whatever its login printed before and after it."""
    for data in printed_objects(out):
        try:
            view = scan.from_json(data["vantages"][0] if "vantages" in data else data)
        except (KeyError, IndexError, TypeError, ValueError):
            continue
        return replace(view, name=there.name, place=there.place)
    words = last_line(err, "it printed no report")
    instead = last_line(out, "")
    output = f"; it printed: {instead}" if instead and not err.strip() else ""
    return VantageView(there.name, there.place, trouble=f"{words} (exit status {code}){output}")


def bundle() -> str:
    """The probe as one Python program for a machine's `python3 -`."""
    texts = {f"labvpn.probe.{name.replace('/', '.')}": (_HERE / f"{name}.py").read_text("utf-8") for name in SENT}
    return _OLDEST + program(texts, "labvpn.probe.standalone")


_OLDEST = """\
import sys
if sys.version_info < (3, 9):
    sys.exit("the Python there is older than 3.9, which the probe needs")
"""


def arguments(wanted: Targets, address: str) -> list[str]:
    """The arguments of the probe there: shells on the way find nothing to expand in a host, an address and numbers."""
    opened = {
        protocol: ",".join(str(port.number) for port in wanted.opened if port.protocol == protocol)
        for protocol in ("tcp", "udp")
    }
    lists = {f"--{protocol}": numbers for protocol, numbers in opened.items() if numbers}
    # Without a list a whole server's ports would be asked; a shell on the way would lose an empty one.
    lists = lists or {"--tcp": ","}
    if wanted.closed:
        lists["--closed"] = ",".join(map(str, wanted.closed))
    return [
        next(iter(wanted.names), wanted.host),
        "--address",
        address,
        *(word for option in lists.items() for word in option),
    ]
