"""From the words of the command line to what is dialled; the secrets come from outputs, standard input or a prompt."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from labvpn.connect import stack_outputs
from labvpn.dial import softether
from labvpn.dial.inside import Target
from labvpn.dial.run import DialRequest
from labvpn.dial.systems import SYSTEMS, System
from labvpn.model.outputs import Account, Outputs, OutputsError

UNLISTED_PORT = 22
"""SSH: a port that most machines have, and that no user reaches unless it is listed."""
MOST_HOSTS = 4
ALL = "all"


class DialUsageError(ValueError):
    """The words do not say what to dial; the message says what to do."""


@dataclass(frozen=True)
class Options:
    """The words, as they were given."""

    user: str
    host: str | None = None
    system: str = "iphone"
    hub: str | None = None
    outputs: Path | None = None
    stdin: bool = False
    services: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    page: str | None = None
    tcp: str | None = None
    stay: float = 0.0
    asked: tuple[str, ...] = ()
    needs_key: bool = True
    """Whether a pre-shared key is needed: only L2TP/IPsec has one."""
    repeated: bool = False
    """Whether the same password is dialled with more than once."""


Ask = Callable[[str], str]


def stack_of(options: Options) -> Outputs | None:
    """The stack's outputs; None where they are not needed, or are nowhere and a host and the secrets were given."""
    if options.host is not None and options.outputs is None and options.stdin:
        return None
    try:
        stack = stack_outputs.outputs(options.outputs)
    except OutputsError as error:
        if options.host is None or options.outputs is not None:
            raise DialUsageError(str(error)) from None
        return None
    # The secrets of the stack that happens to be selected here are for its own servers.
    is_its_own = options.host is None or options.outputs is not None or spelt(options.host) in _hosts(stack)
    return stack if is_its_own else None


def _hosts(stack: Outputs) -> set[str]:
    each = [{server.dialled, str(server.address)} for server in stack.every]
    return {spelt(host) for host in {stack.name, str(stack.address)}.union(*each)}


def spelt(name: str) -> str:
    """A name as the DNS compares it: in small letters, without the final dot (RFC 4343)."""
    return name.lower().removesuffix(".")


def requests(options: Options, stack: Outputs | None, ask: Ask) -> list[DialRequest]:
    """One request for each system that is to be dialled as. Raises DialUsageError."""
    name = account_name(options, stack)
    account = stack.users.get(name) if stack else None
    of_user = stack.of(name) if stack and account else stack
    password, key = _secrets(options, account, stack, ask)
    hub = softether.split(options.user, options.hub or (of_user.hub if of_user else ""))[1]
    services = [*_given(options.services, "--service", True), *_given(options.closed, "--closed", False)]
    services += _given(options.asked, "--ask", None)
    if of_user and account and hub.lower() == of_user.hub.lower():
        services = [*_listed(of_user), *_unlisted(of_user, account), *services]
    return [
        DialRequest(
            host=(options.host or (stack.name if stack else "")).removesuffix("."),
            user=_login_name(options.user, account),
            password=password,
            key=key,
            system=system,
            hub=hub,
            ports=_ports(options.tcp, stack),
            is_known=account is not None,
            expires=account.expires if account else None,
            services=tuple(dict.fromkeys(services)),
            page=_page(options.page),
            is_translated=stack is not None and stack.translated,
            stay=options.stay,
        )
        for system in _systems(options.system)
    ]


def account_name(options: Options, stack: Outputs | None) -> str:
    """The user's name without a hub, as the stack writes it: SoftEther tells names apart by their letters alone."""
    name = softether.split(options.user, "")[0]
    return next((each for each in stack.users if each.lower() == name.lower()), name) if stack else name


def require_mschap(options: Options, stack: Outputs | None) -> None:
    """Refuse a user whom L2TP and SSTP cannot log in. Raises DialUsageError."""
    account = stack.users.get(account_name(options, stack)) if stack else None
    if account and not account.by_mschap:
        raise DialUsageError(
            f"{options.user} gives a code behind a password that the campus's RADIUS has, which L2TP and SSTP cannot "
            "hand on: dial by --protocol openvpn"
        )


