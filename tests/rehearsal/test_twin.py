"""The twin of SoftEther's JSON-RPC answers as the real 5.01 does: the same contract is asked of both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rehearsal.agent_host import SECRETS, AgentHost
from tests.unit.agent import contract
from tests.unit.agent.test_contract import ask
from tests.unit.agent.twin import Twin

ASKING = """
import http.client, json, ssl, sys
password, method, parameters = json.load(sys.stdin)
connection = http.client.HTTPSConnection("127.0.0.1", 5555, context=ssl._create_unverified_context(), timeout=20)
body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": parameters})
connection.request("POST", "/api/", body, {"X-VPNADMIN-PASSWORD": password.encode()})
answer = json.loads(connection.getresponse().read())
print(json.dumps(answer["result"] if "result" in answer else {"error": answer["error"]["code"]}))
"""


@pytest.fixture(scope="module")
def host() -> Iterator[AgentHost]:
    host = AgentHost("twin")
    host.begin_with_server()
    yield host
    host.stop()


@pytest.fixture(autouse=True)
def _here(host: AgentHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABVPN_REHEARSAL", host.name)


def test_the_twin_of_5_01_answers_as_the_server_does(host: AgentHost) -> None:
    def real(method: str, given: dict[str, Any]) -> dict[str, Any]:
        words = json.dumps([SECRETS["administrator"], method, given])
        answer: dict[str, Any] = json.loads(host.output("server", "python3", "-c", ASKING, input=words))
        return answer

    assert contract.differing(contract.answers(ask(Twin(501))), contract.answers(real)) == []
