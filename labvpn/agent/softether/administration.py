"""Who may administer SoftEther, and what a fresh server finds at its first start, so that it is never open."""
# ruff: noqa: D102 -- what a handler overrides is documented where it is declared

from typing import List, Optional

from labvpn.agent.core.concern import Handler, Values
from labvpn.agent.core.document import Change, Line, parse
from labvpn.agent.softether.client import SoftEther
from labvpn.agent.softether.initial_config import initial_config
from labvpn.agent.softether.installations import PACKAGED, UNPACKED, Installation

LOOPBACK = "127.0.0.1,::1"


class Administration(Handler):
    """`administration from=127.0.0.1,::1`: the addresses from which the server may be administered (adminip.txt)."""

    kind = "administration"

    def __init__(self, softether: SoftEther) -> None:
        self.machine = softether.machine
        self.softether = softether

    @property
    def file(self) -> str:
        """The file's name on this host."""
        return self.softether.place.adminip

    def read(self, line: Line) -> Optional[Values]:
        text = self.machine.read(self.file)
        if text is None:
            return None
        entries = [entry.partition("#")[0].strip() for entry in text.splitlines()]
        return {"from": ",".join(entry.replace(" ", "@") for entry in entries if entry)}

    def apply(self, changes: List[Change]) -> None:
        for change in changes:
            self.allow(change.line.values.get("from", LOOPBACK))

    def allow(self, addresses: str) -> None:
        """Write the file; a running server reads it at the next login."""
        text = "".join(address.replace("@", " ") + "\n" for address in addresses.split(","))
        self.machine.write(self.file, text)

    def remove(self, lines: List[Line]) -> None:
        self.machine.delete(self.file)


class FirstStart:
    """What has to be there before a fresh server starts; `server_document` is what it is going to be."""

    def __init__(self, softether: SoftEther, administration: Administration) -> None:
        self.softether = softether
        self.machine = softether.machine
        self.administration = administration
        self.server_document = ""

    def secure(self, place: Installation) -> None:
        """Leave a fresh server in this place no moment in which it takes orders from outside or without a password."""
        before = [one for one in (UNPACKED, PACKAGED) if one != place and self.is_installed(one)]
        self.softether.place = place
        if before and not self.is_installed(place):
            self.take_over(before[0], place)
        if self.machine.read(place.adminip) is None:
            self.administration.allow(LOOPBACK)
        if not self.machine.path(place.config).exists():
            self.softether.keep_password()
            text = initial_config(parse(self.server_document), self.softether.secrets.administrator)
            self.machine.write(place.config, text, 0o600)

    def is_installed(self, place: Installation) -> bool:
        """Whether an installation's program is there."""
        return self.machine.path(place.program).exists()

    def take_over(self, before: Installation, place: Installation) -> None:
        """Bring along users and settings of the server that the stack has put here in its other way."""
        # It saves itself at its end.
        self.softether.close()
        self.machine.run(["systemctl", "stop", before.unit], 90)
        for old, new, mode in ((before.config, place.config, 0o600), (before.adminip, place.adminip, 0o644)):
            text = self.machine.read(old)
            if text is not None:
                self.machine.write(new, text, mode)
