"""The twin of SoftEther's JSON-RPC against the contract that the rehearsal asks of the real server."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import Change, parse
from labvpn.agent.softether.certificate import chain_digest
from labvpn.agent.softether.presented_certificate import body
from labvpn.agent.softether.rpc import RpcError
from labvpn.model.pem import blocks
from labvpn.render.certificate import ServerCertificate, create_authority
from labvpn.render.documents import Concern, documents
from tests.unit.agent import contract
from tests.unit.agent.test_twin import Played
from tests.unit.agent.twin import Twin
from tests.unit.samples import lab


def ask(twin: Twin) -> contract.Ask:
    def asked(method: str, given: dict[str, Any]) -> dict[str, Any]:
        try:
            return twin.call(method, **given)
        except RpcError as error:
            return {"error": error.code}

    return asked


@pytest.mark.parametrize("version", [444, 501, 502])
def test_the_twin_answers_each_question_of_the_contract_or_refuses_it(version: int) -> None:
    found = contract.answers(ask(Twin(version)))
    refused = {name for name, one in found.items() if "error" in one}
    of_5 = {"GetPortsUDP", "GetProtoOptions OpenVPN", "GetProtoOptions WireGuard"}
    missing = {444: of_5, 501: {"GetProtoOptions WireGuard"}, 502: set()}
    assert refused == {"GetUser nobody", *missing[version]}
    if version > 500:
        assert contract.differing(found, found) == []


def test_a_twin_that_answers_otherwise_than_the_server_is_found_out() -> None:
    found, other = (contract.answers(ask(Twin(501))) for _ in range(2))
    other["GetUser ann"]["Note_utf"] = "other"
    del other["GetHub"]["HubType_u32"]
    other["GetProtoOptions WireGuard"] = {"Name_str": []}
    assert contract.differing(found, other) == [
        "GetProtoOptions WireGuard: 38 or None",
        "GetHub: no HubType_u32",
        "GetUser ann.Note_utf",
    ]


LEAF, BETWEEN, KEY = (
    "-----BEGIN {0}-----\n{1}\nQQ==\n-----END {0}-----\n".format(*one)
    for one in (("CERTIFICATE", "TGVhZg"), ("CERTIFICATE", "QmV0dw"), ("RSA PRIVATE KEY", "S2V5Kw"))
)


@pytest.mark.parametrize(
    ("version", "chain", "warned"), [(444, [], True), (501, [], True), (502, ["QmV0dwQQ=="], False)]
)
def test_a_certificates_chain_is_given_to_the_server_that_takes_one(
    tmp_path: Path, version: int, chain: list[str], warned: bool
) -> None:
    played = Played(tmp_path, version)
    played.softether.secrets.certificate = {"certificate": LEAF + BETWEEN, "key": KEY}
    (line,) = parse("certificate sha256=00\n")
    played.server.certificate.apply([Change(line, None)])
    assert played.twin.settings["ServerCert"] == "TGVhZgQQ=="
    assert [one["X509"] for one in played.twin.settings.get("ServerChain", {}).values()] == chain
    digest = hashlib.sha256(b"".join(map(base64.b64decode, chain))).hexdigest()
    (asked,) = parse(f"certificate sha256=00 chain={digest if chain else 'wanted'}\n")
    assert (played.server.certificate.read(asked) or {})["chain"] == asked.values["chain"]
    played.twin.settings["ServerChain"] = {}
    lost = (played.server.certificate.read(asked) or {})["chain"]
    assert lost == ("none" if chain else "wanted"), "drift where the server takes a chain, and no failure elsewhere"
    assert bool([one for one in played.server.warnings([]) if "has a chain" in one]) == warned


def test_a_certificate_without_a_chain_says_nothing_of_one(tmp_path: Path) -> None:
    played = Played(tmp_path, 501)
    played.softether.secrets.certificate = {"certificate": LEAF, "key": KEY}
    assert not [one for one in played.server.warnings([]) if "chain" in one]


def test_both_sides_name_a_chain_by_the_same_digest() -> None:
    one = create_authority("vpn.lab.example", datetime(2026, 11, 30, tzinfo=UTC))
    (certificate,) = [text for kind, text in blocks(one) if kind == "CERTIFICATE"]
    chained = ServerCertificate(certificate * 3, "key", None)
    assert chained.chain == chain_digest([body(certificate)] * 2)
    assert ServerCertificate(certificate, "key", None).chain is None
    assert (chain_digest([]), chain_digest(["not base64"])) == ("none", "unreadable")


def test_the_chain_is_in_the_document_only_where_there_is_one() -> None:
    assert "certificate sha256=aa chain=bb\n" in documents(lab(), "", "aa", "bb")[Concern.SERVER]
    assert "certificate sha256=aa\n" in documents(lab(), "", "aa")[Concern.SERVER]
