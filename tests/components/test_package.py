"""What programs of others install: the built package has all that the components need."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
USE = """
from components.dns import Name, NameArgs
from components.firewall import FortiGate, HostFirewall
from components.softether import SoftEther
from labvpn.agent import bundle
from labvpn.kit import sheet
import components, labvpn
assert "def main(" in bundle.source()
print(components.__file__, labvpn.__file__)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel has it, unpacked far from the project."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for name in ("labvpn", "components"):
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(PROJECT / name, source / name)
    build = "from hatchling.build import build_wheel; build_wheel('.')"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True, text=True)
    (wheel,) = source.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(target)
    return target


def test_a_program_elsewhere_imports_every_component_from_the_installed_package(installed: Path) -> None:
    line = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(installed)!r})\n{USE}"]
    done = subprocess.run(line, cwd=installed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(installed / name / "__init__.py") for name in ("components", "labvpn")]


def test_every_template_is_in_the_package(installed: Path) -> None:
    templates = list((PROJECT / "labvpn").rglob("*.j2"))
    assert templates
    assert [path.name for path in templates if not (installed / path.relative_to(PROJECT)).exists()] == []


def test_the_example_is_a_whole_program_of_25_lines_at_most() -> None:
    assert len((PROJECT / "examples" / "dns.py").read_text().splitlines()) <= 25
