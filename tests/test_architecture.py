"""Who may import whom, and that the documents agree with the code: docs/design.md has the table."""

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "labvpn/state": (set(), set()),
    "labvpn/model": ({"state", "agent.firewalld.rich_rule"}, {"pydantic", "pydantic_core"}),
    "labvpn/render": ({"model", "state"}, {"certifi", "dns", "cryptography", "jinja2", "segno"}),
    "labvpn/parse": ({"model", "state"}, {"dns"}),
    "labvpn/plan": ({"model", "state", "parse"}, set()),
    "labvpn/connect": ({"model", "state", "parse", "plan", "agent.bundle"}, {"asyncssh", "httpx", "dns"}),
    "labvpn/agent": (set(), set()),
    "labvpn/kit": ({"model", "connect"}, {"cryptography", "jinja2", "segno", "typer"}),
    "labvpn/status": ({"model", "connect", "kit"}, {"rich", "prometheus_client", "typer", "pydantic"}),
    "labvpn/adopt": (
        {"model", "state", "render", "parse", "plan", "connect", "reach", "settings"},
        {"pydantic", "typer", "yaml"},
    ),
    "labvpn/probe": (
        {"model", "state", "parse", "plan", "connect", "agent.bundle"},
        {"rich", "prometheus_client", "typer", "dns", "cryptography", "jinja2"},
    ),
    "labvpn/diagnose": (
        {"model", "agent.softether.login_records", "agent.softether.message_tables"},
        {"typer"},
    ),
    "labvpn/dial": (
        {
            *("model", "connect", "diagnose", "kit", "agent.softether.hashes"),
            *("probe.observation", "probe.services", "probe.sockets", "probe.wire.sstp"),
        },
        {"cryptography", "typer", "pydantic", "prometheus_client"},
    ),
    "labvpn/reach": (
        {
            *("model", "state", "parse", "plan", "render", "connect", "settings", "agent.bundle"),
            *("agent.core.lists", "agent.firewalld.definitions", "agent.firewalld.evaluation"),
            *("agent.firewalld.openings", "agent.firewalld.rich_rule", "agent.firewalld.rulings"),
        },
        {"typer", "rich", "jinja2"},
    ),
    "labvpn/fortigate_provider": ({"model"}, {"typer"}),
    "labvpn/settings.py": ({"model"}, {"pulumi", "pydantic", "yaml"}),
    "components": (
        {"model", "state", "render", "parse", "plan", "connect", "reach", "agent.bundle", "components"},
        {"pulumi", "pulumi_command", "dns"},
    ),
    "rehearsal": (
        {"model", "connect.library", "agent.softether.hashes"},
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
        return True  # the package itself has nothing but its docstring
    home = part.removesuffix(".py").replace("/", ".")
    allowed = {"components" if name == "components" else f"labvpn.{name}" for name in ours} | {home}
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)


@pytest.mark.parametrize("part", ALLOWED)
def test_every_part_imports_only_what_the_table_allows(part: str) -> None:
    forbidden = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(part)
        for name in imports(path)
        if not is_allowed(name, part)
    ]
    assert forbidden == []


def test_a_forbidden_import_would_be_found() -> None:
    assert not is_allowed("pulumi.Output", "labvpn/model")
    assert not is_allowed("labvpn.render.documents", "rehearsal")
    assert not is_allowed("labvpn.agent.softether.hub", "labvpn/connect")
    assert is_allowed("labvpn.agent.bundle", "labvpn/connect")


def test_every_package_of_ours_has_a_row() -> None:
    packages = {f"labvpn/{path.parent.name}" for path in (ROOT / "labvpn").glob("*/__init__.py")}
    assert packages <= set(ALLOWED)


def test_no_file_is_longer_than_one_sitting() -> None:
    files = [path for part in ("labvpn", "components", "rehearsal", "tests") for path in (ROOT / part).rglob("*.py")]
    long = {str(path.relative_to(ROOT)): count for path in files if (count := len(path.read_text().splitlines())) > 250}
    assert long == {}


def test_the_entry_point_is_a_table_of_contents() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 60


def test_the_table_of_the_design_is_made_from_this_one() -> None:
    path = ROOT / "tools/import_table.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.table(ALLOWED) in (ROOT / "docs/design.md").read_text(), "run python tools/import_table.py --write"


DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")]
OURS = re.compile(r"`((?:labvpn|components|rehearsal|tests|tools|examples|docs)/[\w./-]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    named = [ROOT / name for name in OURS.findall(text)]
    linked = [document.parent / name for name in LINK.findall(text)]
    assert [str(path) for path in [*named, *linked] if "NNNN" not in path.name and not path.exists()] == []


def test_every_document_is_in_the_index() -> None:
    folder = ROOT / "docs"
    index = (folder / "README.md").read_text()
    names = [path.relative_to(folder) for path in folder.rglob("*.md") if path.name != "README.md"]
    assert [str(name) for name in names if f"({name})" not in index and name.parent.name != "decisions"] == []


def test_the_readme_is_one_page() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if path.name != "ja.md"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_prose_is_wrapped_at_100_characters(document: Path) -> None:
    """But for tables, code, Japanese, and a line that is one word or one span of code."""
    prose = re.sub(r"^ *```.*?^ *```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"`[^`]*`|\]\([^)]*\)", "_", line) for line in prose.splitlines() if len(line) > 100]
    assert [line for line in lines if not re.match(r" *\||    ", line) and len(line.split()) > 3] == []
