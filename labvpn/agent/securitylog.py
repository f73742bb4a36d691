"""The security log of a hub, followed line by line, and what it says of logins that failed."""

import re
from typing import Dict, Iterable, Iterator, NamedTuple, Tuple

from labvpn.agent.machine import Machine
from labvpn.agent.places import installation
from labvpn.agent.times import stamp

# At the first look no more than this is read of a log, in bytes.
TAIL = 1 << 20
# So many connections are remembered at once.
MOST_CALLERS = 10000

# The sentences of the log in English and in Japanese; by escapes, since the agent travels as plain ASCII.
CALLER = re.compile(r'"(CID-\d+)" ?\([^)"]*?IP[^)"]*?[:\uff1a] ?([0-9A-Fa-f.:]+)')
WRONG = r"User authentication failed|\u30e6\u30fc\u30b6\u30fc\u8a8d\u8a3c\u306b\u5931\u6557"
TURNED_AWAY = r"Access has beens? refused to user"


class Failure(NamedTuple):
    """A login that failed: when, in seconds since 1970, from where ('' if the log does not say) and as whom."""

    at: float
    source: str
    user: str


class SecurityLog:
    """The log of one hub; each call of `lines` goes on where the last one ended."""

    def __init__(self, machine: Machine, hub: str) -> None:
        self.machine = machine
        self.hub = hub
        self.read: Tuple[str, int] = ("", 0)

    def lines(self) -> Iterator[str]:
        """The whole lines since the last call, at the first one the end of the newest file."""
        folder = self.machine.path(installation(self.machine).logs + "/security_log/" + self.hub)
        for path in sorted(folder.glob("*.log"))[-1:]:
            start = self.start(str(path), path.stat().st_size)
            with path.open("rb") as file:
                file.seek(start)
                data = file.read()
            # What is being written now is read whole the next time.
            data = data[: data.rfind(b"\n") + 1]
            self.read = (str(path), start + len(data))
            yield from data.decode("utf-8", "replace").lstrip("\ufeff").splitlines()

    def start(self, path: str, size: int) -> int:
        """Where to begin: a new file from its top, one that is known where it was left."""
        if self.read[0]:
            return self.read[1] if self.read[0] == path and self.read[1] <= size else 0
        return max(0, size - TAIL)


class Failures:
    """Finds the failed logins among lines; it remembers which connection came from where."""

    def __init__(self, kinds: str) -> None:
        self.pattern = re.compile(r'^(\S+ \S+) .*"(CID-\d+)".*(?:{}).*?"([^"]*)"'.format(kinds))
        self.callers: Dict[str, str] = {}

    def among(self, lines: Iterable[str]) -> Iterator[Failure]:
        """The failures in these lines."""
        for line in lines:
            self.callers.update(CALLER.findall(line))
            while len(self.callers) > MOST_CALLERS:
                del self.callers[next(iter(self.callers))]
            failed = self.pattern.match(line)
            at = stamp(failed.group(1)) if failed else None
            if failed and at is not None:
                yield Failure(at, self.callers.get(failed.group(2), ""), failed.group(3))
