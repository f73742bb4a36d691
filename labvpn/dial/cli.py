"""`labvpn dial`: a whole dial from here. Exit status: 0 connected, 1 not connected, 2 wrong usage."""

from __future__ import annotations

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from labvpn.model.untrusted import plain_lines

NOT_CONNECTED, WRONG_USAGE = 1, 2
LONGEST_STAY = 27_000
"""Seconds: phase 1 lasts eight hours and is not renewed."""


class As(StrEnum):
    """Whose client to be."""

    IPHONE = "iphone"
    MAC = "mac"
    WINDOWS = "windows"
    ANDROID = "android"
    ALL = "all"


class DialProtocol(StrEnum):
    """By which protocol to dial."""

    L2TP = "l2tp"
    SSTP = "sstp"
    OPENVPN = "openvpn"
    ALL = "all"


class Here(StrEnum):
    """Whether this machine dials, or only the vantage points do."""

    OUTSIDE = "outside"
    NONE = "none"


class Language(StrEnum):
    """The languages of the answer."""

    EN = "en"
    JA = "ja"


def _option(words: str, *names: str, **how: Any) -> Any:
    return typer.Option(*names, help=words, **how)


HostArgument = Annotated[str | None, typer.Argument(help="What users dial; left out: the name in the stack's outputs.")]
User = Annotated[str, _option("The user's name as it is dialled, such as guest1 or owner@OWNER.")]
Outputs = Annotated[
    Path | None,
    _option("The stack's outputs (`pulumi stack output --json --show-secrets`, - is standard input); else pulumi's."),
]
Stdin = Annotated[
    bool, _option("Read the password and then the pre-shared key from standard input, a line each.", "--stdin")
]
Targets = Annotated[
    list[str] | None, _option("ADDRESS:PORT that should open from inside, beside the hub's services; again for more.")
]
Closed = Annotated[list[str] | None, _option("ADDRESS:PORT that must not be reached from inside; again for more.")]
Asked = Annotated[
    list[str] | None, _option("ADDRESS:PORT, or ADDRESS:PORT/udp, to try from inside without a judgement; again too.")
]
Profiles = Annotated[
    list[Path] | None, _option("A kit's .ovpn to dial by; left out: made from the outputs. Again for more.")
]
Points = Annotated[list[str] | None, _option("NAME=COMMAND: dial from there as well; COMMAND leads to a labvpn.")]
Page = Annotated[str | None, _option("A page (http://...) that shows one's address: ask it through the tunnel.")]


def dial(
    user: User = "",
    host: HostArgument = None,
    as_: Annotated[As, _option("Whose offers and login to use.", "--as")] = As.IPHONE,
    protocol: Annotated[DialProtocol, _option("How to dial; all: every way, one after the other.")] = DialProtocol.L2TP,
    hub: Annotated[str | None, _option("The hub of a name without one; the outputs name the stack's.")] = None,
    outputs: Outputs = None,
    stdin: Stdin = False,
    service: Targets = None,
    closed: Closed = None,
    ask: Asked = None,
    page: Page = None,
    profile: Profiles = None,
    pin_current: Annotated[
        bool, _option("OpenVPN, SSTP: trust the certificate that the server shows now.", "--trust-shown")
    ] = False,
    vantage: Points = None,
    here: Annotated[Here, _option("Whether this machine dials too.")] = Here.OUTSIDE,
    tcp: Annotated[str | None, _option("The server's TCP ports, such as 443,992; else the stack's.")] = None,
    stay: Annotated[float, _option("Seconds to keep the session.", min=0, max=LONGEST_STAY)] = 0.0,
    every: Annotated[float, _option("Dial again each so many seconds, until interrupted.", min=0)] = 0.0,
    prometheus: Annotated[Path | None, _option("Write metrics to this file after each round.")] = None,
    lang: Annotated[Language, _option("Language of the answer.")] = Language.EN,
    as_json: Annotated[bool, _option("Print one JSON object, with --every one a line.", "--json")] = False,
    request: Annotated[bool, typer.Option("--request", hidden=True)] = False,
) -> None:
    """Dial as an iPhone, a Mac, a Windows or an Android device does, from here: IPsec, L2TP, login, address.

    Needs neither root nor an IPsec of the system, and works behind any NAT. Each step is shown as it is taken, in the
    words of a Mac's ppp.log; at the end comes one cause, with what the user and the administrator can do. A refused
    login is asked about once more in SoftEther's own protocol, which names the reason; that counts as a second failed
    login at the server.

    --protocol sstp dials as Windows does over TCP 443, openvpn by the installed OpenVPN, all every way that the stack
    offers.

    The password and the pre-shared key come from the stack's outputs, from standard input (--stdin), or are asked for.

    Exit status: 0 connected (with --as all or several vantage points: every one; with --protocol all: any way),
    1 not connected, 2 wrong usage.
    """
    from labvpn.dial import monitor, requests

    words = requests.Options(
        user,
        host,
        as_,
        hub,
        outputs,
        stdin,
        tuple(service or ()),
        tuple(closed or ()),
        page,
        tcp,
        stay,
        tuple(ask or ()),
        repeated=every > 0,
    )
    # A monitor that is told to stop says goodbye to the server first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not user and not request:
            raise requests.DialUsageError("--user: name the user who dials")
        near = here is not Here.NONE
        plan = monitor.plan(words, protocol, profile or (), pin_current, vantage or (), _asked, request, near)
        show = monitor.Show(lang, as_json, prometheus, every)
        connected = monitor.work(plan, show)
    except requests.DialUsageError as error:
        typer.echo(plain_lines(error), err=True)
        raise typer.Exit(WRONG_USAGE) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    raise typer.Exit(0 if connected else NOT_CONNECTED)


def _asked(name: str) -> str:
    from labvpn.dial.requests import DialUsageError

    if not sys.stdin.isatty():
        raise DialUsageError(
            f"{name}: there is neither a terminal to ask on nor outputs with it; give the secrets by --stdin"
        )
    return str(typer.prompt(name, hide_input=True))
