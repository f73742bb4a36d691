"""The socket of a dial, and what it carries: IKE on UDP 500 and 4500, and L2TP inside ESP."""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import Protocol

from labvpn.model.ports import IKE
from labvpn.probe.observation import Refusal
from labvpn.probe.sockets import queued, show_offender

# Numbers of ip(7) and of macOS's netinet/in.h, which Python does not name: the option, never to fragment, and to do so.
_FRAGMENTS = (10, 3, 0) if sys.platform == "linux" else (28, 1, 0)

_REJECTIONS = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM}


class Wire(Protocol):
    """A datagram socket to one server, on either of two ports, and a clock."""

    def send(self, data: bytes, port: int) -> None:
        """Send a datagram to a port."""

    def receive(self, seconds: float) -> bytes | None:
        """The next datagram from the port of the last `send`; None where none came in time."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""

    def fragment(self, allowed: bool) -> None:
        """Whether larger packets than the way takes may go in fragments; if not, they are lost."""

    def is_rejected(self, port: int, times: int) -> bool:
        """Whether something on the way has rejected a port so often."""


class UdpWire:
    """A real socket, connected, so that it hears when something on the way rejects a port."""

    def __init__(self, server: str) -> None:
        self._server, self._port = server, 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        show_offender(self._socket)
        self.fragment(True)
        self.rejected: dict[int, Refusal] = {}
        """By port, how it was rejected, and by whom where the system shows it."""
        self._rejections: Counter[int] = Counter()

    @property
    def own_address(self) -> str:
        """The address that this machine sends from."""
        self._to(IKE)
        return str(self._socket.getsockname()[0])

    def send(self, data: bytes, port: int) -> None:
        """Send a datagram; a rejection that came meanwhile is noted, and a datagram that is too large is lost."""
        self._to(port)
        for _ in range(2):
            try:
                self._socket.send(data)
            except OSError as error:
                self._note(error)
            else:
                return

    def receive(self, seconds: float) -> bytes | None:
        """The next datagram."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                return self._socket.recv(65535)
            except TimeoutError:
                return None
            except OSError as error:
                self._note(error)
                time.sleep(min(0.05, left))
                return None
        return None

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def fragment(self, allowed: bool) -> None:
        """Allow fragments, ours and those that routers make, as clients' IPsec does; or forbid both."""
        option, never, usual = _FRAGMENTS
        with suppress(OSError):
            self._socket.setsockopt(socket.IPPROTO_IP, option, usual if allowed else never)

    def is_rejected(self, port: int, times: int) -> bool:
        """Whether something has rejected a port so often."""
        return self._rejections[port] >= times

    def _note(self, error: OSError) -> None:
        # What stays in the queue would wake every wait.
        known = [refusal for refusal in (queued(self._socket) for _ in range(4)) if refusal]
        if error.errno in _REJECTIONS:
            own = Refusal(errno.errorcode.get(error.errno, "?"))
            self._rejections[self._port] += 1
            self.rejected[self._port] = next((each for each in known if each.error == own.error), own)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _to(self, port: int) -> None:
        if self._port != port:
            self._socket.connect((self._server, port))
            self._port = port
