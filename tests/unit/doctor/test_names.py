import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from labvpn.doctor.names import Lookup, Resolution, problems, read

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
