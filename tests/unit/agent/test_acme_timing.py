"""What a certificate says of itself, and when it is renewed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labvpn.agent.acme import timing
from labvpn.agent.acme.facts import Facts, facts_of
from labvpn.agent.core.errors import AgentError
from labvpn.agent.core.paths import ACME_CURRENT
from tests.unit.agent.acme_cases import DAY, DIRECTORY, text_of
from tests.unit.agent.fakes import FakeMachine


def facts(begins: float = 0.0, ends: float = 90 * DAY) -> Facts:
    return Facts(b"\x01", b"\x02", ["vpn.lab.example"], begins, ends)


def offered(window: Any) -> Callable[[str], dict[str, Any]]:
    return lambda address: (
        {"renewalInfo": "https://ca.example/ari/"} if address == DIRECTORY else {"suggestedWindow": window}
    )


def test_the_identifier_of_renewal_information_is_that_of_rfc_9773(acme_machine: FakeMachine) -> None:
    # The example of section 4.1: a serial number with its highest bit set has a zero before it.
    acme_machine.answers["openssl x509"] = text_of(serial="87654321")
    assert facts_of(acme_machine, ACME_CURRENT).identifier == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"


@pytest.mark.parametrize("keyid", ["keyid:69:88:5B:6B", "69:88:5B:6B"])
def test_every_openssls_way_of_printing_the_authoritys_key_is_read(acme_machine: FakeMachine, keyid: str) -> None:
    acme_machine.answers["openssl x509"] = text_of().replace(
        "69:88:5B:6B:87:46:40:41:E1:B3:7B:84:7B:A0:AE:2C:DE:01:C8:D4", keyid
    )
    assert facts_of(acme_machine, ACME_CURRENT).authority == bytes.fromhex("69885B6B")


def test_what_openssl_cannot_read_is_said_with_its_file(acme_machine: FakeMachine) -> None:
    acme_machine.answers["openssl x509"] = "nothing of use"
    with pytest.raises(AgentError, match=r"acme\.pem"):
        facts_of(acme_machine, ACME_CURRENT)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2027-01-02T04:00:00Z", 1798862400.0),
        ("2027-01-02T04:00:00.123456Z", 1798862400.0),
        ("2027-01-02T05:30:00+01:30", 1798862400.0),
        ("2027-01-01T23:00:00-05:00", 1798862400.0),
        ("2027-13-02T04:00:00Z", None),
        ("tomorrow", None),
        (None, None),
    ],
)
def test_times_of_rfc_3339_are_read_and_nothing_else(text: str | None, seconds: float | None) -> None:
    assert timing.instant(text) == seconds


@pytest.mark.parametrize("life", [6 * DAY, 47 * DAY, 90 * DAY])
def test_without_a_suggestion_it_is_renewed_soon_after_two_thirds_of_its_life(
    life: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "fetched", lambda address: {})
    moment = timing.moment_of(DIRECTORY, facts(ends=life))
    assert moment.by == "life"
    assert life * 2 / 3 <= moment.at <= life * 0.7 + 1


def test_hosts_are_spread_and_each_keeps_its_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for host in ("one", "two", "three"):
        monkeypatch.setattr("socket.gethostname", lambda host=host: host)
        assert timing.fraction(facts()) == timing.fraction(facts())
        found.add(timing.fraction(facts()))
    assert len(found) == 3
    assert all(0 <= place <= 1 for place in found)


def test_the_authoritys_window_goes_before_the_age(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "fetched", offered({"start": "2027-01-02T04:00:00Z", "end": "2027-01-03T04:00:00Z"}))
    moment = timing.moment_of(DIRECTORY, facts())
    assert moment.by == "authority"
    assert 0 <= moment.at - 1798862400.0 <= DAY


@pytest.mark.parametrize("window", [None, [], {}, {"start": "2027-01-02T04:00:00Z"}, {"start": 1, "end": "later"}])
def test_a_window_that_cannot_be_read_counts_as_none(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "fetched", offered(window))
    assert timing.moment_of(DIRECTORY, facts()).by == "life"


def test_a_window_that_ends_before_it_begins_is_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "fetched", offered({"start": "2027-01-02T04:00:00Z", "end": "2026-01-03T04:00:00Z"}))
    assert timing.moment_of(DIRECTORY, facts()).at == 1798862400.0


def test_nothing_is_asked_but_by_https() -> None:
    assert timing.fetched("http://ca.example/dir") == {}
    assert timing.fetched("file:///etc/passwd") == {}
