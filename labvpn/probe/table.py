"""The report for a terminal, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from labvpn.model.untrusted import plain
from labvpn.probe import text
from labvpn.probe.name_lookup import Resolution
from labvpn.probe.observation import OPEN, REJECTED, Observation
from labvpn.probe.port_verdict import PortFinding, PortReport
from labvpn.probe.report import ProbeReport
from labvpn.probe.rounds import Round
from labvpn.probe.scan import VantageView

# From so many vantage points on, a terminal's width has room for a word or two from each.
_MANY = 3


def show_all(made: Round, console: Console) -> None:
    """Print every server's report, then the name that they share, then a sentence for each server."""
    if not made.servers:
        show(made.reports[0], console)
        return
    for one in made.reports:
        _show_report(one, console)
        console.print()
    for line in _name_lines(made.resolution):
        console.print(line)
    for problem in made.problems:
        console.print(_marked("✗", "red", problem))
    for good, sentence in made.verdicts:
        console.print(_marked("✓", "green", sentence) if good else _marked("✗", "red", sentence))
    console.print(_result(made, sum(len(one.ports) for one in made.reports)), highlight=False)


def show(made: ProbeReport, console: Console) -> None:
    """Print the ports as a table, then every finding with its reasons and its remedy, then the result."""
    _show_report(made, console)
    console.print(_result(made, len(made.ports)), highlight=False)


def _show_report(made: ProbeReport, console: Console) -> None:
    if made.ports:
        console.print(_table(made))
    for line in _name_lines(made.resolution):
        console.print(line)
    for finding in made.findings:
        _show(finding, console)
    for problem in made.problems:
        console.print(_marked("✗", "red", problem))
    for note in made.notes:
        console.print(_marked("!", "yellow", note))


def _table(made: ProbeReport) -> Table:
    table = Table(title=Text(plain(f"{made.label}, port by port")), title_justify="left")
    table.add_column("port", justify="right")
    table.add_column("should be")
    for view in made.views:
        table.add_column(Text(plain(f"from {text.place(view.name, view.place)}")), overflow="fold")
    for port in made.ports:
        table.add_row(_mark(port), "open" if port.should_be_open else "closed", *_cells(port, made))
    return table


def _cells(port: PortReport, made: ProbeReport) -> Iterator[Text]:
    describe = text.seen if len(made.views) < _MANY else text.brief
    for view in made.views:
        observation = _observation(view, port)
        if observation is None:
            yield Text("not seen", "dim")
            continue
        if view.name in made.banned and observation.state == REJECTED and port.should_be_open:
            yield Text("rejected: banned", "red")
            continue
        expected = (observation.state == OPEN) == port.should_be_open
        inside = not port.should_be_open and view.place != "outside"
        color = "dim" if inside else "green" if expected else "red"
        yield Text(plain(describe(observation, view.address or made.address, made.wanted.fortigate)), color)


def _observation(view: VantageView, port: PortReport) -> Observation | None:
    return next((seen for seen in view.observations if seen.port == port.port), None)


def _mark(port: PortReport) -> str:
    color, sign = ("green", "✓") if port.as_expected else ("red", "✗")
    return f"{port.port} [{color}]{sign}[/]"


def _show(finding: PortFinding, console: Console) -> None:
    console.print(_marked("✗", "red", finding.headline, "bold"))
    for line in (*finding.because, finding.remedy):
        console.print(Padding(Text(plain(line)), (0, 0, 0, 4)))


def _marked(sign: str, color: str, sentence: str, style: str = "") -> Text:
    """A sentence behind its sign; what machines and people wrote in it is not markup."""
    return Text.assemble((sign, color), " ", (plain(sentence), style))


def _name_lines(resolution: Resolution | None) -> Iterator[Text]:
    if resolution is None:
        return
    for lookup in (resolution.resolver, *resolution.authority):
        answer = lookup.trouble or ", ".join(lookup.addresses) or "an alias"
        color, sign = ("red", "✗") if lookup.trouble else ("green", "✓")
        yield _marked(sign, color, f"{resolution.name} at {lookup.server}: {answer}")


def _result(made: ProbeReport | Round, count: int) -> str:
    ports = "1 port" if count == 1 else f"{count} ports"
    took = f"{ports}, {made.seconds:.1f} s"
    if made.as_expected:
        return f"[green]All is as expected[/] ({took})."
    things = "1 thing is" if made.wrong == 1 else f"{made.wrong} things are"
    return f"[red]{things} not as expected[/] ({took})."
