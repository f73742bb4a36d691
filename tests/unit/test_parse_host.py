"""The host agent's answer, as values, and the refusals that stop a run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labvpn.connect import inspect, ssh
from labvpn.connect.errors import HopErrors
from labvpn.parse.host import HostState, read_answer
from tests.unit.samples import credentials, lab

ZONE = ["has no firewalld zone pubic", "in `firewall`, name one that it has (public)"]
OTHER = ["has a firewall managed by ufw already", "stop it there"]


def test_warnings_and_refusals_are_read_beside_the_document() -> None:
    text = json.dumps({"firewall": {"observed": "", "warnings": ["8000/tcp closes"], "refusals": [ZONE]}})
    assert read_answer(text) == {
        "firewall": HostState("", warnings=("8000/tcp closes",), refusals=((ZONE[0], ZONE[1]),))
    }


@pytest.mark.parametrize("part", [{"observed": 1}, {"observed": "", "refusals": ["x"]}, {"observed": "", "notes": 1}])
def test_an_answer_of_another_form_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected shape"):
        read_answer(json.dumps({"firewall": part}))


def test_every_refusal_of_the_host_stops_the_run_with_a_sentence_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(*_words: object) -> str:
        return json.dumps({"firewall": {"observed": "", "refusals": [ZONE, OTHER]}})

    monkeypatch.setattr(ssh, "run", answer)
    without = lab(fortigate=None, dns=None)
    with pytest.raises(HopErrors) as caught:
        inspect.inspect_hops(without, credentials(), ["{}"]).result()
    assert str(caught.value).splitlines() == [
        f"The VPN host 203.0.113.20 {what}; {remedy}" for what, remedy in (ZONE, OTHER)
    ]
