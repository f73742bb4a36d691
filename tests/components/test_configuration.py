"""The configuration reaches the program, and nobody whom the program starts or tells anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pulumi
import pytest

from components.outputs import export
from rehearsal.places import PROJECT

CHILD = """
import subprocess, components, pulumi
print(pulumi.Config("labvpn").get("hubPassword"))
print(subprocess.run(["env"], capture_output=True, text=True).stdout)
"""


def test_no_program_that_the_stacks_program_starts_inherits_the_configuration() -> None:
    given = {"PULUMI_CONFIG": json.dumps({"labvpn:hubPassword": "a canary"}), "PULUMI_CONFIG_SECRET_KEYS": "[]"}
    environment = {**os.environ, **given, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, check=True)
    seen, inherited = done.stdout.split("\n", 1)
    assert seen == "a canary"
    assert "canary" not in inherited
    assert "PULUMI_CONFIG" not in inherited


def test_a_debug_message_tells_no_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "debug", said.append)
    export({})
    pulumi.log.debug("register resource outputs prepared: urn=urn:x, props=a canary")
    pulumi.log.debug("RPCs successfully completed")
    assert said == ["register resource outputs prepared: urn=urn:x", "RPCs successfully completed"]
