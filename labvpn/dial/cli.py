"""`labvpn dial`: a whole L2TP/IPsec dial from here. Exit status: 0 connected, 1 not connected, 2 wrong usage."""

from __future__ import annotations

import json
import sys
import time
from enum import StrEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated

import typer

NOT_CONNECTED, WRONG_USAGE = 1, 2
MOST_DIALS = 100_000


class As(StrEnum):
    """Whose client to be."""

    IPHONE = "iphone"
    MAC = "mac"
    WINDOWS = "windows"
    ANDROID = "android"
    ALL = "all"


class Language(StrEnum):
    """The languages of the answer."""

    EN = "en"
    JA = "ja"


HostArgument = Annotated[str | None, typer.Argument(help="What users dial; left out: the name in the stack's outputs.")]
User = Annotated[str, typer.Option(help="The user's name as it is dialled, such as guest1 or owner@OWNER.")]
Outputs = Annotated[
    Path | None,
    typer.Option(
        help="The stack's outputs (`pulumi stack output --json --show-secrets`); left out: asked of pulumi here."
    ),
]
Stdin = Annotated[
    bool,
    typer.Option("--stdin", help="Read the password and then the pre-shared key from standard input, a line each."),
]
Service = Annotated[
    list[str] | None, typer.Option("--service", help="ADDRESS:PORT that should open from inside; may be given again.")
]


def dial(
    user: User,
    host: HostArgument = None,
    as_: Annotated[As, typer.Option("--as", help="Whose offers and login to use.")] = As.IPHONE,
    hub: Annotated[
        str | None, typer.Option(help="The hub of a name without one; the outputs name the stack's.")
    ] = None,
    outputs: Outputs = None,
    stdin: Stdin = False,
    service: Service = None,
    stay: Annotated[float, typer.Option(min=0, max=86_400, help="Seconds to keep the session.")] = 0.0,
    every: Annotated[float, typer.Option(min=0, help="Dial again each so many seconds, until interrupted.")] = 0.0,
    prometheus: Annotated[Path | None, typer.Option(help="Write metrics to this file after each round.")] = None,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")] = False,
) -> None:
    """Dial as an iPhone, a Mac, a Windows or an Android device does, from here: IPsec, L2TP, login, address.

    Needs neither root nor an IPsec of the system, and works behind any NAT. Each step is shown as it is taken, in the
    words of a Mac's ppp.log; at the end comes one cause, with what the user and the administrator can do. A refused
    login is asked about once more in SoftEther's own protocol, which names the reason; that counts as a second failed
    login at the server.

    The password and the pre-shared key come from the stack's outputs, from standard input (--stdin), or are asked for.

    Exit status: 0 connected (with --as all: every one of them), 1 not connected, 2 wrong usage.
    """
    from labvpn.dial import report, run

    requests = _requests(host, user, as_, hub, outputs, stdin, service or [], stay)
    interactive = not as_json
    for number in range(MOST_DIALS):
        done = [(request.system, run.dial(request, _say if interactive else _quiet)) for request in requests]
        answers = [report.as_json(system, each) for system, each in done]
        if as_json:
            print(json.dumps({"host": requests[0].host, "dials": answers}, ensure_ascii=False, indent=2), flush=True)
        else:
            print(
                "\n" + "\n".join(report.as_text(system, requests[0].host, each, lang) for system, each in done),
                flush=True,
            )
        if prometheus:
            _write(prometheus, report.metrics(done, requests[0].host, run.now()))
        if not every or number == MOST_DIALS - 1:
            raise typer.Exit(0 if all(each["connected"] for each in answers) else NOT_CONNECTED)
        time.sleep(every)


def _requests(
    host: str | None,
    user: str,
    as_: As,
    hub: str | None,
    file: Path | None,
    stdin: bool,
    services: list[str],
    stay: float,
) -> list["run.Order"]:  # type: ignore[name-defined]  # noqa: F821, UP037
    from labvpn.connect.stack_outputs import outputs as read_outputs
    from labvpn.dial import run, softether
    from labvpn.dial.systems import SYSTEMS
    from labvpn.model.outputs import OutputsError

    stack = None
    if host is None or file is not None or not stdin:
        try:
            stack = read_outputs(file)
        except OutputsError as error:
            if host is None or file is not None:
                raise _wrong(str(error)) from None
    account = stack.users.get(user.partition("@")[0]) if stack else None
    known = (account.password, stack.preshared_key) if account and stack else (None, None)
    password, key = _secrets(stdin, known)
    common = {
        "host": host or (stack.name if stack else ""),
        "user": user,
        "password": password,
        "key": key,
        "hub": hub or (account and account.hub) or (stack.hub if stack else ""),
        "ports": stack.ports["tcp"] if stack else softether.PORTS,
        "expires": account.expires if account else None,
        "services": tuple(_service(text) for text in services),
        "stay": stay,
    }
    systems = list(SYSTEMS.values()) if as_ is As.ALL else [SYSTEMS[as_.value]]
    return [run.DialRequest(system=system, **common) for system in systems]  # type: ignore[arg-type]


def _secrets(stdin: bool, known: tuple[object, object]) -> tuple[str, str]:
    from pydantic import SecretStr

    if stdin:
        lines = [sys.stdin.readline().rstrip("\r\n") for _ in range(2)]
        if not all(lines):
            raise _wrong("--stdin: two lines are needed, the password and the pre-shared key")
        return lines[0], lines[1]
    names = ("Password", "Pre-shared key")
    found = [each.get_secret_value() if isinstance(each, SecretStr) else None for each in known]
    if None in found and not sys.stdin.isatty():
        raise _wrong("there is neither a terminal to ask on nor outputs with the secrets; give them by --stdin")
    password, key = (text or typer.prompt(name, hide_input=True) for text, name in zip(found, names, strict=True))
    return password, key


def _service(text: str) -> tuple[IPv4Address, int]:
    address, _, port = text.rpartition(":")
    try:
        target = IPv4Address(address), int(port)
    except ValueError:
        raise _wrong(f"--service {text}: write an IPv4 address and a port, such as 192.168.31.1:8000") from None
    if not 0 < target[1] < 65536:
        raise _wrong(f"--service {text}: a port is a number from 1 to 65535")
    return target


def _write(file: Path, text: str) -> None:
    """Replace the file as a whole, since a collector may read it at any moment."""
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def _say(seconds: float, text: str) -> None:
    print(f"{seconds:8.3f}  {text}", flush=True)


def _quiet(seconds: float, text: str) -> None:
    """Say nothing: the steps are in the JSON."""


def _wrong(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(WRONG_USAGE)
