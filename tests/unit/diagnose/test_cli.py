"""The command: files, standard input, languages, exit status."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from labvpn.diagnose.cli import command
from tests.unit.diagnose.cases import ALL

app = typer.Typer()
app.command()(command)
run = CliRunner()
TEXTS = {case.name: case for case in ALL}


@pytest.fixture
def silence(tmp_path: Path) -> Path:
    path = tmp_path / "ppp.log"
    path.write_text(TEXTS["mac-phase1-silence"].text, encoding="utf-8")
    return path


def test_a_diagnosed_log_exits_with_0_and_names_what_to_do(silence: Path) -> None:
    result = run.invoke(app, [str(silence)])
    assert result.exit_code == 0
    assert "UDP 500" in result.stdout
    assert "What the administrator can do" in result.stdout


def test_the_answer_comes_in_japanese(silence: Path) -> None:
    result = run.invoke(app, [str(silence), "--lang", "ja"])
    assert "管理者にできること" in result.stdout


def test_json_gives_stage_and_causes(silence: Path) -> None:
    answer = json.loads(run.invoke(app, [str(silence), "--json"]).stdout)
    assert answer["stage"] == "phase-1"
    assert answer["causes"][0]["id"] == "ipsec-ports-blocked"


def test_standard_input_is_read_for_a_dash() -> None:
    result = run.invoke(app, ["-", "--json"], input="エラー 691".encode())
    assert json.loads(result.stdout)["causes"][0]["id"] == "wrong-credentials"


def test_unknown_text_exits_with_3() -> None:
    result = run.invoke(app, ["-"], input="nothing of interest")
    assert result.exit_code == 3
    assert "Unknown" in result.stdout


def test_a_missing_file_is_wrong_usage() -> None:
    assert run.invoke(app, ["/nonexistent/ppp.log"]).exit_code == 2


def test_the_servers_log_is_an_option(tmp_path: Path) -> None:
    case = TEXTS["cross-auth-failed-multilogin"]
    client, server = tmp_path / "client", tmp_path / "server"
    client.write_text(case.text, encoding="utf-8")
    server.write_text(case.server or "", encoding="utf-8")
    answer = json.loads(run.invoke(app, [str(client), "--server", str(server), "--json"]).stdout)
    assert answer["causes"][0]["id"] == "second-login"
    (silent := tmp_path / "silent").touch()
    both = [str(client), "--server", str(server), "--server", str(silent), "--json"]
    assert json.loads(run.invoke(app, both).stdout) == answer
