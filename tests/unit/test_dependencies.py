"""What the project is made of: licences that go with its own, and advisories that are asked for."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PROJECT / f"tools/{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


licences, audit = tool("licences"), tool("audit")


def test_every_pinned_package_has_a_licence_that_goes_with_ours_and_stands_in_the_list() -> None:
    text, strange = licences.table()
    assert strange == []
    assert (PROJECT / "docs/licences.md").read_text() == text


def test_the_projects_own_licence_is_stated() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in (PROJECT / "LICENSE").read_text()


@pytest.mark.parametrize(
    ("licence", "agreed"),
    [
        ("MIT", True),
        ("EPL-2.0 OR GPL-2.0-or-later", True),
        ("Apache-2.0 AND MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("not stated", False),
        ("AGPL-3.0-or-later OR Commercial", False),
    ],
)
def test_a_licence_is_agreed_to_where_one_way_of_it_is(licence: str, agreed: bool) -> None:
    assert licences.is_agreed(licence) is agreed


def test_a_package_that_states_nothing_is_strange(tmp_path: Path) -> None:
    (tmp_path / "odd.dist-info").mkdir()
    (tmp_path / "odd.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    assert licences.licence_of(Distribution.at(tmp_path / "odd.dist-info")) == "not stated"


def asked(monkeypatch: pytest.MonkeyPatch, answers: dict[str, list[dict[str, Any]] | None]) -> int:
    """The status of an audit whose databases answer so."""

    def run(line: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        database, place = line[line.index("-s") + 1], Path(line[line.index("-o") + 1])
        if (found := answers.get(database)) is None:
            return subprocess.CompletedProcess(line, 1, "", "ERROR: Failed to resolve 'host' ([Errno -2] Name unknown)")
        place.write_text(json.dumps({"dependencies": found}))
        return subprocess.CompletedProcess(line, 0, "", "")

    monkeypatch.setattr(audit, "_installed", lambda folder: folder / "pip-audit")
    monkeypatch.setattr(audit.subprocess, "run", run)
    status: int = audit.main()
    return status


SAFE = {"name": "idna", "version": "3.20", "vulns": []}
FOUND = {"name": "pip", "version": "1", "vulns": [{"id": "CVE-2023-5752", "fix_versions": ["23.3"]}]}


def test_an_audit_says_what_is_known(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(monkeypatch, {"pypi": [SAFE, FOUND]}) == 1
    said = capsys.readouterr()
    assert said.out == "pip 1: CVE-2023-5752, fixed in 23.3\n"
    assert "1 advisories for what is pinned" in said.err
    assert asked(monkeypatch, {"pypi": None, "osv": [SAFE]}) == 0
    assert "1 packages, and osv.dev knows no advisory" in capsys.readouterr().err


def test_a_database_that_knows_nothing_or_is_out_of_reach_is_no_clean_bill(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(monkeypatch, {"pypi": [SAFE, {"name": "x", "skip_reason": "not found"}]}) == 2
    said = capsys.readouterr().err
    assert "no database of advisories can be asked from here" in said
    assert "pypi.org: it does not know 1 of 2 packages, x among them" in said
    assert "run `make audit` where pypi.org or osv.dev can be reached" in said


def test_without_a_registry_the_audit_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = subprocess.CompletedProcess[str]([], 1)
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: failed)
    assert audit.main() == 2
    assert "no package registry can be reached" in capsys.readouterr().err


def test_the_audits_own_program_is_pinned_with_its_digests() -> None:
    lock = (PROJECT / "tools/audit.lock").read_text()
    assert "pip-audit==" in lock
    assert lock.count("--hash=sha256:") >= lock.count("==")


def test_what_installs_the_packages_is_pinned_too() -> None:
    assert {"uv", "pip"} <= licences.pinned().keys()
    assert sys.version_info >= (3, 11)
