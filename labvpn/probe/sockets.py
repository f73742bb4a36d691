"""Knocking at one port: what answers, or which error comes back and from whom. No raw sockets, no root."""

from __future__ import annotations

import errno
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from labvpn.probe.observation import Refusal

# Seconds that each of the five tries is given; what answers late is still heard until the last one is over.
WAITS = (0.4, 0.5, 0.6, 0.8, 1.0)
# Only Linux hands the ICMP error and its sender to the program (ip(7), IP_RECVERR).
SHOWS_OFFENDER = sys.platform == "linux"

# linux/in.h and linux/errqueue.h; Python names IP_RECVERR only from 3.14 on.
_IP_RECVERR = 11
_EXTENDED_ERROR = struct.Struct("=IBBBxII")
_FROM_ICMP = 2
_ICMP_UNREACHABLE = 3

AnswerReader = Callable[[bytes], "str | None"]


@dataclass(frozen=True)
class Knock:
    """The outcome of knocking: an answer, an error, or neither, after `tries` tries."""

    tries: int
    answer: str | None = None
    refusal: Refusal | None = None


def knock_udp(address: str, port: int, packet: bytes, read: AnswerReader) -> Knock:
    """Send `packet` until `read` makes something of a reply or an error comes back, five times at most."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        show_offender(asking)
        refusal = _error(asking.connect, (address, port)) or _error(asking.send, packet)
        if refusal:
            return Knock(1, refusal=refusal)
        for tries, wait in enumerate(WAITS, 1):
            if tries > 1:
                # An error that arrived meanwhile is reported here, and read from the queue below.
                _error(asking.send, packet)
            for heard in _replies(asking, wait):
                if isinstance(heard, Refusal):
                    # Errors are rate-limited where they are made: one is evidence enough, the next port needs its own.
                    return Knock(tries, refusal=heard)
                answer = read(heard)
                if answer is not None:
                    return Knock(tries, answer)
    return Knock(len(WAITS))


def knock_tcp(address: str, port: int) -> Knock:
    """Connect, five times at most, an earlier try still counting while a later one waits."""
    calling: list[socket.socket] = []
    try:
        for tries, wait in enumerate(WAITS, 1):
            call = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            calling.append(call)
            refusal = _call(call, (address, port))
            knock = Knock(tries, refusal=refusal) if refusal else _connected(calling, wait)
            if knock:
                return replace(knock, tries=tries)
    finally:
        for call in calling:
            call.close()
    return Knock(len(WAITS))


def _call(call: socket.socket, target: tuple[str, int]) -> Refusal | None:
    show_offender(call)
    call.setblocking(False)
    code = call.connect_ex(target)
    return None if code in (0, errno.EINPROGRESS) else Refusal(_errno_name(code))


def _connected(calling: list[socket.socket], wait: float) -> Knock | None:
    """The first of the calls that is answered or refused within `wait` seconds."""
    poll = select.poll()
    for call in calling:
        poll.register(call, select.POLLOUT)
    ready = {number for number, _ in poll.poll(wait * 1000)}
    for call in calling:
        if call.fileno() in ready:
            # Reading the error from the queue takes it away from SO_ERROR: a refusal is either of the two.
            waiting = queued(call)
            code = call.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            refusal = waiting or (Refusal(_errno_name(code)) if code else None)
            return Knock(0, refusal=refusal) if refusal else Knock(0, "connected")
    return None


def _replies(asking: socket.socket, wait: float) -> Iterator[bytes | Refusal]:
    """What comes back within `wait` seconds; an error is the last of it."""
    until = time.monotonic() + wait
    poll = select.poll()
    poll.register(asking, select.POLLIN)
    while poll.poll(max(0.0, until - time.monotonic()) * 1000):
        waiting = queued(asking)
        if waiting:
            yield waiting
            return
        try:
            yield asking.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue
        except OSError as error:
            yield Refusal(_errno_name(error.errno))
            return


def _error(act: Callable[..., object], *arguments: object) -> Refusal | None:
    """The refusal with which this machine itself answers `act`: no route, forbidden by its own firewall."""
    try:
        act(*arguments)
    except OSError as error:
        return Refusal(_errno_name(error.errno))
    return None


def show_offender(asking: socket.socket) -> None:
    """Have the system keep the ICMP errors of a socket, with their senders, where it can."""
    if SHOWS_OFFENDER:
        asking.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)


def queued(asking: socket.socket) -> Refusal | None:
    """The ICMP error that waits in the socket's error queue, None where there is none or the system keeps none."""
    if not SHOWS_OFFENDER:
        return None
    try:
        _, ancillary, _, _ = asking.recvmsg(1, 256, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
    except OSError:
        return None
    errors = (data for level, kind, data in ancillary if (level, kind) == (socket.IPPROTO_IP, _IP_RECVERR))
    return next((refusal for refusal in map(refusal_of, errors) if refusal), None)


def refusal_of(data: bytes) -> Refusal | None:
    """The refusal in a `sock_extended_err` and the sender's address behind it; None if no ICMP error made it."""
    code, origin, icmp_type, icmp_code, _, _ = _EXTENDED_ERROR.unpack_from(data)
    if origin != _FROM_ICMP or icmp_type != _ICMP_UNREACHABLE:
        return None
    sender = data[_EXTENDED_ERROR.size :]
    known = len(sender) >= 8 and struct.unpack_from("=H", sender)[0] == socket.AF_INET
    return Refusal(_errno_name(code), icmp_code, socket.inet_ntoa(sender[4:8]) if known else None)


def _errno_name(code: int | None) -> str:
    return errno.errorcode.get(code or 0, f"error {code}")
