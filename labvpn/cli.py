"""The command `labvpn`; each part is loaded only when it is called, so that every call starts at once."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from collections.abc import Callable
from typing import Annotated

import typer

PARTS = {
    "rehearsal": ("labvpn.rehearsal.cli", "The whole lab on this machine: start, stop, exec, status."),
    "doctor": ("labvpn.doctor.cli", "Prove a lab from outside, and explain what fails."),
}

COMMANDS = {
    "dial": ("labvpn.dial.cli", "Dial L2TP/IPsec from here as a phone or a computer does, and name what stops it."),
    "adopt": ("labvpn.adopt.cli", "Write a lab that was made by hand as the configuration of a stack."),
    "kit": ("labvpn.kit.cli", "Make the profiles and the sheet that a user needs to dial in."),
    "invite": ("labvpn.kit.invite", "Add a list of guests to the users, apply it, and make their kits."),
    "status": ("labvpn.status.cli", "Who is connected, what ends soon, and who failed to log in."),
}
"""Commands of one function each, which has the command's name in its module."""


app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def _root() -> None:
    """A whole lab VPN as one Pulumi stack, with its rehearsal and its doctor."""


@app.command()
def hostkey(
    host: Annotated[str, typer.Argument(help="Name or address of the VPN host, with :PORT if it is not 22.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Record it without asking; compare the fingerprint first.")
    ] = False,
    server: Annotated[str | None, typer.Option(help="The server's `name`, for one that has a name.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Only print the key.")] = False,
) -> None:
    """Record a VPN host's SSH key in the stack's configuration, so that no other machine passes for it."""
    from asyncssh import import_public_key

    from labvpn.remote.errors import HopError
    from labvpn.remote.ssh import fetch_host_key

    name, _, port = host.partition(":")
    try:
        key = asyncio.run(fetch_host_key(name, int(port or 22)))
    except HopError as error:
        raise typer.Exit(_fail(str(error))) from None
    if show:
        typer.echo(key)
        return
    typer.echo(f"{host} shows {import_public_key(key).get_fingerprint()}")
    typer.echo("On the host itself this must print the same: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub")
    if not yes:
        typer.confirm("Is it the same, and shall it be recorded?", abort=True)
    place = ["--path", f"hostKeys.{server}"] if server else ["hostKey"]
    done = subprocess.run(["pulumi", "config", "set", *place, key], check=False)  # a public key is no secret
    raise typer.Exit(done.returncode)


@app.command()
def secret() -> None:
    """Make a strong secret, to be piped into `pulumi config set --secret KEY`: administratorPassword, userSecret..."""
    from labvpn.model.passwords import new_secret

    typer.echo(new_secret())


@app.command()
def authority(
    names: Annotated[
        list[str],
        typer.Argument(help="The lab's names and addresses, for which alone it may sign: vpn.lab.example 203.0.113.20"),
    ],
) -> None:
    """Make a private authority for the certificate, to be piped into `pulumi config set --secret authority`."""
    from datetime import UTC, datetime

    from labvpn.render.certificate import found_authority

    if sys.stdout.isatty():
        raise typer.Exit(_fail("This prints private keys: pipe it into `pulumi config set --secret authority`"))
    try:
        made = found_authority(names[0], datetime.now(UTC), names)
    except ValueError as error:
        raise typer.Exit(_fail(f"{error}; give the lab's names and addresses")) from None
    typer.echo(made, nl=False)


def _fail(sentence: str) -> int:
    typer.echo(sentence, err=True)
    return 1


def _command(module: str, name: str) -> Callable[..., None]:
    function: Callable[..., None] = getattr(importlib.import_module(module), name)
    return function


def _later() -> None:
    """Stand in the list of commands for one that is not called."""


def main() -> None:
    """Run the command; of the parts only the one that is called is imported."""
    for name, (module, text) in PARTS.items():
        called = sys.argv[1:2] == [name]
        part = importlib.import_module(module).app if called else typer.Typer()
        app.add_typer(part, name=name, help=text)
    for name, (module, text) in COMMANDS.items():
        called = sys.argv[1:2] == [name]
        app.command(name, help=None if called else text)(_command(module, name) if called else _later)
    app()
