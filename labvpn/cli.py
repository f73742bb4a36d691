"""The command `labvpn`; each part is loaded only when it is called, so that every call starts at once."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "probe": ("labvpn.probe.cli:probe", "Report which port answers where, and which hop closes one that does not."),
    "check": ("labvpn.probe.cli:check", "Compare the running lab with what the stack declares."),
    "diagnose": ("labvpn.diagnose.cli:command", "Name what stopped a dial, from the log that a user sends."),
    "dial": (
        "labvpn.dial.cli:dial",
        "Dial L2TP/IPsec from here as a phone or a computer does, and name what stops it.",
    ),
    "reach": (
        "labvpn.reach.cli:reach",
        "Explain hop by hop who reaches what, with the rule that decides; or print the whole table.",
    ),
    "adopt": ("labvpn.adopt.cli:adopt", "Write a lab that was made by hand as the configuration of a stack."),
    "fortigate-provider": (
        "labvpn.fortigate_provider.cli:command",
        "Move the FortiGate's objects in the state to the other package of its provider, and back.",
    ),
    "kit": ("labvpn.kit.cli:kit", "Make the profiles and the sheet that a user needs to dial in."),
    "invite": ("labvpn.kit.invite:invite", "Add a list of guests to the users, apply it, and make their kits."),
    "reset-code": (
        "labvpn.kit.reset_code:reset_code",
        "Renew the secret of a user's codes, apply it, and make the kit with the new QR code.",
    ),
    "status": ("labvpn.status.cli:status", "Who is connected, what ends soon, and who failed to log in."),
}
"""Each command's function and what it does; the function is loaded only when its command is called."""

OLD_NAMES = {"log": "diagnose", "probe": "probe", "check": "check"}
"""What `labvpn doctor` had as its commands."""

REHEARSAL = "The whole lab on this machine: start, stop, exec, status."
CHECKOUT = Path(__file__).parents[1]


class _Command(TyperCommand):
    """A command whose values nobody reads while a shell completes its line: to read one loads pydantic (typer 0.29)."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words that are left, as the parser has them."""
        if ctx.resilient_parsing:
            for parameter in self.get_params(ctx):
                parameter.process_value = _as_it_is  # type: ignore[assignment, method-assign]
        return super().parse_args(ctx, args)


class _Commands(TyperGroup):
    """All commands. Its own options are flags; one that is not given is False, so that there is no value to read."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words that are left, as the parser has them."""
        for parameter in self.get_params(ctx):
            parameter.default = parameter.default or False
        return super().parse_args(ctx, args)


def _as_it_is(_ctx: Any, value: Any) -> Any:
    return value