def _systems(name: str) -> list[System]:
    return list(SYSTEMS.values()) if name == ALL else [SYSTEMS[name]]


def _login_name(user: str, account: Account | None) -> str:
    """The name with its hub where that is not the server's default one, as the kit writes it."""
    named = "@" in user or "\\" in user
    return f"{user}@{account.hub}" if account and account.hub and not named else user


def _ports(given: str | None, stack: Outputs | None) -> tuple[int, ...]:
    if given is None:
        return stack.ports.get("tcp", softether.PORTS) if stack else softether.PORTS
    try:
        return tuple(_port(text) for text in given.split(",") if text)
    except ValueError:
        raise DialUsageError(f"--tcp {given}: write the server's TCP ports, such as 443,992") from None


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < 65536:
        raise ValueError(text)
    return number


def _page(page: str | None) -> str:
    if not page:
        return ""
    try:
        parts = urlsplit(page)
        is_right = (
            parts.scheme == "http"
            and bool(parts.hostname)
            and parts.port != 0
            and page.isprintable()
            and " " not in page
        )
    except ValueError:
        is_right = False
    if not is_right:
        raise DialUsageError(
            f"--page {page}: give a page that is served over plain http://, such as http://ip.example/"
        )
    return page


def _given(texts: Sequence[str], option: str, should_open: bool | None) -> Iterator[Target]:
    for text in texts:
        address, _, port = text.removesuffix("/tcp").removesuffix("/udp").rpartition(":")
        transport = "udp" if text.endswith("/udp") else "tcp"
        try:
            yield Target(IPv4Address(address), _port(port), "", should_open, transport)
        except ValueError:
            message = f"{option} {text}: write an IPv4 address and a port from 1 to 65535, such as 192.168.31.1:8000"
            raise DialUsageError(message) from None


def _listed(stack: Outputs) -> Iterator[Target]:
    """The services of the user's hub that are one TCP port of one machine."""
    for service in stack.network.services:
        if service.to.prefixlen == 32 and service.port is not None and service.protocol == "tcp":
            yield Target(service.to.network_address, service.port, service.name, True)


def _unlisted(stack: Outputs, account: Account) -> Iterator[Target]:
    """Ports beside the listed ones, which a user of the services alone must not reach."""
    if account.reach != "services":
        return
    listed = stack.network.services
    hosts = [service.to.network_address for service in listed if service.to.prefixlen == 32]
    inner = [stack.network.host_address] if stack.network.host_address else []
    for address in list(dict.fromkeys([*inner, *hosts]))[:MOST_HOSTS]:
        ports = {service.port for service in listed if address in service.to}
        if None not in ports and UNLISTED_PORT not in ports:
            yield Target(address, UNLISTED_PORT, "", False)


def _secrets(options: Options, account: Account | None, stack: Outputs | None, ask: Ask) -> tuple[str, str]:
    if options.stdin:
        password, key = (sys.stdin.readline().rstrip("\r\n") for _ in range(2))
        if not password or (options.needs_key and not key):
            raise DialUsageError("--stdin: two lines are needed, the password and the pre-shared key")
        return password, key
    password = _password(options, account, stack, ask)
    known = _text(stack.preshared_key if stack else None)
    return password, known or (ask("Pre-shared key") if options.needs_key else "")


def _password(options: Options, account: Account | None, stack: Outputs | None, ask: Ask) -> str:
    """The stack's password; of a user with a second factor it is asked, since only whoever has the app knows the code.

    A code is good for one dial.
    """
    if account is None or not account.second_factor:
        unknown = stack is not None and account is None
        title = f"Password ({options.user} is not among the users of the outputs)" if unknown else "Password"
        return _text(account.password if account else None) or ask(title)
    if options.repeated or options.system == ALL:
        raise DialUsageError(
            f"{options.user} gives a code, which is good for one dial: name one system by --as and one protocol, from "
            "one place, without --every; or dial as a user without a second factor"
        )
    return ask("Password and code, without a blank between")


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
