"""How a host is dialled: again when it fails, never past a wrong host key, with nothing of this user's own."""

import asyncio
import socket
from typing import Any

import asyncssh
import pytest

from rehearsal.toolchain.command import ssh
from rehearsal.toolchain.kind import Call, ProviderError
from tests.unit.rehearsal.toolchain.sshd import HOST_KEY, OTHER_KEY, USER_KEY, Host, connection, public

DEFAULTS = {"user": "root", "port": 22.0, "dialErrorLimit": 2.0, "perDialTimeout": 15.0}


class Line:
    """The way to a host: fails as told, then lets through; remembers each dial."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> None:
        self.errors, self.dialled, self.pauses = list(errors), list[dict[str, Any]](), list[float]()
        self.said: list[str] = []
        monkeypatch.setattr(asyncssh, "connect", self._connect)
        monkeypatch.setattr(ssh, "_pause", self._pause)
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)

    async def _connect(self, host: str, port: int, *, tunnel: Any, **options: Any) -> Any:
        self.dialled.append({"host": host, "port": port, "tunnel": tunnel} | options)
        if self.errors:
            raise self.errors.pop(0)
        options.pop("connect_timeout")
        return await Host().dial(host=host, **options) if tunnel is None else tunnel

    async def _pause(self, _call: Call, seconds: float) -> None:
        self.pauses.append(round(seconds, 3))

    async def _hear(self, _severity: Any, message: str, _urn: str, _passing: bool) -> None:
        self.said.append(message)

    def dial(self, **more: Any) -> None:
        async def once() -> None:
            call = Call("urn::it", self._hear, asyncio.Event())
            (await ssh.connect(call, DEFAULTS | connection(**more))).close()

        asyncio.run(once())


def refusal() -> OSError:
    return ConnectionRefusedError(111, "Connect call failed ('192.0.2.1', 22)")


def test_a_failed_dial_is_tried_again_with_growing_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch, *[refusal() for _ in range(9)])
    line.dial(dialErrorLimit=10.0)
    assert line.pauses == [0.1, 0.15, 0.225, 0.338, 0.506, 0.759, 1.139, 1.709, 2.563]
    assert line.said[0] == "Dial 1/10 failed: retrying"


def test_a_limit_of_minus_one_never_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch, *[refusal() for _ in range(30)])
    line.dial(dialErrorLimit=-1.0)
    assert (len(line.dialled), max(line.pauses), line.said[-1]) == (31, 5.0, "Dial 30/inf failed: retrying")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (refusal(), "dial tcp vpn.example:22: connect: connection refused"),
        (TimeoutError(), "dial tcp vpn.example:22: i/o timeout"),
        (socket.gaierror(-2, "Name or service not known"), "dial tcp: lookup vpn.example: no such host"),
        (
            asyncssh.PermissionDenied("no"),
            "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], "
            "no supported methods remain",
        ),
    ],
)
def test_giving_up_says_why_in_the_real_plugin_s_words(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    line = Line(monkeypatch, error, error, error)
    with pytest.raises(ProviderError) as refused:
        line.dial()
    assert str(refused.value) == f"after 2 failed attempts: {words}"


def test_a_host_with_another_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    with pytest.raises(
        ProviderError, match=r"^after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch$"
    ):
        line.dial(hostKey=public(OTHER_KEY), dialErrorLimit=0.0)


def test_the_host_with_the_expected_key_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    line.dial(hostKey=public(HOST_KEY))
    assert line.dialled[0]["server_host_key_algs"] == ["ssh-ed25519"]


def test_without_a_host_key_any_host_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    Line(monkeypatch).dial()


def test_an_rsa_host_key_fails_with_a_server_that_signs_by_sha2_only(monkeypatch: pytest.MonkeyPatch) -> None:
    rsa = public(asyncssh.generate_private_key("ssh-rsa", key_size=2048))
    line = Line(monkeypatch, asyncssh.KeyExchangeFailed("none"))
    with pytest.raises(ProviderError, match=r"no common algorithm for host key; we offered: \[ssh-rsa\]$"):
        line.dial(hostKey=rsa, dialErrorLimit=0.0)


def test_nothing_of_this_user_s_own_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    line.dial()
    options = line.dialled[0]
    assert (options["config"], options["agent_path"], len(options["client_keys"])) == (None, None, 1)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"hostKey": "gibberish"}, "failed to parse host key: ssh: no key found"),
        ({"privateKey": "gibberish"}, "ssh: no key found"),
        (
            {"privateKey": USER_KEY.export_private_key("pkcs8-pem", passphrase="pa55word").decode()},
            "ssh: this private key is passphrase protected",
        ),
    ],
)
def test_a_bad_key_ends_the_operation_without_a_dial(monkeypatch: pytest.MonkeyPatch, more: Any, words: str) -> None:
    line = Line(monkeypatch)
    with pytest.raises(ProviderError) as refused:
        line.dial(**more)
    assert (str(refused.value), line.dialled) == (words, [])


def test_a_proxy_is_dialled_first_and_named_in_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(monkeypatch)
    line.dial(proxy=DEFAULTS | connection(host="gate.example"))
    assert [dial["host"] for dial in line.dialled] == ["gate.example", "vpn.example"]
    line = Line(monkeypatch, *[refusal() for _ in range(3)])
    with pytest.raises(ProviderError, match=r"^proxy: after 2 failed attempts: dial tcp gate.example:22"):
        line.dial(proxy=DEFAULTS | connection(host="gate.example"))


def test_a_cancelled_run_stops_dialling() -> None:
    async def once() -> None:
        cancelled = asyncio.Event()
        cancelled.set()
        await ssh._pause(Call("urn::it", _silent, cancelled), 60)

    with pytest.raises(ProviderError, match=r"canceled"):
        asyncio.run(once())


async def _silent(_severity: Any, _message: str, _urn: str, _passing: bool) -> None:
    return
