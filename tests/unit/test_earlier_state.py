"""A stack that an earlier version applied is previewed and destroyed by today's code."""

from __future__ import annotations

import base64
import pickle
from typing import Any

import pytest
from pulumi.dynamic import ResourceProvider

# As the engine stored the providers in the state of version 0.1's lab: by the paths of their modules, see
# docs/decisions/0009-drift-by-generations.md.
STORED = {
    "drift": "gASVKQAAAAAAAACMEGNvbXBvbmVudHMuZHJpZnSUjA1EcmlmdFByb3ZpZGVylJOUKYGULg==",
    "facts": "gASVKQAAAAAAAACMEGNvbXBvbmVudHMuZHJpZnSUjA1GYWN0c1Byb3ZpZGVylJOUKYGULg==",
    "records": "gASVUwAAAAAAAACMFmNvbXBvbmVudHMuZG5zX3JlY29yZHOUjA9SZWNvcmRzUHJvdmlkZXKUk5QpgZR9lCiMBW5hbWVklIwG"
    "ZG5zS2V5lIwGc2VjcmV0lIwAlHViLg==",
    "policies": "gASVNwAAAAAAAACMHGNvbXBvbmVudHMuZm9ydGlnYXRlX2NsZWFudXCUjA9DbGVhbnVwUHJvdmlkZXKUk5QpgZQu",
}
DOCUMENT = "unit firewalld enabled=yes active=yes\n"
INPUTS: dict[str, dict[str, Any]] = {
    "drift": {"desired": DOCUMENT, "observed": DOCUMENT},
    "facts": {"of": "FortiGate", "facts": {"policy allow": "accept"}, "shown": {"policy allow": "accept"}},
    "policies": {"host": "192.0.2.1", "vdom": "root", "token": "t", "ca": "pem", "names": ["allow"], "when": "after"},
}
"""What version 0.1 declared of each kind."""


def stored(kind: str) -> ResourceProvider:
    provider = pickle.loads(base64.b64decode(STORED[kind]))  # noqa: S301  (written above)
    assert isinstance(provider, ResourceProvider)
    return provider


@pytest.mark.parametrize("kind", STORED)
def test_a_provider_that_an_earlier_state_names_is_still_there(kind: str) -> None:
    stored(kind)


@pytest.mark.parametrize("kind", INPUTS)
def test_the_same_inputs_as_before_are_no_change(kind: str) -> None:
    olds = {**INPUTS[kind], "generation": 3, "__provider": STORED[kind]}
    found = stored(kind).diff("id", olds, {**INPUTS[kind], "__provider": "of today"})
    assert not found.changes
    assert not found.replaces


@pytest.mark.parametrize("kind", ["drift", "facts"])
def test_an_earlier_state_is_destroyed_without_a_word(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    stored(kind).delete("id", {**INPUTS[kind], "generation": 3})
    assert capsys.readouterr() == ("", "")
