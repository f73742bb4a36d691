"""SoftEther's JSON-RPC on the host's own loopback: one connection, kept open, with time limits."""

import base64
import binascii
import http.client
import json
import socket
import ssl
from typing import Any, Callable, Dict, Iterator

from labvpn.agent.core.errors import AgentError

CALL_SECONDS = 30.0
FIELD = b'"FileData_bin":'
BLOCK = 1 << 16

# Error codes of SoftEther that the agent tells apart.
HUB_NOT_FOUND = 8
OBJECT_NOT_FOUND = 29
UNSUPPORTED = 33
INVALID_PARAMETER = 38
LISTENER_NOT_FOUND = 53
LISTENER_EXISTS = 54
HUB_EXISTS = 57
GROUP_EXISTS = 66
USER_EXISTS = 66

Answer = Dict[str, Any]
Proof = Callable[[ssl.SSLSocket], None]
"""Raises Unreachable where the other end of a connection is not this host's own server."""


class RpcError(AgentError):
    """SoftEther answered a call with an error code."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(
            "SoftEther on the VPN host refused {} with error {}: {}; check that it supports the setting".format(
                method, code, message.partition(": ")[2] or message
            )
        )
        self.code = code


class WrongPassword(AgentError):
    """SoftEther did not take the administrator password (HTTP 401)."""


class Unreachable(AgentError):
    """Nothing on the port speaks JSON-RPC, or it stopped answering."""


class ProvenConnection(http.client.HTTPSConnection):
    """A connection over loopback to one of this host's own ports, which sends nothing before its peer is proven."""

    def __init__(self, port: int, seconds: float, proof: Proof) -> None:
        # The certificate needs no authority's signature: the proof identifies its owner.
        context = ssl._create_unverified_context()  # noqa: S323
        super().__init__("127.0.0.1", port, timeout=seconds, context=context)
        self.proof = proof

    def connect(self) -> None:
        """Connect, and stop after the handshake where the peer is not the server."""
        super().connect()
        try:
            self.proof(self.sock)
        except BaseException:
            self.close()
            raise


class Rpc:
    """Calls to one listener of the server, as its administrator or, with a hub's password, as that hub's."""

    def __init__(self, port: int, password: str, proof: Proof, seconds: float = CALL_SECONDS, hub: str = "") -> None:
        self.port = port
        self.hub = hub
        self.password = password
        self.connection = ProvenConnection(port, seconds, proof)

    def call(self, method: str, **parameters: Any) -> Answer:
        """Call a method; RpcError for an error code, WrongPassword, Unreachable."""
        response = self.send(method, parameters)
        try:
            return result_of(method, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise self.lost(method, error) from None

    def send(self, method: str, parameters: Dict[str, Any]) -> http.client.HTTPResponse:
        """Send a call, twice where the kept connection was closed meanwhile, and return the answer before its body."""
        body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": parameters})
        fresh = self.connection.sock is None
        try:
            response = self.ask(body)
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            if fresh or isinstance(error, socket.timeout):
                raise self.lost(method, error) from None
            return self.send(method, parameters)
        if response.status == 401:
            response.read()
            raise WrongPassword("SoftEther on the VPN host did not accept the administrator password")
        if response.status != 200:
            raise self.lost(method, "HTTP status {}".format(response.status))
        return response

    def ask(self, body: str) -> http.client.HTTPResponse:
        """One exchange on the connection."""
        headers: Dict[str, Any] = {"X-VPNADMIN-PASSWORD": self.password.encode("utf-8")}
        if self.hub:
            headers["X-VPNADMIN-HUBNAME"] = self.hub
        self.connection.request("POST", "/api/", body.encode("utf-8"), headers)
        return self.connection.getresponse()

    def lost(self, method: str, cause: object) -> Unreachable:
        """The error where the exchange broke."""
        self.connection.close()
        return Unreachable(
            "SoftEther on the VPN host did not answer {} on 127.0.0.1:{} ({}): "
            "see `systemctl status` of its unit and run again".format(method, self.port, cause)
        )

    def config_lines(self) -> Iterator[str]:
        """The whole running configuration, line by line; never held in memory as one piece (20 MB for 10,000 users)."""
        response = self.send("GetConfig", {})
        rest = b""
        for data in decoded(response):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")
        yield rest.decode("utf-8", "replace")

    def close(self) -> None:
        """End the connection."""
        self.connection.close()


def result_of(method: str, body: bytes) -> Answer:
    """The result of an answer's body."""
    answer = json.loads(body.decode("utf-8", "replace"))
    if "error" in answer:
        raise RpcError(method, int(answer["error"].get("code", 0)), str(answer["error"].get("message", "")))
    result: Answer = answer["result"]
    return result


def more(response: http.client.HTTPResponse) -> bytes:
    """The next block of an answer that is not at its end."""
    data = response.read(BLOCK)
    if not data:
        raise http.client.IncompleteRead(data)
    return data


def decoded(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The bytes of the answer's base64 field, block by block; a slash is written there as `\\/`."""
    start = response.read(BLOCK)
    _, found, rest = start.partition(FIELD)
    if not found:
        result_of("GetConfig", start + response.read())
        raise Unreachable("SoftEther on the VPN host returned no configuration: see its log and run again")
    rest = rest.lstrip().lstrip(b'"')
    try:
        while rest:
            text, end, _ = rest.partition(b'"')
            whole = text.replace(b"\\", b"")
            cut = len(whole) - (0 if end else len(whole) % 4)
            yield base64.b64decode(whole[:cut])
            rest = b"" if end else whole[cut:] + more(response)
        response.read()
    except (binascii.Error, OSError, http.client.HTTPException) as error:
        raise Unreachable("SoftEther did not return its whole configuration ({}): run again".format(error)) from None
