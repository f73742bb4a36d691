import socket

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from labvpn.probe import name_lookup
from labvpn.probe.name_lookup import Lookup, Resolution, differences, problems, read
from labvpn.probe.targets import TargetError

NAME, NEW, OLD = "vpn.lab.example", "203.0.113.20", "203.0.113.99"


def resolution(resolver: Lookup, *authority: Lookup) -> Resolution:
    return Resolution(NAME, resolver, "lab.example", authority)


def found(address: str) -> Lookup:
    return Lookup("ns1.lab.example", (address,))


def test_a_name_that_everyone_knows_is_in_order() -> None:
    assert problems(resolution(found(NEW), found(NEW)), NEW) == ()


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (resolution(found(OLD), found(NEW)), "still says 203.0.113.99 for vpn.lab.example, until that record's TTL"),
        (
            resolution(found(OLD), found(OLD)),
            "says 203.0.113.99 for vpn.lab.example, not 203.0.113.20; run",
        ),
        (resolution(Lookup("9.9.9.9", trouble="does not answer"), found(NEW)), "(9.9.9.9) does not answer"),
        (
            resolution(found(NEW), Lookup("ns2", trouble="is lame")),
            "ns2, a server of lab.example, is lame",
        ),
        (resolution(found(NEW)), "no server of the zone of vpn.lab.example could be found"),
    ],
)
def test_each_thing_that_goes_wrong_with_a_name_has_its_sentence(seen: Resolution, said: str) -> None:
    assert any(said in problem for problem in problems(seen, NEW))


def test_without_an_expected_address_the_zones_servers_are_right() -> None:
    assert problems(resolution(found(OLD), found(OLD)), None) == ()
    assert "still says" in problems(resolution(found(OLD), found(NEW)), None)[0]


BOTH = (NEW, "203.0.113.22")


def several(*addresses: str) -> Lookup:
    return Lookup("ns1.lab.example", addresses)


def test_a_name_of_several_servers_has_exactly_their_addresses() -> None:
    assert differences(resolution(several(*BOTH), several(*BOTH)), BOTH[::-1]) == ()


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (
            resolution(several(NEW), several(NEW)),
            ["ns1.lab.example, a server of lab.example, lacks 203.0.113.22 for vpn.lab.example; run `pulumi up`"],
        ),
        (
            resolution(several(*BOTH, OLD), several(*BOTH, OLD)),
            ["says 203.0.113.99 for vpn.lab.example, which does not belong to it; run `pulumi up`"],
        ),
        (
            resolution(several(NEW, OLD), several(NEW, OLD)),
            ["lacks 203.0.113.22 for", "says 203.0.113.99 for"],
        ),
        (
            resolution(several(NEW, OLD), several(*BOTH)),
            ["still lacks 203.0.113.22 for vpn.lab.example, until that record's TTL", "still says 203.0.113.99 for"],
        ),
        (resolution(several(NEW)), ["still lacks 203.0.113.22 for"]),
        (resolution(several(*BOTH)), ["no server of the zone of vpn.lab.example could be found"]),
        (resolution(Lookup("9.9.9.9", trouble="does not answer"), several(*BOTH)), ["(9.9.9.9) does not answer"]),
        (resolution(several(*BOTH), Lookup("ns2", trouble="is lame")), ["ns2, a server of lab.example, is lame"]),
        (resolution(several(*BOTH), Lookup("ns1.lab.example")), []),
    ],
)
def test_an_address_that_is_missing_or_foreign_is_named_once(seen: Resolution, said: list[str]) -> None:
    sentences = differences(seen, BOTH)
    assert len(sentences) == len(said), sentences
    assert all(words in sentence for words, sentence in zip(said, sentences, strict=True)), sentences


def answer(*records: str, rcode: int = dns.rcode.NOERROR, authoritative: bool = True) -> dns.message.Message:
    made = dns.message.make_response(dns.message.make_query(NAME, "A"))
    made.set_rcode(dns.rcode.Rcode(rcode))
    made.flags |= dns.flags.AA if authoritative else 0
    for record in records:
        kind, value = record.split()
        made.answer.append(dns.rrset.from_text(NAME + ".", 60, "IN", kind, value))
    return made


@pytest.mark.parametrize(
    ("message", "addresses", "trouble"),
    [
        (answer(f"A {NEW}"), (NEW,), ""),
        (answer("CNAME elsewhere.example."), (), ""),
        (answer(), (), "knows the name, but no IPv4 address of it"),
        (answer(rcode=dns.rcode.NXDOMAIN), (), "knows no such name"),
        (answer(rcode=dns.rcode.REFUSED), (), "does not serve the zone (REFUSED): the delegation is wrong"),
        (answer(authoritative=False), (), "does not serve the zone (NOERROR): the delegation is wrong"),
    ],
)
def test_each_answer_of_a_zones_server_is_read(
    message: dns.message.Message, addresses: tuple[str, ...], trouble: str
) -> None:
    assert read("ns1", message) == Lookup("ns1", addresses, trouble)


def test_a_resolver_by_its_name_is_looked_up_and_one_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(host: str, port: int, **_how: object) -> list[tuple[object, ...]]:
        if host != "ns1.lab.example":
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("192.0.2.53", port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    for given, asked in (("ns1.lab.example", "192.0.2.53"), ("192.0.2.54", "192.0.2.54"), ("::1", "::1")):
        assert [str(each) for each in name_lookup._resolver(given).nameservers] == [asked]
    for given in ("nosuch", "https://x/", "a b"):
        with pytest.raises(TargetError, match=f"--resolver {given}"):
            name_lookup.resolve("vpn.lab.example", given)
