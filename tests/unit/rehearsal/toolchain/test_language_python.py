"""Which Python runs the program, what it is asked, and how its errors read."""

from __future__ import annotations

import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from rehearsal.toolchain import environment, program
from rehearsal.toolchain.interpreter import ProgramError, interpreter


def virtualenv(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    return folder


def test_the_option_virtualenv_is_relative_to_the_project(tmp_path: Path) -> None:
    found = interpreter(tmp_path, {"virtualenv": "venv"}, {"PATH": "/bin"}) if virtualenv(tmp_path / "venv") else None
    assert found is not None and found.python == tmp_path / "venv" / "bin" / "python"


def test_a_virtual_environment_is_activated(tmp_path: Path) -> None:
    folder = virtualenv(tmp_path / "venv")
    environ = interpreter(tmp_path, {"virtualenv": str(folder)}, {"PATH": "/bin", "PYTHONHOME": "/x"}).environ
    assert environ == {"PATH": f"{folder}/bin:/bin", "VIRTUAL_ENV": str(folder)}


def test_python3_is_preferred_to_python_on_path(tmp_path: Path) -> None:
    for name in ("python", "python3"):
        (tmp_path / name).touch(0o755)
    assert interpreter(tmp_path, {}, {"PATH": str(tmp_path)}).python == tmp_path / "python3"
    (tmp_path / "python3").unlink()
    assert interpreter(tmp_path, {}, {"PATH": str(tmp_path)}).python == tmp_path / "python"


def test_pulumi_python_cmd_names_the_python(tmp_path: Path) -> None:
    chosen = interpreter(tmp_path, {}, {"PATH": "/nowhere", "PULUMI_PYTHON_CMD": sys.executable})
    assert chosen.python == Path(sys.executable)


def test_without_any_python_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"none of python3, python is on PATH; install"):
        interpreter(tmp_path, {}, {"PATH": str(tmp_path)})


@pytest.mark.parametrize("options", [{"toolchain": "uv"}, {"toolchain": "poetry"}, {"typechecker": "mypy"}])
def test_what_only_the_real_host_can_do_is_refused(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(ProgramError, match="stand-in"):
        interpreter(tmp_path, options, {"PATH": "/usr/bin"})


def test_a_lock_by_which_the_real_host_would_take_another_toolchain_is_refused(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").touch()
    with pytest.raises(ProgramError, match=r"uv\.lock"):
        interpreter(tmp_path, {}, {"PATH": "/usr/bin"})


@pytest.mark.parametrize(
    ("package", "plugin"),
    [
        ("1.2.1", "1.2.1"),
        ("1.2", "1.2.0"),
        ("1.2.3.4", "1.2.3.4"),
        ("3.0.0a7", "3.0.0-alpha.7"),
        ("3.0rc1", "3.0.0-rc.1"),
        ("1.0.0.post2", "1.0.0+post2"),
        ("1.0.0b1.post2.dev3", "1.0.0-beta.1+post2dev3"),
        ("1!1.0", None),
        ("1.0+local", None),
    ],
)
def test_a_packages_version_is_read_as_its_plugins(package: str, plugin: str | None) -> None:
    assert environment.plugin_version(package) == plugin


def test_a_package_that_names_no_plugin_wants_none() -> None:
    assert environment.plugin("pytest", distribution("pytest")) is None


def test_a_package_without_a_version_in_its_file_wants_the_plugin_of_its_own() -> None:
    wanted = environment.plugin("pulumiverse-fortios", distribution("pulumiverse-fortios"))
    assert wanted is not None and wanted["version"] == distribution("pulumiverse-fortios").version


def test_a_traceback_begins_in_the_program_itself(tmp_path: Path) -> None:
    file = tmp_path / "__main__.py"
    file.write_text("def fails():\n    raise ValueError('boom')\nfails()\n")
    with pytest.raises(ValueError, match="boom") as caught:
        program.start(str(tmp_path))
    text = program.traceback_from(str(tmp_path), caught.value)
    assert text.splitlines()[1].strip() == f'File "{file}", line 3, in <module>'
    assert "runpy" not in text and text.endswith("ValueError: boom\n")


def test_an_error_from_outside_the_program_keeps_its_whole_traceback(tmp_path: Path) -> None:
    try:
        raise ValueError("elsewhere")
    except ValueError as problem:
        assert "test_language_python.py" in program.traceback_from(str(tmp_path), problem)
