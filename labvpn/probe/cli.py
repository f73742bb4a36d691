"""`labvpn probe` and `labvpn check`: what is wrong with the VPN, found from outside.

Heavy imports wait until a command runs.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labvpn.connect import login_key
from labvpn.model.untrusted import plain_lines

if TYPE_CHECKING:
    from labvpn.probe.host_vantage import HostVantage
    from labvpn.probe.rounds import Round


def _option(words: str, *names: str, show: bool = False) -> Any:
    return typer.Option(*names, help=words, show_default=show)


HostArgument = Annotated[
    str | None,
    typer.Argument(
        help="A DNS name or IPv4 address, or the name of one of the stack's servers; without it the whole stack.",
        show_default=False,
    ),
]
OutputsOption = Annotated[Path | None, _option("The stack's outputs, as pulumi stack output --json writes them.")]
Tcp = Annotated[str | None, _option("TCP ports that should be open, such as 443,992.")]
Udp = Annotated[str | None, _option("UDP ports that should be open, such as 500,4500.")]
Closed = Annotated[str | None, _option("Ports that should be closed to the outside, such as 22,8000,1701/udp.")]
Points = Annotated[
    list[str] | None,
    _option("NAME=COMMAND: probe from there as well; COMMAND leads to a labvpn or a python3 (3.9 or newer)."),
]
HereOption = Annotated[
    str, _option("Where this machine is: outside, campus, vpn, host; none: it does not probe.", show=True)
]
Gateways = Annotated[str | None, _option("The FortiGate's addresses: its rejections come from them.")]
Without = Annotated[str | None, _option("Hops that this lab does not have: fortigate, firewalld.")]
AddressOption = Annotated[str | None, _option("Probe this address, whatever the name resolves to.")]
Inner = Annotated[
    str | None, _option("The server's address inside the VPN (vpn.secureNat.hostAddress), for vantage points there.")
]
AtHost = Annotated[bool, _option("Probe from the VPN host as well, by the SSH login of the outputs.", "--on-host")]
KeyOption = Annotated[Path | None, typer.Option(help=login_key.HELP, envvar=login_key.VARIABLE, show_default=False)]
Resolver = Annotated[str | None, _option("Ask this resolver, not the system's.")]
DialAs = Annotated[list[str] | None, _option("A user to dial L2TP/IPsec and SSTP as, where offered; again for more.")]
Provers = Annotated[
    list[str] | None,
    _option("NAME=COMMAND: prove expectations from there; NAME is outside, campus, or the sender's; as for probe."),
]
Json = Annotated[bool, _option("Print the report as JSON.", "--json")]
Metrics = Annotated[bool, _option("Print metrics for a node exporter's textfile collector.", "--prometheus")]
PageOption = Annotated[Path | None, _option("Write one page with a map of the network, readable offline.")]


class Language(StrEnum):
    """The languages of a check's proofs and dials."""

    EN = "en"
    JA = "ja"


CheckLanguage = Annotated[
    Language, _option("Language of what dials and proofs find; what quotes a hop stays as it is.", show=True)
]


def probe(
    host: HostArgument = None,
    outputs: OutputsOption = None,
    tcp: Tcp = None,
    udp: Udp = None,
    closed: Closed = None,
    vantage: Points = None,
    here: HereOption = "outside",
    fortigate: Gateways = None,
    address: AddressOption = None,
    without: Without = None,
    inner: Inner = None,
    on_host: AtHost = False,
    key: KeyOption = None,
    resolver: Resolver = None,
    json: Json = False,
    prometheus: Metrics = False,
    html: PageOption = None,
) -> None:
    """Probe every port of HOST as a client would, and name the one hop that closes a port that should be open.

    Without lists, the ports of a whole server are expected: 443, 992, 1194, 5555 over TCP and 500, 1194, 4500 over UDP.
    A vantage point called campus, vpn or host (or campus-library) is there; any other is outside.
    Several servers are probed in turn; vpn-NAME and host-NAME belong to the one of that name.

    Exit status: 0 if all is as expected, 1 if something is not, 2 for wrong usage.
    """
    from labvpn.probe import remote_vantage as vantages
    from labvpn.probe import run, targets
    from labvpn.probe import servers as probed_servers

    text = _read(outputs) if host or outputs else _selected()
    lists = {"tcp": tcp, "udp": udp, "closed": closed}
    lab = {"address": address, "fortigate": fortigate, "without": without, "inner": inner}
    try:
        wanted, servers = probed_servers.wanted(host, text, **lists, **lab)
        there: list[run.Vantage] = [vantages.vantage(words) for words in vantage or ()]
        there += _on_host(text, key, wanted.address if not servers else None) if on_host else ()
        made = run.each(wanted, servers, here, there, resolver)
    except targets.TargetError as error:
        raise typer.BadParameter(str(error)) from None
    _print(made, json, prometheus)
    if html:
        _write_page(made, html)
    raise typer.Exit(0 if made.as_expected else 1)


