"""Inspection of every hop before anything is changed: all failures at once, one sentence each."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from labvpn.agent import bundle
from labvpn.connect import fortigate, paths, ssh
from labvpn.connect.dns import challenge, inspect
from labvpn.connect.errors import Code, HopError, HopErrors
from labvpn.connect.refused import last_line
from labvpn.connect.ssh import ISOLATED
from labvpn.model.credentials import Credentials
from labvpn.model.dns import DnsName
from labvpn.model.lab import Lab
from labvpn.model.server import Server
from labvpn.parse.fortigate.tables import FortiGateSnapshot
from labvpn.parse.host import HostState, read_answer
from labvpn.state.dns import DnsSnapshot

Answer = TypeVar("Answer")

OBSERVE_SECONDS = 120
"""How long an inspection of the host may take: 10,000 users are read in a few seconds."""

VERSION = r"\d+\.\d+[\d.]*"
"""What BOOTSTRAP prints, and nothing else, where Python is too old."""

OLDEST = "sys.version_info<(3,6) and sys.exit(sys.version.split()[0])"
BOOTSTRAP = f'{ISOLATED} -c "import sys;{OLDEST};n=int(sys.stdin.readline());exec(sys.stdin.read(n))"'
"""Runs the agent from stdin, so that a host on which nothing is installed can be inspected too."""

UNREADABLE = ("gave no answer that can be read", "check that python3 runs there, 3.6 or newer")


def unreadable(answer: str) -> tuple[str, str]:
    """That an answer cannot be read, with the words that came instead."""
    words = last_line(answer, "")
    return (f"{UNREADABLE[0]} (it said: {words})" if words else UNREADABLE[0]), UNREADABLE[1]


@dataclass(frozen=True)
class Snapshot:
    """The actual state of the hops, in the lab's order; a hop that is not the lab's has nothing."""

    hosts: Sequence[Mapping[str, HostState]] = ()
    fortigate: FortiGateSnapshot | None = None
    names: Sequence[DnsSnapshot] = ()
    unverified: Sequence[str] = ()
    """What could not be checked from here of the certificate's challenge."""


def inspect_hops(lab: Lab, credentials: Credentials, requests: Sequence[str]) -> Future[Snapshot]:
    """The actual state of every hop, once it is known; the caller may do something else until then.

    `requests` are the agent's question to each server, with the desired documents. The result raises HopErrors with the
    failures of all hops.
    """
    return _begun(lambda: _inspect(lab, credentials, requests))


def inspect_fortigate_alone(lab: Lab, credentials: Credentials) -> FortiGateSnapshot | None:
    """The actual state of the FortiGate alone, for a stack without the other hops. Raises HopError."""
    return _begun(lambda: _inspect_fortigate(lab, credentials)).result()


def require_token_in_address(lab: Lab, credentials: Credentials) -> None:
    """Raise HopError where the FortiGate refuses a token in an address, as the provider pulumiverse sends it."""
    if lab.fortigate and credentials.fortigate_token and credentials.fortigate_ca:
        box, token, ca = lab.fortigate, credentials.fortigate_token.get_secret_value(), credentials.fortigate_ca
        _begun(lambda: fortigate.accepts_token_in_address(box, token, ca)).result()


async def _inspect(lab: Lab, credentials: Credentials, requests: Sequence[str]) -> Snapshot:
    asked = zip(lab.servers, requests, strict=True)
    hosts = _all(*(_inspect_host(server, credentials, request) for server, request in asked))
    names = _all(*(_inspect_name(target.name, credentials) for target in lab.names))
    challenges = asyncio.to_thread(_inspect_challenges, lab, credentials)
    host, gate, name, unverified = await asyncio.gather(
        hosts, _inspect_fortigate(lab, credentials), names, challenges, return_exceptions=True
    )
    _raise_failures((host, gate, name, unverified))
    assert not isinstance(host, BaseException)  # noqa: S101  (mypy cannot see that failures were raised above)
    assert not isinstance(gate, BaseException)  # noqa: S101
    assert not isinstance(name, BaseException)  # noqa: S101
    assert not isinstance(unverified, BaseException)  # noqa: S101
    return Snapshot(host, gate, name, unverified)


