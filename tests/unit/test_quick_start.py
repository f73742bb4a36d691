"""What a preview or a command loads, and when: nothing that only a change needs, and nothing twice."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from labvpn.render import certificate
from tests.unit.samples import credentials, lab

ROOT = Path(__file__).parents[2]


def loaded(statement: str) -> set[str]:
    """The modules that a Python of its own has after a statement."""
    return set(printed(f"import sys; {statement}; print(*sys.modules)").split())


def printed(code: str, **variables: str) -> str:
    environment = {**os.environ, **variables}
    line = [sys.executable, "-c", code]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def completed(words: str) -> tuple[list[str], set[str]]:
    """What bash is told to complete the last of some words with, and the modules that took."""
    code = """if True:
    import sys
    from labvpn import cli
    sys.argv = ["labvpn"]
    try:
        cli.main()
    except SystemExit:
        print("--", *sys.modules)
    """
    place = str(len(words.split(" ")) - 1)
    said = printed(code, _LABVPN_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=place)
    answer, _, modules = said.rpartition("-- ")
    return answer.split(), set(modules.split())


def test_asyncssh_starts_no_compiler() -> None:
    spawned = "import subprocess; subprocess.Popen = None"
    assert "asyncssh" in loaded(f"{spawned}; import labvpn.connect.ssh")


def test_other_libraries_are_searched_for_as_ever() -> None:
    code = (
        "import ctypes.util as u; before = u.find_library; import labvpn.connect.ssh; assert u.find_library is before"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_providers_of_a_preview_load_no_model() -> None:
    providers = ("drift", "dns_records", "fortigate_cleanup", "fortigate_watch")
    there = loaded("; ".join(f"import components.{module}" for module in providers))
    assert not there & {"pydantic", "labvpn.model.base", "labvpn.plan.fortigate.diff", "httpx"}


def test_a_stand_in_of_a_plugin_loads_no_sdk() -> None:
    assert "pulumi" not in loaded(
        "; ".join(f"import rehearsal.toolchain.{one}.__main__" for one in ("command", "bridge"))
    )


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("labvpn pro", ["probe"]),
        ("labvpn probe --js", ["--json"]),
        ("labvpn dial --service l2tp --js", ["--json"]),
        ("labvpn dial --as iph", ["iphone"]),
    ],
)
def test_a_shell_completes_commands_and_options_without_a_model(words: str, answer: list[str]) -> None:
    found, modules = completed(words)
    assert found == answer
    assert "pydantic" not in modules


def test_a_probe_from_here_loads_no_ssh() -> None:
    assert "asyncssh" not in loaded("import labvpn.probe.run, labvpn.probe.remote_vantage, labvpn.probe.text")


def test_a_commands_own_help_needs_no_model() -> None:
    code = "sys.argv = ['labvpn', 'probe', '--help']; import atexit; atexit.register(lambda: print(*sys.modules))"
    said = printed(f"import sys; {code}; from labvpn import cli; cli.main()")
    assert "--json" in said
    assert "pydantic" not in said.split()


def test_the_hops_are_asked_before_what_declares_resources_is_loaded() -> None:
    lines = [ast.unparse(node) for node in ast.parse((ROOT / "__main__.py").read_text()).body]
    begun = next(place for place, line in enumerate(lines) if line.startswith("inspection = inspect("))
    later = [place for place, line in enumerate(lines) if "components.firewall" in line or "components.dns" in line]
    assert later
    assert all(begun < place for place in later)


def test_the_key_of_the_passwords_is_begun_before_what_asks_the_hops_is_loaded() -> None:
    lines = [ast.unparse(node) for node in ast.parse((ROOT / "__main__.py").read_text()).body]
    begun = next(place for place, line in enumerate(lines) if line.startswith("lab, credentials = settings.load("))
    before = "; ".join(line for line in lines[:begun] if line.startswith(("import", "from")))
    assert loaded(before).isdisjoint({"asyncssh", "httpx", "dns.resolver", "pulumi_command"})


def test_what_is_loaded_before_that_has_no_type_of_fortios() -> None:
    lines = [ast.unparse(node) for node in ast.parse((ROOT / "__main__.py").read_text()).body]
    before = lines[: next(place for place, line in enumerate(lines) if line.startswith("inspection = inspect("))]
    imports = "; ".join(line for line in before if line.startswith(("import", "from")))
    assert loaded(imports).isdisjoint({"pulumiverse_fortios", "components.fortigate"})


def test_each_private_key_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    real = serialization.load_pem_private_key

    def load(data: bytes, password: bytes | None) -> object:
        parsed.append(data)
        return real(data, password)

    monkeypatch.setattr(serialization, "load_pem_private_key", load)
    known = credentials(authority=certificate.create_authority("vpn.lab.example", datetime.now(UTC)))
    made = [certificate.server_certificate(lab(), known) for _ in range(3)]
    assert len(parsed) == 2
    assert all(one is not None for one in made)