def check(
    outputs: OutputsOption = None,
    here: HereOption = "outside",
    key: KeyOption = None,
    resolver: Resolver = None,
    dial: DialAs = None,
    vantage: Provers = None,
    lang: CheckLanguage = Language.EN,
    json: Json = False,
) -> None:
    """Check the running lab against the stack: from here as a client, and on the VPN host by SSH.

    With --dial it also dials L2TP/IPsec as that user, as every system does, and SSTP. The expectations of the
    configuration are proven with packets: from here, from each --vantage, and from inside as each user of --dial. What
    nobody could prove is a note.

    Exit status: 0 if all is as configured, 1 if something is not, 2 for wrong usage.
    """
    from labvpn.connect import stack_outputs
    from labvpn.model.outputs import OutputsError
    from labvpn.probe import check as checks
    from labvpn.probe import targets
    from labvpn.probe.proof_words import say

    try:
        made = checks.check(stack_outputs.text(outputs), here, key, resolver, dial or (), vantage or (), lang)
    except (OutputsError, targets.TargetError) as error:
        raise typer.BadParameter(str(error)) from None
    broken = made.findings
    if json:
        sys.stdout.write(_dumped(checks.to_json(made, lang)))
    else:
        wrong = [str(one) for one in broken if not one.is_note]
        notes = [say(lang, "note", finding=str(one)) for one in broken if one.is_note]
        typer.echo(plain_lines("\n".join([*(wrong or [say(lang, "kept")]), *notes])))
    raise typer.Exit(0 if all(one.is_note for one in broken) else 1)


def _on_host(outputs: str | None, key: Path | None, address: str | None) -> list[HostVantage]:
    """Every server's host, or the one at `address`, or the first one's where that is an address of none."""
    from labvpn.connect.errors import HopError
    from labvpn.model.outputs import OutputsError, read
    from labvpn.probe import host_vantage

    if outputs is None:
        raise typer.BadParameter("--on-host: the stack's outputs have the login; give them with --outputs FILE")
    try:
        hosts = list(host_vantage.hosts(read(outputs), key))
    except (OutputsError, HopError) as error:
        raise typer.BadParameter(str(error)) from None
    at = [host for host in hosts if str(host.server_outputs.address) == address] or hosts[:1]
    return at if address else hosts


def _selected() -> str:
    """The outputs of the stack that is selected here, as `check` and the kits take them."""
    from labvpn.connect import stack_outputs
    from labvpn.model.outputs import OutputsError

    try:
        return stack_outputs.text(None)
    except OutputsError as error:
        raise typer.BadParameter(
            f"no host to probe; give its name or address, or the stack's outputs. {error}"
        ) from None


def _read(outputs: Path | None) -> str | None:
    from labvpn.connect import stack_outputs
    from labvpn.model.outputs import OutputsError

    try:
        return stack_outputs.text(outputs) if outputs else None
    except OutputsError as error:
        raise typer.BadParameter(f"--outputs: {error}") from None


def _print(made: Round, json: bool, prometheus: bool) -> None:
    if json:
        from labvpn.probe.rounds import to_json

        sys.stdout.write(_dumped(to_json(made)))
    if prometheus:
        from labvpn.probe import metrics

        sys.stdout.write(metrics.text_of_all(made))
    if not json and not prometheus:
        from rich.console import Console

        from labvpn.probe import table

        table.show_all(made, Console())


def _dumped(data: object) -> str:
    from labvpn.model.untrusted import json_text

    return json_text(data) + "\n"


def _write_page(made: Round, path: Path) -> None:
    from labvpn.probe import page

    try:
        path.write_text(page.page_of_all(made), "utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from None
