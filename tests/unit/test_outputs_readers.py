"""One file of the stack's outputs: every command reads it alike, whatever its encoding and wherever it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from labvpn.connect import stack_outputs
from labvpn.model.outputs import OutputsError, read
from labvpn.probe import run as probing
from tests.unit.kit.test_cli import OUTPUTS
from tests.unit.probe.test_cli import APP

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le")
TEXT = json.dumps(OUTPUTS)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["-", "outputs.json"])
def test_the_outputs_are_read_in_every_encoding_from_a_file_and_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, name: str
) -> None:
    (tmp_path / "outputs.json").write_bytes(TEXT.encode(encoding))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", (tmp_path / "outputs.json").open())
    assert read(stack_outputs.text(Path(name))).name == OUTPUTS["name"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["-", "outputs.json"])
def test_the_probe_reads_them_as_all_others_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, name: str
) -> None:
    (tmp_path / "outputs.json").write_bytes(TEXT.encode(encoding))
    monkeypatch.chdir(tmp_path)
    asked: list[Any] = []
    monkeypatch.setattr(probing, "each", lambda wanted, *_rest: asked.append(wanted))
    CliRunner().invoke(APP, ["--outputs", name], input=TEXT.encode(encoding))
    assert [one.name for one in asked] == [OUTPUTS["name"]]


def test_json_of_something_else_is_not_told_as_outputs_that_lack_a_part() -> None:
    for text in ("[]", "3", "null", '"name"'):
        with pytest.raises(OutputsError, match="This is JSON of something else; give what `pulumi stack output"):
            read(text)
