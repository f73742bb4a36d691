"""`certificate.acme`: what may be declared, and what becomes of it in documents, secrets, outputs and kits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from labvpn.kit.build import AUTHORITY, kit
from labvpn.kit.request import KitRequest, Trust
from labvpn.model.acme import LETS_ENCRYPT
from labvpn.model.lab import Lab
from labvpn.model.outputs import read
from labvpn.model.pem import blocks
from labvpn.render import fortigate, outputs
from labvpn.render.agent_request import secrets
from labvpn.render.certificate import server_certificate
from labvpn.render.documents import Concern, documents
from tests.unit.samples import credentials, lab

SECRET = "Y2hhbGxlbmdlLWNhbmFyeQ=="
ROOT = (Path(__file__).parents[2] / "cases/kit/authority.pem").read_text()


def ordered(*servers: dict[str, Any], **changes: Any) -> Lab:
    acme = {"key": {"name": "challenge"}, **changes}
    more: dict[str, Any] = {"server": None, "servers": servers, "fortigate": None} if servers else {}
    return lab(certificate={"acme": acme}, **more)


def mistakes(one: Lab, **changes: Any) -> dict[str, str]:
    found = credentials(**{"acmeKey": SECRET, **changes}).problems(one)
    return {problem.place: problem.message for problem in found}


def test_the_least_that_is_declared_is_lets_encrypt_by_the_labs_own_primary() -> None:
    text = documents(ordered(), "")[Concern.SERVER]
    assert f"acme directory={LETS_ENCRYPT} names=vpn.lab.example contact=none challenge=dns-01 " in text
    assert "primary=198.51.100.53 port=53 zone=none keyname=challenge" in text
    assert "certificate by=acme\n" in text
    assert SECRET not in text


def test_the_client_is_installed_with_it_and_not_without_it() -> None:
    assert "package dehydrated installed=yes" in documents(ordered(), "")[Concern.HOST]
    assert "dehydrated" not in documents(lab(), "")[Concern.HOST]


def test_every_server_orders_the_name_of_all_and_its_own() -> None:
    one, two = ({"name": name, "address": f"203.0.113.{at}", "host": name} for name, at in (("one", 20), ("two", 22)))
    found = ordered(one, two)
    first, second = (documents(found.at(server), "")[Concern.SERVER] for server in found.servers)
    assert "names=vpn.lab.example,one.lab.example " in first
    assert "names=vpn.lab.example,two.lab.example " in second
    assert "authority" not in mistakes(found)


def test_its_secret_goes_to_the_agent_alone_and_no_certificate_of_ours_with_it() -> None:
    known = secrets(ordered(), credentials(acmeKey=SECRET))
    assert known["acme"] == SECRET
    assert "certificate" not in known
    assert server_certificate(ordered(), credentials(acmeKey=SECRET)) is None
    assert "acme" not in secrets(lab(), credentials())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"directory": "http://acme.example/dir"}, "directory"),
        ({"directory": "https://acme.example/$(id)'"}, "directory"),
        ({"directory": "https://acme.example/dir"}, "root is missing"),
        ({"contact": "admin"}, "contact"),
        ({"contact": "admin@lab.example --revoke"}, "contact"),
        ({"key": {"name": "LABVPN"}}, "is the key of dns.key"),
        ({"key": None}, "key is missing"),
        ({"challenge": "http-01"}, "key is for dns-01"),
        ({"challenge": "http-01", "key": None, "server": "198.51.100.53"}, "server is for dns-01"),
        ({"challenge": "tls-alpn-01"}, "challenge"),
        ({"wait": 601}, "wait"),
        ({"server": "ns1.example"}, "server"),
    ],
)
def test_what_cannot_work_or_would_be_unsafe_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ordered(**change)


def by_http(**more: Any) -> Lab:
    return lab(certificate={"acme": {"challenge": "http-01"}}, **more)


def test_by_http_every_hop_lets_port_80_in_and_nobody_dials_it() -> None:
    one = by_http()
    assert one.fortigate is not None
    assert 80 not in outputs.ports(one)["tcp"]
    texts = documents(one, "")
    assert "acme directory=" in texts[Concern.SERVER] and " challenge=http-01 active=yes\n" in texts[Concern.SERVER]
    assert "80/tcp,443/tcp" in texts[Concern.FIREWALL]
    assert "80/tcp" not in documents(lab(), "")[Concern.FIREWALL]
    services = fortigate.wanted(one, one.fortigate).objects.services
    assert next(found.tcp for found in services if found.tcp).split()[0] == "80"
    assert "bind9-dnsutils" not in texts[Concern.HOST] and "package dehydrated" in texts[Concern.HOST]


def test_by_http_no_secret_of_the_dns_is_asked_for_or_sent() -> None:
    assert mistakes(by_http(), acmeKey=None) == {}
    assert "acme" not in secrets(by_http(), credentials(acmeKey=SECRET))


TWO = [{"name": name, "address": f"203.0.113.{at}", "host": name} for name, at in (("one", 20), ("two", 22))]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"vpn": {"listeners": [80, 443]}}, "vpn.listeners names port 80"),
        ({"server": None, "fortigate": None, "servers": TWO}, "asked at any one of the 2 servers"),
    ],
)
def test_by_http_what_the_authority_could_not_ask_is_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        by_http(**more)


def test_by_http_sources_that_keep_the_authority_out_are_refused() -> None:
    example = lab().fortigate
    assert example is not None
    box = {**example.model_dump(by_alias=True, exclude_unset=True, mode="json"), "sources": ["198.51.100.0/24"]}
    with pytest.raises(ValidationError, match="keeps out the authority"):
        by_http(fortigate=box)


def test_a_certificate_is_for_a_name() -> None:
    with pytest.raises(ValidationError, match="add `dns`"):
        lab(dns=None, certificate={"acme": {"key": {"name": "challenge"}}})


def test_what_is_missing_or_given_twice_comes_at_once() -> None:
    assert "certificate.acme" in mistakes(ordered(), acmeKey=None)["acmeKey"]
    assert "give the challenge a key of its own" in mistakes(ordered(), acmeKey="Y2FuYXJ5LXRzaWc=")["acmeKey"]
    assert mistakes(ordered()) == {}
    assert mistakes(lab(), acmeKey=None) == {}


def test_another_source_of_the_certificate_is_not_given_beside_it() -> None:
    own = {"serverCertificate": ROOT, "serverKey": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}
    assert "keep one of the two" in mistakes(ordered(), **own)["serverCertificate"]


def test_a_secret_that_is_not_base64_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError) as refused:
        credentials(acmeKey="secret-canary!")
    assert "is not base64" in str(refused.value)
    assert "secret-canary" not in str(refused.value.errors()[0]["msg"])


def kit_of(one: Lab) -> tuple[dict[str, bytes], tuple[str, ...]]:
    changes = {"protocols": {"l2tpIpsec": True, "openvpn": True, "sstp": True}}
    exported = outputs.stack_outputs(one, credentials(acmeKey=SECRET), str)
    stack = read(json.dumps({**exported, **changes}))
    made = kit(KitRequest(stack, "guest1", Trust(stack.certificate or "", stack.acme)))
    return made.files, made.notes


def test_kits_need_no_authority_where_devices_know_it() -> None:
    files, notes = kit_of(ordered())
    assert AUTHORITY not in files
    script = files["windows-sstp.ps1"].decode("utf-8-sig")
    assert "X509Store" not in script
    assert "administrator" not in script
    assert any("no authority to install" in note for note in notes)


def test_openvpns_profiles_trust_every_root_of_lets_encrypt_and_verify_the_name() -> None:
    profile = kit_of(ordered())[0]["openvpn-udp-1194.ovpn"].decode()
    roots = [text for kind, text in blocks(profile) if kind == "CERTIFICATE"]
    assert len(roots) >= 2
    assert "verify-x509-name vpn.lab.example name" in profile
    assert "remote-cert-tls server" in profile


def test_kits_bring_the_root_of_an_authority_that_devices_do_not_know() -> None:
    files, notes = kit_of(ordered(directory="https://acme.example/dir", root=ROOT))
    assert files[AUTHORITY].decode() == ROOT
    assert "X509Store" in files["windows-sstp.ps1"].decode("utf-8-sig")
    assert not any("no authority to install" in note for note in notes)


def test_a_lab_without_it_has_the_documents_and_outputs_that_it_had() -> None:
    assert "acme" not in json.dumps(outputs.stack_outputs(lab(), credentials(), str))
    assert "acme" not in "".join(documents(lab(), "").values())
