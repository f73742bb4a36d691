"""Keys, addresses and servers in the forms that people and old servers have them in."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rrset
import pytest

from labvpn.connect.dns import query
from labvpn.connect.dns.query import NameServer
from labvpn.connect.dns.tsig import Signer
from labvpn.connect.errors import HopError
from tests.unit.dns.samples import name


@pytest.mark.parametrize("algorithm", ["HMAC-SHA512", "hmac-sha512.", "Hmac-Sha512."])
def test_an_algorithm_is_named_as_a_domain_name_is(algorithm: str) -> None:
    key = name(key={"name": "labvpn", "algorithm": algorithm}).key
    assert key is not None and key.algorithm == "hmac-sha512"


@pytest.mark.parametrize("algorithm", ["hmac-md5", "HMAC-MD5.SIG-ALG.REG.INT.", "hmac-sha1"])
def test_a_weak_algorithm_is_refused_with_the_way_to_a_good_one(algorithm: str) -> None:
    with pytest.raises(ValueError, match=r"is too weak .*; make a key by tsig-keygen -a hmac-sha256"):
        name(key={"name": "labvpn", "algorithm": algorithm})


@pytest.mark.parametrize("secret", ["c2VjcmV0", '"c2VjcmV0";', " c2Vj\ncmV0 \n", 'c2VjcmV0"'])
def test_a_secret_is_read_with_what_a_configuration_has_around_it(secret: str) -> None:
    assert Signer("labvpn", "hmac-sha256", secret).key.secret == b"secret"


@pytest.mark.parametrize(
    "secret",
    ["", "hmac-sha256:labvpn:c2VjcmV0", "secret: c2VjcmV0", "labvpn. hmac-sha256. c2VjcmV0", "パス", "c2VjcmV"],
)
def test_what_is_no_secret_is_never_signed_by(secret: str) -> None:
    with pytest.raises(HopError, match="is not base64; set dnsKey to the secret between the quotes"):
        assert Signer("labvpn", "hmac-sha256", secret).key


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "127.0.1.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "ff02::1", "::ffff:203.0.113.20"],  # noqa: S104
)
def test_an_address_by_which_nobody_is_reached_is_never_published(address: str) -> None:
    with pytest.raises(ValueError, match="write "):
        name(addresses=[address], ipv6="unchecked")


@pytest.fixture
def old(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """A name server without EDNS: it answers a question that has some by `request.param`."""
    served = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    served.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            data, whom = served.recvfrom(4096)
            if not data:
                return
            question = dns.message.from_wire(data)
            answer = dns.message.make_response(dns.message.from_wire(data))
            if question.edns >= 0:
                answer.use_edns(False)
                answer.set_rcode(request.param)
            else:
                answer.flags |= dns.flags.AA
                kind = dns.rdatatype.to_text(question.question[0].rdtype)
                values = {"SOA": "ns1.lab.example. host.lab.example. 7 60 60 60 5", "A": "203.0.113.20"}
                if value := values.get(kind):
                    answer.answer.append(dns.rrset.from_text(question.question[0].name, 300, "IN", kind, value))
            served.sendto(answer.to_wire(), whom)

    thread = threading.Thread(target=serve)
    thread.start()
    port, udp = served.getsockname()[1], dns.query.udp
    monkeypatch.setattr(dns.query, "udp", lambda question, address, timeout: udp(question, address, timeout, port))
    yield NameServer("ns1.lab.example", "127.0.0.1")
    served.sendto(b"", served.getsockname())
    thread.join()
    served.close()


@pytest.mark.parametrize("old", [dns.rcode.FORMERR, dns.rcode.NOTIMP], indirect=True)
def test_a_server_that_does_not_know_edns_serves_its_zone_all_the_same(old: NameServer) -> None:
    seen = query.answer(old, "lab.example", name().keys[:1], time.monotonic() + 5)
    assert seen.trouble == ""
    assert seen.soa is not None and seen.soa.serial == 7
