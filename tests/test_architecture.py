"""Who may import whom: the table of docs/design.md, held."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "labvpn/state": (set(), set()),
    "labvpn/model": ({"state"}, {"pydantic", "pydantic_core"}),
    "labvpn/render": ({"model", "state"}, {"dns", "cryptography", "jinja2", "segno"}),
    "labvpn/parse": ({"model", "state"}, {"dns"}),
    "labvpn/plan": ({"model", "state", "parse"}, set()),
    "labvpn/connect": ({"model", "state", "parse", "plan", "agent.bundle"}, {"asyncssh", "httpx", "dns"}),
    "labvpn/agent": (set(), set()),
    "labvpn/kit": ({"model", "connect"}, {"cryptography", "jinja2", "segno", "typer"}),
    "labvpn/status": ({"model", "connect", "kit"}, {"rich", "prometheus_client", "typer", "pydantic"}),
    "labvpn/adopt": ({"model", "state", "render", "parse", "plan", "connect"}, {"pydantic", "typer", "yaml"}),
    "labvpn/probe": (
        {"model", "state", "parse", "plan", "connect", "agent.bundle"},
        {"rich", "prometheus_client", "typer", "dns", "cryptography", "jinja2"},
    ),
    "labvpn/diagnose": (
        {"model", "agent.softether.login_records", "agent.softether.message_tables"},
        {"typer"},
    ),
    "labvpn/dial": (
        {"model", "connect", "diagnose", "agent.softether.hashes"},
        {"cryptography", "typer", "pydantic", "prometheus_client"},
    ),
    "labvpn/settings.py": ({"model"}, {"pulumi", "pydantic"}),
    "components": (
        {"model", "state", "render", "parse", "plan", "connect", "agent.bundle", "components"},
        {"pulumi", "pulumi_command", "pulumiverse_fortios", "dns"},
    ),
    "rehearsal": (
        {"model", "agent.softether.hashes"},
        {
            *("aiohttp", "typer", "rich", "yaml", "cryptography", "pydantic", "pydantic_core", "dns", "httpx"),
            *("pulumi", "grpc", "google", "asyncssh", "semver"),
        },
    ),
}
"""For each part: what of ours and which third parties; its own modules and the standard library always."""


def modules(part: str) -> list[Path]:
    place = ROOT / part
    return [place] if place.suffix else sorted(place.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_allowed(name: str, part: str) -> bool:
    ours, others = ALLOWED[part]
    top = name.split(".")[0]
    if top not in ("labvpn", "components", "rehearsal"):
        return top in others or top in sys.stdlib_module_names
    if name == "labvpn":
        return True  # the package itself holds nothing but its docstring
    home = part.removesuffix(".py").replace("/", ".")
    allowed = {"components" if name == "components" else f"labvpn.{name}" for name in ours} | {home}
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)


@pytest.mark.parametrize("part", ALLOWED)
def test_every_part_imports_only_what_the_table_allows(part: str) -> None:
    stray = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(part)
        for name in imports(path)
        if not is_allowed(name, part)
    ]
    assert stray == []


def test_a_stray_import_would_be_found() -> None:
    assert not is_allowed("pulumi.Output", "labvpn/model")
    assert not is_allowed("labvpn.render.documents", "rehearsal")
    assert not is_allowed("labvpn.agent.softether.hub", "labvpn/connect")
    assert is_allowed("labvpn.agent.bundle", "labvpn/connect")


def test_every_package_of_ours_stands_in_the_table() -> None:
    packages = {f"labvpn/{path.parent.name}" for path in (ROOT / "labvpn").glob("*/__init__.py")}
    assert packages <= set(ALLOWED)


def test_no_file_is_longer_than_one_sitting() -> None:
    files = [path for part in ("labvpn", "components", "rehearsal", "tests") for path in (ROOT / part).rglob("*.py")]
    long = {str(path.relative_to(ROOT)): count for path in files if (count := len(path.read_text().splitlines())) > 250}
    assert long == {}


def test_the_entry_point_is_a_table_of_contents() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 60
