"""HTTP-01 on the host: what is answered on port 80, when, and what is refused where another program has it."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from labvpn.agent import main as agent
from labvpn.agent.acme import client, responder
from labvpn.agent.acme.client import AcmeClient, http_holder
from labvpn.agent.acme.orders import Orders, orders_file
from labvpn.agent.acme.renewal import Renewal
from labvpn.agent.acme.responder import Responder
from labvpn.agent.acme.service import RenewalService
from labvpn.agent.core.document import Change, parse_line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.paths import ACME_KEY
from labvpn.agent.softether import peer
from tests.unit.agent.acme_cases import DIRECTORY, LEAF, LINE, issues
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther

BY_HTTP = f"acme directory={DIRECTORY} names=vpn.lab.example contact=none challenge=http-01 active=yes"
LISTENING = "  sl  local_address rem_address   st\n   0: 00000000:{} 00000000:0000 0A 0:0 00:0 0 0 0 4711 1\n"
TOKEN, PROOF = "evaGxfADs6pSRb2LAv9IZ", b"evaGxfADs6pSRb2LAv9IZ.9jg46WB3rR"


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / TOKEN).write_bytes(PROOF)
    (tmp_path / "account_key.pem").write_text("canary")
    with Responder(tmp_path / "answers", 0) as found:
        yield found.port


def asked(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def ordered(machine: FakeMachine) -> Orders:
    values = parse_line(BY_HTTP).values
    orders_file(machine).write({name: value for name, value in values.items() if name != "active"})
    return Orders.of(machine)


def test_the_proof_of_a_token_is_answered(answering: int) -> None:
    assert asked(answering, f"/.well-known/acme-challenge/{TOKEN}") == (200, PROOF)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/.well-known/acme-challenge/",
        "/.well-known/acme-challenge/other",
        "/.well-known/acme-challenge/../account_key.pem",
        "/.well-known/acme-challenge/..%2faccount_key.pem",
        "/.well-known/acme-challenge/account_key.pem",
        f"/.well-known/acme-challenge/{TOKEN}/",
        f"/.well-known/acme-challenge/{TOKEN}?x",
        f"/{TOKEN}",
    ],
)
def test_nothing_else_is(answering: int, path: str) -> None:
    assert asked(answering, path) == (404, b"")


def test_another_method_is_no_question(answering: int) -> None:
    assert asked(answering, f"/.well-known/acme-challenge/{TOKEN}", "POST")[0] == 501


def test_a_stranger_who_says_nothing_keeps_nobody_waiting(answering: int) -> None:
    with socket.create_connection(("127.0.0.1", answering)), socket.create_connection(("127.0.0.1", answering)):
        assert asked(answering, f"/.well-known/acme-challenge/{TOKEN}") == (200, PROOF)


def test_nothing_is_answered_before_or_after(tmp_path: Path) -> None:
    with Responder(tmp_path, 0) as responder:
        port = responder.port
    with pytest.raises(ConnectionRefusedError):
        asked(port, "/")


def test_two_cannot_answer_at_once(answering: int, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"), Responder(tmp_path, answering):
        pass


def test_the_client_puts_its_proofs_where_they_are_answered_and_asks_no_hook(acme_machine: FakeMachine) -> None:
    ordering = AcmeClient(acme_machine, ordered(acme_machine))
    lines = ordering.configuration().splitlines()
    assert "CHALLENGETYPE=http-01" in lines
    assert "HOOK=''" in lines
    assert f"WELLKNOWN={acme_machine.path(ordering.answers)}" in lines


def test_the_authority_is_answered_while_the_client_orders_and_not_by_dns(
    acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered: list[Path] = []

    class Listening:
        def __init__(self, folder: Path) -> None:
            answered.append(folder)

        def __enter__(self) -> None:
            assert "--cron" not in " ".join(acme_machine.ran)

        def __exit__(self, *error: object) -> None:
            assert "--cron" in " ".join(acme_machine.ran)

    issues(acme_machine, monkeypatch)
    monkeypatch.setattr("labvpn.agent.acme.responder.Responder", Listening)
    AcmeClient(acme_machine, Orders.of(acme_machine)).issue()
    assert answered == []
    acme_machine.ran.clear()
    ordering = AcmeClient(acme_machine, ordered(acme_machine))
    assert LEAF in ordering.issue()
    assert answered == [acme_machine.path(ordering.answers)]


def test_a_port_that_cannot_be_listened_on_is_told_with_who_has_it(
    acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(folder: Path) -> Responder:
        raise OSError(98, "Address already in use")

    issues(acme_machine, monkeypatch)
    monkeypatch.setattr("labvpn.agent.acme.responder.Responder", taken)
    monkeypatch.setattr(client, "http_holder", lambda machine: "nginx, nginx.service")
    with pytest.raises(AgentError, match=r"in use\): stop nginx, nginx.service there, or use challenge: dns-01"):
        AcmeClient(acme_machine, ordered(acme_machine)).issue()


@pytest.mark.parametrize(
    ("holders", "holder"),
    [
        ({"4711": "nginx, nginx.service"}, "nginx, nginx.service"),
        ({"4711": "python3, labvpn-renew.service"}, ""),
        ({}, "a program"),
    ],
)
def test_who_has_port_80_is_refused_by_the_preview_unless_it_is_the_renewal(
    acme_softether: FakeSoftEther,
    acme_machine: FakeMachine,
    monkeypatch: pytest.MonkeyPatch,
    holders: dict[str, str],
    holder: str,
) -> None:
    service = RenewalService(acme_softether)
    acme_machine.write("/proc/net/tcp", LISTENING.format("1F90"))
    assert service.refusals([parse_line(BY_HTTP)]) == []
    acme_machine.write("/proc/net/tcp", LISTENING.format("0050"))
    monkeypatch.setattr(peer, "holders", lambda machine, inodes: holders)
    assert http_holder(acme_machine) == holder
    refused = [f"{what}: {remedy}" for what, remedy in service.refusals([parse_line(BY_HTTP)])]
    sentence = f"has {holder} on port 80, where HTTP-01 is answered: stop it, or use challenge: dns-01"
    assert refused == ([sentence] if holder else [])
    assert service.refusals([parse_line(LINE)]) == []


def test_the_first_one_is_left_to_the_last_step_and_every_later_one_is_not(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = issues(acme_machine, monkeypatch)
    monkeypatch.setattr(AcmeClient, "answer", lambda self, lasting: None)
    service = RenewalService(acme_softether)
    service.apply([Change(parse_line(BY_HTTP), None)])
    assert [line for line in ran if "dehydrated" in line] == []
    assert service.read(parse_line(BY_HTTP)) == parse_line(BY_HTTP).values
    assert Renewal(acme_softether).run() == "the first certificate"
    ran.clear()
    service.apply([Change(parse_line(BY_HTTP.replace("=vpn.lab.example", "=vpn.lab.example,x.lab.example")), None)])
    assert [line for line in ran if "dehydrated" in line]


def test_the_challenges_key_goes_with_the_challenge(acme_softether: FakeSoftEther, acme_machine: FakeMachine) -> None:
    service = RenewalService(acme_softether)
    service.order(parse_line(LINE).values)
    assert acme_machine.path(ACME_KEY).exists()
    service.order(parse_line(BY_HTTP).values)
    assert not acme_machine.path(ACME_KEY).exists()


def test_a_first_certificate_that_is_not_given_stops_no_run(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    def refused(self: Renewal) -> str:
        raise AgentError("the authority gave no certificate")

    monkeypatch.setattr(Renewal, "run", refused)
    assert agent.main(["renew", "first"]) == 0
    assert capsysbinary.readouterr().out == b"! the authority gave no certificate; the next try is within six hours\n"
    assert agent.main(["renew"]) == 1


def slow_requests(port: int, count: int) -> list[socket.socket]:
    """Requests that have begun and are never finished."""
    slow = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(count)]
    for one in slow:
        one.sendall(b"GET /")
    return slow


def test_slow_strangers_do_not_keep_the_authority_from_its_answer(answering: int) -> None:
    slow = slow_requests(answering, responder.MOST_AT_ONCE + 10)
    for _ in range(3):
        assert asked(answering, f"/.well-known/acme-challenge/{TOKEN}") == (200, PROOF)
    for one in slow:
        one.close()


def test_a_request_has_its_whole_time_however_often_a_byte_comes(
    answering: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responder, "REQUEST_SECONDS", 0.5)
    (slow,) = slow_requests(answering, 1)
    slow.settimeout(0.1)
    end = time.monotonic() + 5
    with suppress(ConnectionError):
        while time.monotonic() < end:
            slow.sendall(b"a")
            with suppress(TimeoutError):
                if slow.recv(1) == b"":
                    break
    assert time.monotonic() < end
    slow.close()
