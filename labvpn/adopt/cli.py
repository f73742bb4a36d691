"""`labvpn adopt`: turns a lab made by hand into a stack, without a change on any machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from labvpn.adopt.expectations import expectations
from labvpn.adopt.found import Found
from labvpn.adopt.project import Project, ProjectError, text_of
from labvpn.adopt.read import Hops, read
from labvpn.adopt.users import table
from labvpn.connect.errors import HopError
from labvpn.model.problems import problems_of
from labvpn.model.server import Server
from labvpn.model.untrusted import plain, plain_lines


def _option(words: str, *names: str) -> Any:
    return typer.Option(*names, help=words, show_default=False)


def adopt(
    address: Annotated[str, typer.Argument(help="The VPN host's address, which users dial.")],
    user: Annotated[str, _option("User for SSH: root (the default), or one with passwordless sudo.")] = "root",
    port: Annotated[int, _option("Port of SSH, if it is not 22.")] = 22,
    login: Annotated[str, _option("How SSH logs in: key (the default), agent or password.")] = "key",
    fortigate: Annotated[str | None, _option("The FortiGate's name or address, with :PORT if it is not 443.")] = None,
    vdom: Annotated[str, _option("The FortiGate's virtual domain, if it is not root.")] = "root",
    name: Annotated[str | None, _option("The name that users dial, such as vpn.lab.example.")] = None,
    zone: Annotated[str | None, _option("The name's zone; by default, everything after the first dot.")] = None,
    dns_server: Annotated[str | None, _option("The primary name server, if it takes updates.", "--dns-server")] = None,
    dns_key: Annotated[str | None, _option("The name of the TSIG key (its secret is dnsKey).", "--dns-key")] = None,
    dns_root: Annotated[
        list[str] | None, _option("Root servers of a private DNS; by default the internet's.", "--dns-root")
    ] = None,
    show: Annotated[bool, _option("Print the configuration, without secrets, and write nothing.", "--show")] = False,
    force: Annotated[bool, _option("Replace what is already in the stack's configuration.", "--force")] = False,
) -> None:
    """Read a lab that was made by hand, and write it as the selected stack's configuration; no machine is changed.

    Set hostKey, sshKey and administratorPassword first, and the FortiGate's and the name server's secrets (README).
    Exit status: 0 if it was written, 1 if a hop could not be read or something would be replaced.
    """
    ssh = {"user": user, **({"port": port} if port != 22 else {}), **({"login": login} if login != "key" else {})}
    hops = Hops({"address": address, "ssh": ssh}, fortigate, vdom, _dns(name, zone, dns_server, dns_key, dns_root))

    def say(words: str) -> None:
        typer.echo(plain(f"adopt: {words}"), err=True)

    try:
        project = Project(Path.cwd())
        found = read(hops, project.value, say)
        say("judging who reaches what")
        expectations(found, project)
        if show:
            typer.echo(plain_lines(f"{text_of(project.sections(found))}\n# {project.users_file}\n{table(found.users)}"))
        elif not force:
            project.refuse_to_replace(found)
        if not show:
            project.write(found)
    except ValidationError as error:
        raise typer.Exit(_fail("; ".join(map(str, problems_of(error, "", Server))))) from None
    except (HopError, ProjectError, ValueError) as error:
        raise typer.Exit(_fail(str(error))) from None
    _tell(project, found, show)


def _dns(
    name: str | None, zone: str | None, server: str | None, key: str | None, roots: list[str] | None
) -> dict[str, Any]:
    """The section `dns` as far as it is given."""
    if name is None:
        return {}
    section: dict[str, Any] = {"zone": zone or name.rstrip(".").partition(".")[2], "host": name}
    optional = {"server": server, "key": {"name": key} if key else None, "roots": roots}
    return {**section, **{key: value for key, value in optional.items() if value}}


def _tell(project: Project, found: Found, show: bool) -> None:
    for remark in found.remarks:
        typer.echo(plain(f"note: {remark}"), err=True)
    if show:
        return
    kept = ", ".join(found.sections["vpn"]["kept"])
    typer.echo(
        f"Written: {project.file.name}, {project.users_file} ({len(found.users)} users), {len(found.files)} more"
    )
    typer.echo(plain(f"Kept as it is (vpn.kept): {kept}"))
    typer.echo("Now run `pulumi preview`: it shows what `pulumi up` would change on a machine (docs/adopt.md)")


def _fail(sentence: str) -> int:
    typer.echo(plain_lines(sentence), err=True)
    return 1
