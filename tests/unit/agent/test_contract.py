"""The twin of SoftEther's JSON-RPC against the contract that the rehearsal asks of the real server."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labvpn.agent.core.document import Change, parse
from labvpn.agent.softether.presented_certificate import body, chain_digest
from labvpn.agent.softether.rpc import RpcError
from labvpn.model.pem import blocks
from labvpn.render.certificate import ServerCertificate, create_authority
from labvpn.render.documents import Concern, documents
from tests.unit.agent import contract
from tests.unit.agent.test_twin import Played
from tests.unit.agent.twin import BUILDS, Twin
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


DIGEST = hashlib.sha256(base64.b64decode("QmV0dwQQ==")).hexdigest()
FILE = "/chain_certs/labvpn-0.cer"


@pytest.mark.parametrize(
    ("release", "by_call"),
    [((444, 9807), False), ((501, 9674), False), ((502, 5180), False), ((502, 5181), True), ((502, 5187), True)],
)
def test_a_certificates_chain_is_given_to_each_server_by_the_way_that_it_takes(
    tmp_path: Path, release: tuple[int, int], by_call: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUILDS, release[0], release[1])
    played = Played(tmp_path, release[0])
    played.softether.secrets.certificate = {"certificate": LEAF + BETWEEN, "key": KEY}
    (line,) = parse(f"certificate sha256=00 chain={DIGEST}\n")
    assert (played.server.certificate.read(line) or {})["chain"] == "none"
    played.server.certificate.apply([Change(line, None)])
    assert played.twin.settings["ServerCert"] == "TGVhZgQQ=="
    given = [one["X509"] for one in played.twin.settings.get("ServerChain", {}).values()]
    file = played.softether.machine.read(played.softether.place.folder + FILE)
    assert (given, file) == ((["QmV0dwQQ=="], None) if by_call else ([], BETWEEN))
    assert (played.server.certificate.read(line) or {})["chain"] == DIGEST
    assert not [one for one in played.server.warnings([]) if "chain" in one]


@pytest.mark.parametrize("version", [444, 501, 502])
def test_a_chain_that_is_lost_or_changed_is_drift(tmp_path: Path, version: int) -> None:
    played = Played(tmp_path, version)
    played.softether.secrets.certificate = {"certificate": LEAF + BETWEEN, "key": KEY}
    (line,) = parse(f"certificate sha256=00 chain={DIGEST}\n")
    played.server.certificate.apply([Change(line, None)])
    name = played.softether.place.folder + FILE
    played.softether.machine.write(name, LEAF)
    played.twin.settings["ServerChain"] = {"Cert0": {"X509": "TGVhZgQQ=="}}
    changed = (played.server.certificate.read(line) or {})["chain"]
    assert changed not in (DIGEST, "none")
    played.softether.machine.delete(name)
    played.twin.settings["ServerChain"] = {}
    assert (played.server.certificate.read(line) or {})["chain"] == "none"


def test_the_chain_that_was_there_before_us_comes_back(tmp_path: Path) -> None:
    played = Played(tmp_path, 502)
    played.twin.settings["ServerChain"] = {"Cert0": {"X509": "b2xk"}}
    played.softether.secrets.certificate = {"certificate": LEAF + BETWEEN, "key": KEY}
    (line,) = parse(f"certificate sha256=00 chain={DIGEST}\n")
    remembered = played.server.certificate.remember(line) or {}
    played.server.certificate.apply([Change(line, None)])
    played.server.certificate.restore(line, remembered)
    assert [one["X509"] for one in played.twin.settings["ServerChain"].values()] == ["b2xk"]


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