async def _all(*inspections: Awaitable[Answer]) -> list[Answer]:
    """The answers of hops of one kind. Raises HopErrors with the failures of all of them."""
    answers = await asyncio.gather(*inspections, return_exceptions=True)
    _raise_failures(answers)
    return [answer for answer in answers if not isinstance(answer, BaseException)]


def _raise_failures(answers: Iterable[object]) -> None:
    failures: list[HopError] = []
    for answer in answers:
        if isinstance(answer, HopError | HopErrors):
            failures += answer.errors if isinstance(answer, HopErrors) else [answer]
        elif isinstance(answer, BaseException):
            raise answer
    if failures:
        raise HopErrors(failures)


async def _inspect_host(server: Server, credentials: Credentials, request: str) -> Mapping[str, HostState]:
    hop, known = f"The VPN host {server.ssh_host}", credentials.host_key_of(server)
    answer = await ask_agent(server, credentials.login(server.ssh), known, "observe", request)
    try:
        seen = read_answer(answer, json.loads(request).get("documents", {}))
    except ValueError:
        raise HopError(hop, *unreadable(answer)) from None
    if refusals := [HopError(hop, *refusal) for observed in seen.values() for refusal in observed.refusals]:
        raise HopErrors(refusals)
    return seen


async def ask_agent(server: Server, opens: Mapping[str, str], host_key: str, command: str, request: str) -> str:
    """What the agent answers to a command that changes nothing; it comes along and need not be on the host.

    `opens` is what opens a login (`Credentials.login`). Raises HopError.
    """
    source = bundle.source()
    stdin = f"{len(source)}\n{source}{request}"
    line, key, password = f"{BOOTSTRAP} {command}", opens.get("private_key"), opens.get("password")
    try:
        return await ssh.run(server, key, host_key, line, stdin, OBSERVE_SECONDS, password)
    except HopError as error:
        raise _python_error(error) from None


def _python_error(error: HopError) -> HopError:
    """The error of a host that has no Python for the agent, where that was the cause; otherwise the error itself."""
    lines = "`apt-get install python3` (Debian, Ubuntu) or `yum install python3` (CentOS, Rocky, Alma)"
    if error.code is Code.NO_PROGRAM:
        return HopError(error.hop, "has no python3, which the agent needs", f"install it: {lines}")
    if error.code is not Code.EXITED:
        return error
    version = last_line(error.output, "")
    if re.fullmatch(VERSION, version):
        return HopError(error.hop, f"has Python {version} and the agent needs 3.6", f"install a newer one: {lines}")
    if "option: -I" in error.output or "option -I" in error.output:
        return HopError(error.hop, "has a python3 that is not Python 3", f"install one: {lines}")
    return error


async def _inspect_fortigate(lab: Lab, credentials: Credentials) -> FortiGateSnapshot | None:
    if lab.fortigate is None or credentials.fortigate_token is None or credentials.fortigate_ca is None:
        return None
    token = credentials.fortigate_token.get_secret_value()
    box = await fortigate.read(lab.fortigate, token, credentials.fortigate_ca)
    return FortiGateSnapshot(box, await asyncio.to_thread(paths.own, lab))


async def _inspect_name(name: DnsName, credentials: Credentials) -> DnsSnapshot:
    secret = credentials.dns_key.get_secret_value() if credentials.dns_key else None
    return await asyncio.to_thread(inspect.check, name, secret)


def _inspect_challenges(lab: Lab, credentials: Credentials) -> list[str]:
    """What could not be checked of the key that the hosts have for the certificate's challenge. Raises HopErrors."""
    if lab.acme is None or not lab.acme.by_dns or lab.dns is None or credentials.acme_key is None:
        return []
    names = [name for server in lab.servers for name in lab.at(server).certified]
    return challenge.check(lab.acme, lab.dns, [*dict.fromkeys(names)], credentials.acme_key.get_secret_value())


def _begun(make: Callable[[], Awaitable[Answer]]) -> Future[Answer]:
    """Begin in a thread with a loop of its own: a Pulumi program already runs inside one."""
    outcome: Future[Answer] = Future()

    def target() -> None:
        try:
            outcome.set_result(asyncio.run(_awaited(make)))
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=target, name="inspect").start()
    return outcome


async def _awaited(make: Callable[[], Awaitable[Answer]]) -> Answer:
    return await make()
