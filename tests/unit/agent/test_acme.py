"""The renewal of the certificate on the host: when it runs, how its client is driven, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from labvpn.agent.acme.challenge import Challenge
from labvpn.agent.acme.client import AcmeClient, AcmeRefusal
from labvpn.agent.acme.facts import facts_of
from labvpn.agent.acme.orders import Orders, orders_file
from labvpn.agent.acme.renewal import Renewal
from labvpn.agent.acme.report import LATE, RenewalReport
from labvpn.agent.acme.service import RenewalService
from labvpn.agent.core.document import Change, parse_line
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.machine import Outcome
from labvpn.agent.core.paths import ACME_CURRENT, ACME_HOOK
from labvpn.agent.softether.certificate import CertificateSetting
from labvpn.agent.softether.presented_certificate import presented_fingerprint
from tests.unit.agent.acme_cases import ABOVE, DAY, DIRECTORY, KEY, LEAF, LINE, NOW, at, issues, text_of
from tests.unit.agent.fakes import FakeMachine, FakeSoftEther


def test_the_first_run_fetches_sets_and_plans(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = issues(acme_machine, monkeypatch)
    assert Renewal(acme_softether).run() == "the first certificate"
    assert [line for line in ran if line.startswith("dehydrated") and "--register" in line]
    assert acme_softether.methods() == ["GetServerInfo", "SetServerCert", "Flush"]
    assert acme_machine.path(ACME_CURRENT).stat().st_mode & 0o777 == 0o600
    assert (acme_machine.path("/var/lib/softether/chain_certs/labvpn-0.cer")).read_text() == ABOVE
    report = RenewalReport(acme_machine).read()
    assert (report["failed"], report["by"]) == ("", "life")


def test_5_02_is_given_the_chain_with_the_certificate(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme_softether.answers["GetServerInfo"] = {"ServerVerInt_u32": 502, "ServerBuildInt_u32": 5187}
    issues(acme_machine, monkeypatch)
    Renewal(acme_softether).run()
    (parameters,) = [given for method, given in acme_softether.calls if method == "SetServerCert"]
    assert parameters["Chain_bin"] == ["YWJvdmU="]
    assert not acme_machine.path("/var/lib/softether/chain_certs").exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"names": "vpn.lab.example,one.lab.example"}, "other names"),
        ({"directory": "https://other.example/dir"}, "another authority"),
    ],
)
def test_another_order_is_carried_out_at_once(
    change: dict[str, str],
    why: str,
    acme_softether: FakeSoftEther,
    acme_machine: FakeMachine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    issues(acme_machine, monkeypatch)
    at(monkeypatch, 1_799_000_000.0)
    Renewal(acme_softether).run()
    orders_file(acme_machine).write({**Orders.of(acme_machine).values, **change})
    assert Renewal(acme_softether).reason(Orders.of(acme_machine), 1_799_000_000.0).startswith(why)


def test_what_is_not_due_is_left_and_what_is_due_is_renewed(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues(acme_machine, monkeypatch)
    begin = facts_of(acme_machine, ACME_CURRENT).begins
    at(monkeypatch, begin)
    Renewal(acme_softether).run()
    at(monkeypatch, begin + 59 * DAY)
    assert Renewal(acme_softether).run() == ""
    at(monkeypatch, begin + 64 * DAY)
    assert Renewal(acme_softether).run() == "due by its age"


def test_a_failure_keeps_what_there_is_and_is_told_since_when_until_it_works(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues(acme_machine, monkeypatch)
    begin = facts_of(acme_machine, ACME_CURRENT).begins
    at(monkeypatch, begin)
    Renewal(acme_softether).run()
    kept = acme_machine.read(ACME_CURRENT)
    issues(acme_machine, monkeypatch, *[Outcome(2, "", "ERROR: Problem connecting to server")] * 2)
    for days in (70, 71):
        at(monkeypatch, begin + days * DAY)
        with pytest.raises(AgentError, match="Problem connecting"):
            Renewal(acme_softether).run()
    assert acme_machine.read(ACME_CURRENT) == kept
    (sentence,) = RenewalReport(acme_machine).warnings(begin + 71 * DAY)
    assert "has not been renewed since 2027-03-12" in sentence
    assert "valid until 2027-04-01" in sentence
    Renewal(acme_softether).run()
    assert RenewalReport(acme_machine).warnings(begin + 71 * DAY) == []


def test_a_timer_that_does_not_run_is_told(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues(acme_machine, monkeypatch)
    at(monkeypatch, NOW)
    Renewal(acme_softether).run()
    assert RenewalReport(acme_machine).warnings(NOW + LATE) == []
    assert "labvpn-renew.timer" in RenewalReport(acme_machine).warnings(NOW + LATE + 1)[0]


def test_an_account_that_the_authority_lost_is_made_again_once(
    acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Outcome(2, "", '{"type": "urn:ietf:params:acme:error:accountDoesNotExist", "detail": "no such account"}')
    ran = issues(acme_machine, monkeypatch, gone)
    AcmeClient(acme_machine, Orders.of(acme_machine)).issue()
    assert len([line for line in ran if "--register" in line]) == 2
    issues(acme_machine, monkeypatch, gone, gone)
    with pytest.raises(AcmeRefusal, match="no such account"):
        AcmeClient(acme_machine, Orders.of(acme_machine)).issue()


def test_an_authoritys_own_words_are_handed_on_with_the_kind_of_its_refusal(acme_machine: FakeMachine) -> None:
    said = '{"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many \\"vpn\\" today"}'
    refusal = AcmeClient(acme_machine, Orders.of(acme_machine)).refusal(
        Outcome(2, "", f"  + ERROR: An error occurred\n{said}")
    )
    assert 'gave no certificate: too many "vpn" today' in str(refusal)
    assert str(refusal).endswith("(rateLimited)")
    assert refusal.kind == "rateLimited"


def test_a_first_try_that_fails_does_not_stop_the_rest_of_the_run(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues(acme_machine, monkeypatch, Outcome(2, "", "ERROR: curl failed"))
    service = RenewalService(acme_softether)
    service.apply([Change(parse_line(LINE), None)])
    assert service.trouble.startswith(f"! {DIRECTORY} gave no certificate: ERROR: curl failed")
    assert service.read(parse_line(LINE)) == parse_line(LINE).values


def test_a_changed_unit_and_another_secret_are_drift(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues(acme_machine, monkeypatch)
    service = RenewalService(acme_softether)
    service.apply([Change(parse_line(LINE), None)])
    acme_machine.write(ACME_HOOK, "#!/bin/sh\n")
    acme_softether.secrets.acme = "b3RoZXI="
    values = service.read(parse_line(LINE)) or {}
    assert (values["active"], values["key"]) == ("changed", "differs")


def test_what_was_set_by_hand_in_its_place_is_drift_and_is_set_back(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = CertificateSetting(acme_softether)
    wanted = parse_line("certificate by=acme")
    assert setting.read(wanted) == {"by": "acme"}, "until there is one the server shows what it has"
    acme_machine.write(ACME_CURRENT, KEY + LEAF)
    assert setting.read(wanted) == {"by": "other"}
    setting.set(wanted)
    assert "SetServerCert" in acme_softether.methods()


def test_nothing_of_it_is_left_when_it_goes(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues(acme_machine, monkeypatch)
    service = RenewalService(acme_softether)
    service.apply([Change(parse_line(LINE), None)])
    service.remove([parse_line(LINE)])
    assert list(acme_machine.path("/var/lib/softether/chain_certs").glob("labvpn-*")) == []
    left = [str(path) for path in acme_machine.path("/").rglob("*") if path.is_file()]
    assert [path for path in left if "acme" in path or "renew" in path or "challenge" in path] == []


def test_a_host_without_an_order_says_so_and_reports_nothing(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="run `pulumi up`"):
        Renewal(FakeSoftEther(FakeMachine(tmp_path))).run()
    report = RenewalReport(FakeMachine(tmp_path))
    assert (report.warnings(NOW), report.notes(), report.status()) == ([], [], None)


@pytest.mark.parametrize("subject", ["Subject: ", "Subject: CN = other.example", "Subject: O = vpn.lab.example"])
def test_a_certificate_that_openvpn_would_refuse_is_not_taken(
    subject: str, acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues(acme_machine, monkeypatch)
    acme_machine.answers["openssl x509"] = text_of().replace("Subject: CN = vpn.lab.example", subject)
    with pytest.raises(AgentError, match="common name"):
        Renewal(acme_softether).run()
    assert acme_machine.read(ACME_CURRENT) is None
    assert "SetServerCert" not in acme_softether.methods()


def test_the_certificate_from_before_is_remembered_by_its_fingerprint(acme_softether: FakeSoftEther) -> None:
    acme_softether.answers["GetServerCert"] = {"Cert_bin": "b2xk", "Key_bin": "a2V5", "Flag_bool": True}
    remembered = CertificateSetting(acme_softether).remember(parse_line("certificate by=acme"))
    assert remembered is not None
    assert remembered["sha256"] == presented_fingerprint(acme_softether)
    assert remembered["record"] == {"Cert_bin": "b2xk", "Key_bin": "a2V5"}
    assert "by" not in remembered


def test_a_record_that_cannot_be_deleted_is_told_and_keeps_nothing_from_being_renewed(
    acme_softether: FakeSoftEther, acme_machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Challenge(acme_machine, Orders.of(acme_machine)).begin("vpn.lab.example", "proof")
    acme_machine.answers["nsupdate"] = Outcome(2, "", "update failed: REFUSED")
    issues(acme_machine, monkeypatch)
    at(monkeypatch, NOW)
    assert Renewal(acme_softether).run() == "the first certificate"
    (sentence,) = RenewalReport(acme_machine).warnings(NOW)
    assert "is left in the zone" in sentence
    acme_machine.answers["nsupdate"] = ""
    Renewal(acme_softether).run()
    assert RenewalReport(acme_machine).warnings(NOW) == []


def test_before_it_is_ordered_the_servers_certificate_is_anothers_and_so_remembered(tmp_path: Path) -> None:
    setting = CertificateSetting(FakeSoftEther(FakeMachine(tmp_path)))
    assert setting.read(parse_line("certificate by=acme")) == {"by": "other"}
