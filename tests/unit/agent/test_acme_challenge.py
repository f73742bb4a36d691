"""The challenge's record on the host's side: where it goes, and that it never stays."""

from __future__ import annotations

import contextlib

import pytest

from labvpn.agent.acme.challenge import Challenge
from labvpn.agent.acme.orders import Orders
from labvpn.agent.acme.service import RenewalService
from labvpn.agent.core.document import parse_line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.paths import ACME_KEY, ACME_ORDERS, ACME_RECORDS
from labvpn.agent.main import work
from tests.unit.agent.acme_cases import LINE
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther


def test_a_record_is_written_down_before_it_is_made_and_only_its_value_is_deleted(
    acme_challenge: Challenge, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates: list[str] = []
    monkeypatch.setattr(
        acme_challenge, "update", lambda what, record: updates.append(f"{what} {acme_machine.read(ACME_RECORDS)}")
    )
    acme_challenge.answer("deploy_challenge", "vpn.lab.example", "proof-1")
    assert updates[0].startswith("add _acme-challenge.vpn.lab.example. 10 TXT")
    assert "proof-1" in updates[0]
    acme_challenge.answer("clean_challenge", "vpn.lab.example", "proof-1")
    assert updates[1].startswith("delete _acme-challenge.vpn.lab.example. TXT")
    assert acme_challenge.records() == []


def test_an_alias_is_followed_and_one_that_leads_in_circles_is_not_followed_for_ever(
    acme_challenge: Challenge, acme_machine: FakeMachine
) -> None:
    asked = "dig +time=3 +tries=2 +short _acme-challenge.vpn.lab.example CNAME"
    acme_machine.answers[asked] = "vpn.acme.example.\n"
    assert acme_challenge.target("_acme-challenge.vpn.lab.example") == "vpn.acme.example"
    acme_machine.answers["dig +time=3 +tries=2 +short vpn.acme.example CNAME"] = "_acme-challenge.vpn.lab.example.\n"
    assert acme_challenge.target("_acme-challenge.vpn.lab.example") in (
        "vpn.acme.example",
        "_acme-challenge.vpn.lab.example",
    )


def test_a_record_that_cannot_be_deleted_stays_written_down_and_is_tried_again(
    acme_challenge: Challenge, acme_machine: FakeMachine
) -> None:
    acme_challenge.begin("vpn.lab.example", "proof-1")
    acme_machine.answers["nsupdate"] = Outcome(2, "", "update failed: SERVFAIL")
    with pytest.raises(AgentError, match="SERVFAIL"):
        acme_challenge.tidy()
    assert len(acme_challenge.records()) == 1
    acme_machine.answers["nsupdate"] = ""
    acme_challenge.tidy()
    assert acme_challenge.records() == []


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        (";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 1", 0),
        (";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n", 0),
        (';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n_acme-challenge. 10 IN TXT "proof-1"', 1),
        (";; ->>HEADER<<- opcode: QUERY, status: REFUSED, id: 1", 1),
        (";; no servers could be reached", 1),
    ],
)
def test_what_the_server_never_took_is_not_kept_in_mind(
    answer: str, left: int, acme_challenge: Challenge, acme_machine: FakeMachine
) -> None:
    acme_challenge.begin("vpn.lab.example", "proof-1")
    acme_machine.answers["nsupdate"] = Outcome(2, "", "update failed: REFUSED")
    acme_machine.answers["dig +time=3 +tries=2 @198.51.100.53"] = answer
    with contextlib.suppress(AgentError):
        acme_challenge.tidy()
    assert len(acme_challenge.records()) == left


def test_what_ends_one_challenge_leaves_the_record_of_another(acme_challenge: Challenge) -> None:
    acme_challenge.begin("vpn.lab.example", "proof-1")
    acme_challenge.begin("one.lab.example", "proof-2")
    acme_challenge.answer("clean_challenge", "vpn.lab.example", "proof-1")
    assert [record["proof"] for record in acme_challenge.records()] == ["proof-2"]


def test_the_keys_secret_is_in_no_command_line_and_in_a_file_of_roots_alone(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine
) -> None:
    RenewalService(acme_softether).order(parse_line(LINE).values)
    Challenge(acme_machine, Orders.of(acme_machine)).begin("vpn.lab.example", "proof")
    assert "Y2hhbGxlbmdl" in (acme_machine.read(ACME_KEY) or "")
    assert acme_machine.path(ACME_KEY).stat().st_mode & 0o777 == 0o600
    assert "Y2hhbGxlbmdl" not in " ".join(acme_machine.ran)
    assert "Y2hhbGxlbmdl" not in (acme_machine.read(ACME_ORDERS) or "")


def test_the_hook_takes_four_words_or_tidy_alone() -> None:
    import io

    with pytest.raises(AgentError, match="usage"):
        work(["challenge", "deploy_challenge"], io.StringIO())