app = typer.Typer(cls=_Commands, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
"""Its help is plain text: loading what draws boxes around it takes longer than all the rest."""


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"labvpn {version('labvpn')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """A whole lab VPN as one Pulumi stack: adopt, probe, diagnose, dial, reach, kits, status, and a rehearsal of it."""


@app.command(short_help="Record a VPN host's SSH key in the stack's configuration.")
def hostkey(
    host: Annotated[str, typer.Argument(help="Name or address of the VPN host, with :PORT if it is not 22.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Record it without asking; compare the fingerprint first.")
    ] = False,
    server: Annotated[str | None, typer.Option(help="The server's `name`, for one that has a name.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Only print the key.")] = False,
) -> None:
    """Record a VPN host's SSH key in the stack's configuration, so that no other machine can impersonate it."""
    import asyncio
    import shutil
    import subprocess

    from labvpn.connect.errors import HopError
    from labvpn.connect.library import asyncssh
    from labvpn.connect.ssh import fetch_host_key

    if not show and shutil.which("pulumi") is None:
        raise typer.Exit(_fail("pulumi is not on PATH here; run this where the stack is, or add --show"))
    try:
        key = asyncio.run(fetch_host_key(*_name_and_port(host)))
    except HopError as error:
        raise typer.Exit(_fail(str(error))) from None
    if show:
        typer.echo(key)
        return
    typer.echo(f"{host} shows {asyncssh.import_public_key(key).get_fingerprint()}")
    kind = key.split()[0].removeprefix("ssh-").partition("-")[0]
    typer.echo(f"On the host itself this must print the same: ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub")
    if not yes:
        typer.confirm("Is it the same, and should it be recorded?", abort=True)
    place = ["--path", f"hostKeys.{server}"] if server else ["hostKey"]
    done = subprocess.run(["pulumi", "config", "set", *place, key], check=False)  # a public key is not a secret
    raise typer.Exit(done.returncode)


@app.command(short_help="Make a strong secret, for `pulumi config set --secret KEY`.")
def secret() -> None:
    """Make a strong secret, to be piped into `pulumi config set --secret KEY`: administratorPassword, userSecret..."""
    from labvpn.model.passwords import new_secret

    typer.echo(new_secret())


@app.command(short_help="Make a private authority for the server's certificate.")
def authority(
    names: Annotated[
        list[str],
        typer.Argument(
            help="The lab's names and addresses, the only ones that it may sign for: vpn.lab.example 203.0.113.20"
        ),
    ],
) -> None:
    """Make a private authority for the certificate, to be piped into `pulumi config set --secret authority`."""
    from datetime import UTC, datetime

    from labvpn.render.certificate import create_authority

    if sys.stdout.isatty():
        raise typer.Exit(_fail("This prints private keys: pipe it into `pulumi config set --secret authority`"))
    try:
        made = create_authority(names[0], datetime.now(UTC), names)
    except ValueError as error:
        raise typer.Exit(_fail(f"{error}; give the lab's names and addresses")) from None
    typer.echo(made, nl=False)


def _name_and_port(host: str) -> tuple[str, int]:
    """A name or address, and the port; an IPv6 address with a port is in brackets (RFC 3986, section 3.2.2)."""
    from urllib.parse import urlsplit

    bare = host.count(":") > 1 and "[" not in host
    try:
        parts = urlsplit(f"//[{host}]" if bare else f"//{host}")
        if parts.hostname and parts.netloc in (host, f"[{host}]") and parts.port != 0 and host[-1:] != ":":
            return parts.hostname, 22 if parts.port is None else parts.port
    except ValueError:
        pass
    raise typer.BadParameter(f"{host} is not a name or address, with :PORT if it is not 22; [2001:db8::1]:2222 is one")


def _fail(sentence: str) -> int:
    from labvpn.model.untrusted import plain_lines

    typer.echo(plain_lines(sentence), err=True)
    return 1


def _loaded(place: str) -> Callable[..., None]:
    module, _, name = place.partition(":")
    function: Callable[..., None] = getattr(importlib.import_module(module), name)
    return function


def _not_loaded() -> None:
    """The placeholder of a command that is not called, for the list of commands."""


def _rehearsal() -> typer.Typer:
    """The rehearsal's commands: it is part of a checkout, and not of the installed package."""
    try:
        rehearsal: typer.Typer = importlib.import_module("rehearsal.cli").app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "rehearsal":
            raise
        sentence = "the rehearsal is not part of the installed package: clone the repository and run `make lab` there"
        raise SystemExit(_fail(sentence)) from None
    return rehearsal


def find_checkout() -> None:
    """Let Python find the rehearsal beside this package, if this is a checkout."""
    if (CHECKOUT / "rehearsal" / "cli.py").exists() and str(CHECKOUT) not in sys.path:
        sys.path.append(str(CHECKOUT))


def _called() -> list[str]:
    """The words of the command line, or of the one that a shell wants completed: bash has its own variable for it."""
    completed = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS")
    return completed.split()[1:] if completed and "_LABVPN_COMPLETE" in os.environ else sys.argv[1:]


def main() -> None:
    """Run the command; only the one that is called is imported."""
    words = _called()
    if words[:1] == ["doctor"] and words[1:2] and words[1] in OLD_NAMES:
        sys.argv[1:3] = words[:1] = [OLD_NAMES[words[1]]]
    name = next(iter(words), "")
    app.add_typer(_rehearsal() if name == "rehearsal" else typer.Typer(), name="rehearsal", help=REHEARSAL)
    for command, (place, text) in COMMANDS.items():
        function = _loaded(place) if command == name else _not_loaded
        app.command(command, cls=_Command, help=None if command == name else text, short_help=text)(function)
    app(prog_name="labvpn")
