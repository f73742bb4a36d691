"""The FortiOS package: a lab loads a few of its types, and other programs find the package whole."""

from __future__ import annotations

import subprocess
import sys

WHOLE = "from pulumiverse_fortios import firewall; from pulumiverse_fortios.firewall import service"
OURS = "from components import fortios_types as fortios"
SAME = "assert (firewall.Policy, service.Custom) == (fortios.Policy, fortios.Custom); assert firewall.Accessproxy"


def run(*lines: str) -> str:
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_lab_loads_no_type_that_it_does_not_use() -> None:
    loaded = run(OURS, "import sys", "print(*(name for name in sys.modules if 'firewall.' in name))").split()
    assert "pulumiverse_fortios.firewall.policy" in loaded
    assert "pulumiverse_fortios.firewall.accessproxy" not in loaded


def test_the_package_is_whole_and_its_types_the_same_for_whoever_imports_it_before_or_after() -> None:
    run(OURS, WHOLE, SAME)
    run(WHOLE, "firewall.Policy", OURS, SAME)
