"""JSON-RPC: answers read block by block, errors told apart, a lost connection tried once more."""

from __future__ import annotations

import base64
import http.client
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from labvpn.agent.softether import rpc as module
from labvpn.agent.softether.rpc import Rpc, RpcError, Unreachable, WrongPassword

PASSWORD = "administrator-canary-Ω"
CONFIG = "\ufeffdeclare root\r\n{\r\n\tstring Name Jün/" + "x" * 500 + "\r\n}\r\n"


class Response(io.BytesIO):
    """An HTTP answer."""

    def __init__(self, body: object, status: int = 200) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        # SoftEther writes every slash with a backslash before it.
        super().__init__(text.replace("/", "\\/").encode())
        self.status = status


class Connection:
    """A connection that gives prepared answers, or raises them."""

    def __init__(self, *answers: Any) -> None:
        self.answers: Iterator[Any] = iter(answers)
        self.sock: object | None = None
        self.sent: list[tuple[bytes, dict[str, Any]]] = []

    def request(self, method: str, path: str, body: bytes, headers: dict[str, Any]) -> None:
        self.sock = object()
        self.sent.append((body, headers))

    def getresponse(self) -> Response:
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Response)
        return answer

    def close(self) -> None:
        self.sock = None


def caller(*answers: Any) -> tuple[Rpc, Connection]:
    rpc, connection = Rpc(5555, PASSWORD, lambda connection: None), Connection(*answers)
    rpc.connection = connection  # type: ignore[assignment]
    return rpc, connection


def config_answer() -> Response:
    data = base64.b64encode(CONFIG.encode()).decode()
    return Response({"result": {"FileData_bin": data, "FileName_str": "vpn_server.config"}})


@pytest.mark.parametrize("block", [16, 37, 64, 100, 1 << 16])
def test_the_configuration_is_the_same_whatever_the_blocks(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first block holds the field's name.
    monkeypatch.setattr(module, "BLOCK", max(block, 64))
    rpc, _ = caller(config_answer())
    assert "\n".join(rpc.config_lines()) == CONFIG


def test_a_configuration_that_breaks_off_is_no_configuration() -> None:
    whole = config_answer().getvalue()
    broken = Response("")
    broken.write(whole[: len(whole) // 2])
    broken.seek(0)
    rpc, _ = caller(broken)
    with pytest.raises(Unreachable, match="did not return its whole"):
        list(rpc.config_lines())


def test_a_refused_configuration_is_the_servers_error() -> None:
    rpc, _ = caller(Response({"error": {"code": 52, "message": "Error code 52: Not enough privileges."}}))
    with pytest.raises(RpcError, match="error 52: Not enough privileges"):
        list(rpc.config_lines())


def test_an_error_has_its_code_and_no_parameter_in_its_words() -> None:
    rpc, _ = caller(Response({"error": {"code": 66, "message": "Error code 66: The user exists."}}))
    with pytest.raises(RpcError) as caught:
        rpc.call("CreateUser", Auth_Password_str="user-canary")
    assert caught.value.code == 66
    assert "canary" not in str(caught.value)


def test_a_refused_password_is_not_repeated() -> None:
    rpc, _ = caller(Response("", 401))
    with pytest.raises(WrongPassword) as caught:
        rpc.call("GetServerInfo")
    assert "canary" not in str(caught.value)


def test_a_password_of_any_letters_fits_the_header() -> None:
    rpc, connection = caller(Response({"result": {}}))
    rpc.call("GetServerInfo")
    assert connection.sent[0][1] == {"X-VPNADMIN-PASSWORD": PASSWORD.encode()}


def test_a_kept_connection_that_was_closed_is_opened_again_once() -> None:
    closed = http.client.RemoteDisconnected("closed")
    rpc, connection = caller(Response({"result": {"n": 1}}), closed, Response({"result": {"n": 2}}))
    assert rpc.call("Flush") == {"n": 1}
    assert rpc.call("Flush") == {"n": 2}
    assert len(connection.sent) == 3


def test_a_server_that_does_not_answer_is_named_with_its_port() -> None:
    rpc, _ = caller(ConnectionRefusedError("refused"), ConnectionRefusedError("refused"))
    with pytest.raises(Unreachable, match=r"127.0.0.1:5555 \(refused\)"):
        rpc.call("GetServerInfo")
