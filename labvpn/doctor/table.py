"""The report for a terminal, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from labvpn.doctor import words
from labvpn.doctor.judgement import Finding, PortReport
from labvpn.doctor.report import Report
from labvpn.doctor.sighting import OPEN, Sighting
from labvpn.doctor.views import View

# From so many vantage points on, a terminal's width has room for a word or two from each.
_MANY = 3


def show(made: Report, console: Console) -> None:
    """Print the ports as a table, then every finding with its reasons and its remedy, then the result."""
    if made.ports:
        console.print(_table(made))
    for line in _name_lines(made):
        console.print(line, highlight=False)
    for finding in made.findings:
        _show(finding, console)
    for problem in made.problems:
        console.print(f"[red]✗[/] {escape(problem)}", highlight=False)
    for note in made.notes:
        console.print(f"[yellow]![/] {escape(note)}", highlight=False)
    console.print(_result(made), highlight=False)


def _table(made: Report) -> Table:
    where = made.host if made.host == made.address else f"{made.host} ({made.address})"
    table = Table(title=f"{where}, port by port", title_justify="left")
    table.add_column("port", justify="right")
    table.add_column("shall be")
    for view in made.views:
        table.add_column(f"from {words.place(view.name, view.place)}", overflow="fold")
    for port in made.ports:
        table.add_row(_mark(port), "open" if port.wanted_open else "closed", *_cells(port, made))
    return table


def _cells(port: PortReport, made: Report) -> Iterator[str]:
    tell = words.seen if len(made.views) < _MANY else words.brief
    for view in made.views:
        sighting = _sighting(view, port)
        if sighting is None:
            yield "[dim]not seen[/]"
            continue
        expected = (sighting.state == OPEN) == port.wanted_open
        inside = not port.wanted_open and view.place != "outside"
        color = "dim" if inside else "green" if expected else "red"
        yield f"[{color}]{escape(tell(sighting, view.address or made.address, made.wanted.fortigate))}[/]"


def _sighting(view: View, port: PortReport) -> Sighting | None:
    return next((seen for seen in view.sightings if seen.port == port.port), None)


def _mark(port: PortReport) -> str:
    color, sign = ("green", "✓") if port.as_expected else ("red", "✗")
    return f"{port.port} [{color}]{sign}[/]"


def _show(finding: Finding, console: Console) -> None:
    console.print(f"[red]✗[/] [bold]{escape(finding.headline)}[/]", highlight=False)
    for line in (*finding.because, finding.remedy):
        console.print(Padding(escape(line), (0, 0, 0, 4)), highlight=False)


def _name_lines(made: Report) -> Iterator[str]:
    if made.resolution is None:
        return
    for lookup in (made.resolution.resolver, *made.resolution.authority):
        said = lookup.trouble or ", ".join(lookup.addresses) or "an alias"
        color, sign = ("red", "✗") if lookup.trouble else ("green", "✓")
        yield f"[{color}]{sign}[/] {escape(f'{made.resolution.name} at {lookup.server}: {said}')}"


def _result(made: Report) -> str:
    ports = "1 port" if len(made.ports) == 1 else f"{len(made.ports)} ports"
    took = f"{ports}, {made.seconds:.1f} s"
    if made.as_expected:
        return f"[green]All is as expected[/] ({took})."
    things = "1 thing is" if made.wrong == 1 else f"{made.wrong} things are"
    return f"[red]{things} not as expected[/] ({took})."
