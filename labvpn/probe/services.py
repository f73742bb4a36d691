"""Which VPN services answer at one port: TLS, SSTP and OpenVPN over TCP; IKE, L2TP and OpenVPN over UDP."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from labvpn.probe.observation import Certificate, Observation
from labvpn.probe.sockets import WAITS, AnswerReader, knock_tcp, knock_udp
from labvpn.probe.targets import ProbedPort
from labvpn.probe.wire import ike, l2tp, names_and_time, openvpn, sstp

# Seconds that one connection may keep us, and that a port may take from accepting to its TLS greeting.
_PATIENCE = 1.5
_START = 4.0
# OpenSSL's X509_V_FLAG_NO_CHECK_TIME: an expired certificate should be read as well.
_ANY_TIME = 0x200000

Heard = TypeVar("Heard")
# A certificate's names and its last second.
Fields = tuple[tuple[str, ...], "int | None"]


@dataclass(frozen=True)
class Question:
    """What a UDP port is asked: the service's name, the packet, and how its answer is read."""

    service: str
    packet: bytes
    read: AnswerReader


def observe(
    address: str, port: ProbedPort, name: str | None, knocked: Callable[[], object] = lambda: None
) -> Observation:
    """What this machine sees of one port of `address`; `name` is what TLS and HTTP name, if there is one.

    `knocked` is called as soon as it is known whether the port answers, rejects or is silent.
    """
    if port.protocol == "tcp":
        return observe_tcp(address, port, name, knocked)
    seen = observe_udp(address, port, question(port.number))
    knocked()
    return seen


def question(number: int) -> Question:
    """What to ask at a UDP port: what is usual there, and OpenVPN at any other."""
    secret = os.urandom(8)
    if number == 500:
        return Question("IKE", ike.request(secret), lambda reply: ike.read(reply, secret))
    if number == 4500:
        return Question("IKE", ike.NON_ESP_MARKER + ike.request(secret), lambda reply: _read_marked(reply, secret))
    if number == 1701:
        tunnel = int.from_bytes(secret[:2], "big") or 1
        return Question("L2TP", l2tp.request(tunnel), lambda reply: "" if l2tp.is_answer(reply, tunnel) else None)
    if number == 53:
        asked = int.from_bytes(secret[:2], "big")
        answers = names_and_time.is_name_answer
        return Question("DNS", names_and_time.name_request(asked), lambda reply: "" if answers(reply, asked) else None)
    if number == 123:
        is_answer = names_and_time.is_time_answer
        return Question("NTP", names_and_time.time_request(), lambda reply: "" if is_answer(reply) else None)
    return Question("OpenVPN", openvpn.request(secret), lambda reply: "" if openvpn.is_answer(reply, secret) else None)


def observe_udp(address: str, port: ProbedPort, asked: Question) -> Observation:
    """One UDP port: it is open only if the service that was asked for answers."""
    knock = knock_udp(address, port.number, asked.packet, asked.read)
    services = () if knock.answer is None else (asked.service,)
    return Observation(port, knock.tries, services=services, detail=knock.answer or "", refusal=knock.refusal)


def observe_tcp(
    address: str, port: ProbedPort, name: str | None, knocked: Callable[[], object] = lambda: None
) -> Observation:
    """One TCP port: whether it accepts, and which services speak there; TLS may lag half a second behind."""
    knock = knock_tcp(address, port.number)
    knocked()
    if knock.answer is None:
        return Observation(port, knock.tries, refusal=knock.refusal)
    seen = Observation(port, knock.tries, connected=True)
    until = time.monotonic() + _START
    for tries, wait in enumerate(WAITS, 1):
        try:
            return _spoken(seen, (address, port.number), name)
        except OSError as error:
            seen = replace(seen, detail=_reason(error), tries=tries)
        if time.monotonic() + wait > until:
            break
        time.sleep(wait)
    return seen


def _spoken(seen: Observation, target: tuple[str, int], name: str | None) -> Observation:
    """All that speaks at a port that accepts; raises OSError if it does not speak TLS."""
    certificate, version = _greet(target, name)
    with ThreadPoolExecutor(max_workers=1) as beside:
        # One service may keep silent while the other answers.
        openvpn_answers = beside.submit(_try, lambda: _asks_openvpn(target))
        fields, speaks_sstp = _try(lambda: _ask_sstp(target, name, certificate)) or (((), None), False)
        speaks = {"TLS": True, "SSTP": speaks_sstp, "OpenVPN": openvpn_answers.result()}
    services = tuple(service for service, answers in speaks.items() if answers)
    read = Certificate(hashlib.sha256(certificate).hexdigest(), *fields)
    return replace(seen, services=services, detail=version, certificate=read)


def _greet(target: tuple[str, int], name: str | None) -> tuple[bytes, str]:
    """The server's certificate (DER) and the protocol's version, whoever the server is: it is sent nothing secret."""
    context = _context()
    context.verify_mode = ssl.CERT_NONE
    with _connection(target) as plain, context.wrap_socket(plain, server_hostname=name) as secured:
        return secured.getpeercert(binary_form=True) or b"", secured.version() or ""


def _ask_sstp(target: tuple[str, int], name: str | None, pinned: bytes) -> tuple[Fields, bool]:
    """The names and the end of the `pinned` certificate, and whether SSTP answers.

    Python reads a certificate's fields only where it trusts it, so the one just seen is the one trusted here.
    """
    context = _context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags = ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _ANY_TIME)
    context.load_verify_locations(cadata=pinned)
    with _connection(target) as plain, context.wrap_socket(plain, server_hostname=name) as secured:
        secured.sendall(sstp.request(name or target[0], str(uuid.uuid4())))
        # SoftEther 5.01.9674, Debian 12's, takes the request and never answers it.
        return _fields(secured.getpeercert() or {}), sstp.is_answer(_try(lambda: secured.recv(4096)) or b"")


def _asks_openvpn(target: tuple[str, int]) -> bool:
    session = os.urandom(8)
    with _connection(target) as plain:
        plain.sendall(openvpn.framed(openvpn.request(session)))
        heard = b""
        while not openvpn.unframed(heard):
            more = plain.recv(4096)
            if not more or len(heard) > 4096:
                return False
            heard += more
    return openvpn.is_answer(openvpn.unframed(heard), session)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    # Weak keys and signatures are the server's affair: they should be seen, not refused.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def _connection(target: tuple[str, int]) -> socket.socket:
    return socket.create_connection(target, timeout=_PATIENCE)


def _fields(fields: Mapping[str, Any]) -> Fields:
    """The names (subject's and alternative ones) and the last second of a certificate as Python shows it."""
    subject = [value for part in fields.get("subject", ()) for key, value in part if key == "commonName"]
    others = [value for kind, value in fields.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    ends = fields.get("notAfter")
    names = tuple(dict.fromkeys([*others, *subject]))
    return names, int(ssl.cert_time_to_seconds(ends)) if isinstance(ends, str) else None


def _try(ask: Callable[[], Heard]) -> Heard | None:
    """What is heard, None where the connection fails: one service may be off where another answers."""
    try:
        return ask()
    except OSError:
        return None


def _read_marked(reply: bytes, cookie: bytes) -> str | None:
    marker = len(ike.NON_ESP_MARKER)
    return ike.read(reply[marker:], cookie) if reply[:marker] == ike.NON_ESP_MARKER else None


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "it sends nothing"
    reason = getattr(error, "reason", None) or error.strerror or str(error)
    # OpenSSL's name for an answer in another protocol.
    return "it does not speak TLS" if reason == "WRONG_VERSION_NUMBER" else f"TLS fails: {reason}"
