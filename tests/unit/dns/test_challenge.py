"""The rights of the challenge's key, as a preview asks for them."""

from __future__ import annotations

from typing import Any

import dns.message
import dns.rcode
import dns.rrset
import dns.update
import pytest

from labvpn.connect.dns import challenge
from labvpn.connect.dns.query import NameServer
from labvpn.connect.dns.tsig import Signer, Unreachable, Zone
from labvpn.connect.errors import HopError, HopErrors
from labvpn.model.acme import Acme
from labvpn.model.dns import DnsName

SECRET = "Y2hhbGxlbmdlLWNhbmFyeQ=="
NAME = "vpn.lab.example"
PLACE = f"_acme-challenge.{NAME}"
OWN = ("lab.example", PLACE, "TXT")
Right = tuple[str, str, str]


@pytest.fixture
def rights(monkeypatch: pytest.MonkeyPatch) -> set[Right]:
    """What the key may change: zone, name, type; a delegation of one zone, and no alias."""
    granted: set[Right] = set()

    def exchange(zone: Zone, message: dns.message.Message, seconds: float = 0) -> dns.message.Message:
        if isinstance(message, dns.update.UpdateMessage):
            ((name, kind),) = {(str(one.name).rstrip("."), dns.rdatatype.to_text(one.rdtype)) for one in message.update}
            if (zone.name, name, kind) not in granted:
                raise HopError(zone.hop, "refused the update", "grant it")
        return message

    monkeypatch.setattr(challenge, "exchange", exchange)
    monkeypatch.setattr(challenge, "servers_for", lambda host, roots: ("lab.example", (NameServer("", "192.0.2.1"),)))
    monkeypatch.setattr(challenge, "ask", lambda *words: None)
    return granted


def acme(**changes: Any) -> Acme:
    return Acme.model_validate({"key": {"name": "challenge"}, **changes})


def name(**changes: Any) -> DnsName:
    given = {"zone": "lab.example", "server": "198.51.100.53", "key": {"name": "labvpn"}}
    return DnsName.model_validate({**given, **changes})


def found(one: Acme | None = None, of: DnsName | None = None) -> str:
    try:
        return "; ".join(challenge.check(one or acme(), of or name(), [NAME], SECRET)) or "right"
    except HopErrors as errors:
        return str(errors)


def aliased(monkeypatch: pytest.MonkeyPatch, target: str, zone: str) -> None:
    def ask(address: str, place: str, kind: str, deadline: float) -> dns.message.Message | None:
        answer = dns.message.make_response(dns.message.make_query(place, kind))
        if place == PLACE:
            answer.answer.append(dns.rrset.from_text(f"{place}.", 60, "IN", "CNAME", f"{target}."))
        return answer

    monkeypatch.setattr(challenge, "ask", ask)
    servers = (NameServer("", "192.0.2.1"),)
    monkeypatch.setattr(
        challenge, "servers_for", lambda host, roots: (zone if host == target else "lab.example", servers)
    )


def test_a_key_that_may_do_the_challenge_alone_is_right(rights: set[Right]) -> None:
    rights.add(OWN)
    assert found() == "right"


def test_a_key_that_may_not_do_it_is_refused_with_the_line_that_grants_it(rights: set[Right]) -> None:
    assert f"grant challenge name {PLACE}. TXT;" in found()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("lab.example", NAME, "A"), f"A of {NAME}"),
        (("lab.example", NAME, "TXT"), f"TXT of {NAME}"),
        (("lab.example", "labvpn-asks.lab.example", "TXT"), "TXT of labvpn-asks.lab.example"),
    ],
)
def test_a_key_that_may_do_more_is_refused(more: Right, message: str, rights: set[Right]) -> None:
    rights.update({OWN, more})
    assert message in found()
    assert "it is kept on the VPN host" in found()


def test_a_zone_of_the_challenges_alone_may_be_the_keys(rights: set[Right], monkeypatch: pytest.MonkeyPatch) -> None:
    aliased(monkeypatch, "vpn.acme.example", "acme.example")
    rights.update({("acme.example", "vpn.acme.example", "TXT"), ("acme.example", "labvpn-asks.acme.example", "TXT")})
    assert found() == "right"
    rights.add(("lab.example", NAME, "A"))
    assert f"A of {NAME}" in found()


def test_a_name_server_that_is_not_reached_from_here_is_said_and_stops_nothing(
    rights: set[Right], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*words: object) -> dns.message.Message:
        raise Unreachable("The name server 198.51.100.53", "gives no answer", "check it")

    monkeypatch.setattr(challenge, "exchange", silent)
    assert "the rights of the challenge's key were not checked" in found()
    monkeypatch.setattr(challenge, "servers_for", lambda host, roots: (".", ()))
    assert "port 53 is open" in found()


def test_where_no_primary_is_named_nothing_is_asked(rights: set[Right]) -> None:
    assert found(of=name(mode="manual", server=None, key=None)) == "right"


def test_the_challenges_own_primary_and_zone_go_before_the_labs(rights: set[Right]) -> None:
    given = acme(server="198.51.100.99", port=5353, zone="acme.example.")
    asked = challenge.Challenge(given, name(), NAME, Signer("challenge", "hmac-sha256", SECRET))
    zone = asked.zone_at(asked.zone)
    assert zone is not None
    assert (zone.server, zone.port, zone.name) == ("198.51.100.99", 5353, "acme.example")


def test_an_alias_in_a_circle_ends(rights: set[Right], monkeypatch: pytest.MonkeyPatch) -> None:
    aliased(monkeypatch, PLACE, "lab.example")
    rights.add(OWN)
    assert found() == "right"


def test_no_secret_is_in_a_sentence(rights: set[Right]) -> None:
    assert SECRET not in found()
