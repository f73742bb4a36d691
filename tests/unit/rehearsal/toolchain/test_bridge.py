"""The stand-in of the bridge behaves as Fortinet's 1.25.0 was seen to: the token, what differs, what is read."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from pulumi.runtime.proto import provider_pb2

from components.fortios_types import Kind
from components.fortios_upstream import TYPES, Upstream
from rehearsal.toolchain.bridge.__main__ import REMOTE, BridgePlugin
from tests.unit.rehearsal.toolchain.fortigate import Box
from tests.unit.rehearsal.toolchain.serving import Engine, Refused, urn

SUBTABLES = {"dynamicSortSubtable": "", "getAllTables": ""}
POLICY = {"name": "p", "srcintfs": [{"name": "wan1"}], "dstintfs": [{"name": "dmz"}], **SUBTABLES}
SERVICE = {"name": "s", "tcpPortrange": "443", "comment": "c", **SUBTABLES}


class HeaderBox(Box):
    """A box that takes the token from the header alone."""

    def _handle(self, request: httpx.Request) -> httpx.Response:
        assert "access_token" not in str(request.url)
        offered = request.headers.get("Authorization", "").removeprefix("Bearer ")
        target = f"{str(request.url.raw_path, 'ascii')}&access_token={offered}"
        content = self.answer(request.method, target, request.content.decode())
        return httpx.Response(200, json=content, headers={"X-Labvpn-Rehearsal": "1"})


def engine(box: Box, includes: tuple[str, ...] = TYPES) -> Engine:
    made = Engine(lambda log: BridgePlugin(log, box.transport()))
    given = json.dumps({"remote": REMOTE, "includes": includes, "providerName": "fortigate"}).encode()
    value = provider_pb2.ParameterizeRequest.ParametersValue(name="fortigate", version="1.25.0", value=given)
    assert made.ask("Parameterize", value=value) == {"name": "fortigate", "version": "1.25.0"}
    made.ask("Configure", args={"hostname": "fgt.example", "token": box.token, "vdom": "root"})
    box.asked.clear()
    return made


def name_of(kind: Kind) -> str:
    return urn(Upstream.tokens[kind])


def created(made: Engine, kind: Kind, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    answer = made.ask("Create", urn=name_of(kind), properties=inputs)
    return answer["id"], answer["properties"]


def read(made: Engine, kind: Kind, key: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    return made.ask("Read", urn=name_of(kind), id=key, inputs=inputs, properties=outputs)


def differing(made: Engine, kind: Kind, news: dict[str, Any], state: dict[str, Any], *ignored: str) -> list[str]:
    answer = made.ask("Diff", urn=name_of(kind), id="x", olds=state, news=news, ignoreChanges=list(ignored))
    assert "detailedDiff" not in answer
    return sorted(answer.get("diffs", []))


def test_the_bridge_is_what_the_program_asks_for() -> None:
    made = engine(Box())
    assert made.plugin.version == "1.1.3"
    value = provider_pb2.ParameterizeRequest.ParametersValue(
        value=json.dumps({"remote": {"version": "1.26.1"}}).encode()
    )
    with pytest.raises(Refused, match=r"knows only .*1\.25\.0"):
        made.ask("Parameterize", value=value)


def test_a_type_that_was_not_asked_for_is_not_there() -> None:
    made = engine(HeaderBox(), includes=("fortios_firewall_policy_move",))
    with pytest.raises(Refused, match="not among the types that the bridge was asked to include"):
        created(made, Kind.POLICY, POLICY)


def test_the_token_is_in_a_header_of_every_request_but_the_first() -> None:
    box = HeaderBox()
    made = engine(box)
    created(made, Kind.SERVICE, SERVICE)
    assert [line.partition(" ")[0] for line in box.asked] == ["POST", "GET"]
    assert all("vdom=root" in line and "TOKEN" in line for line in box.asked)


def test_arguments_are_taken_as_they_are_a_property_that_no_type_has_among_them() -> None:
    news = {**SERVICE, "noSuchThing": "x"}
    assert engine(Box()).ask("Check", urn=name_of(Kind.SERVICE), news=news)["inputs"] == news


def test_ports_that_are_left_out_are_removed_in_place_and_so_is_a_comment() -> None:
    box = HeaderBox()
    made = engine(box)
    key, state = created(made, Kind.SERVICE, {**SERVICE, "udpPortrange": "53"})
    news = {key_: value for key_, value in SERVICE.items() if key_ != "comment"}
    assert differing(made, Kind.SERVICE, news, state, "sessionTtl") == ["comment", "udpPortrange"]
    made.ask("Update", urn=name_of(Kind.SERVICE), id=key, olds=state, news=news, ignoreChanges=["sessionTtl"])
    row = box.tables["firewall.service/custom"]["s"]
    assert (row["udp-portrange"], row["comment"], row["tcp-portrange"]) == ("", "", "443")


def test_a_time_to_live_that_is_not_set_differs_for_ever_unless_it_is_ignored() -> None:
    made = engine(HeaderBox())
    _, state = created(made, Kind.SERVICE, SERVICE)
    assert differing(made, Kind.SERVICE, SERVICE, state) == ["sessionTtl"]
    assert differing(made, Kind.SERVICE, SERVICE, state, "sessionTtl") == []


def test_an_import_has_everything_that_the_box_has_and_two_properties_empty() -> None:
    box = HeaderBox()
    made = engine(box)
    key, _ = created(made, Kind.POLICY, POLICY)
    box.tables["firewall/policy"][key]["av-profile"] = "default"
    found = read(made, Kind.POLICY, key, {}, {})
    assert found["inputs"].items() >= {"avProfile": "default", "policyid": 1}.items()
    assert not SUBTABLES.keys() & found["properties"].keys()
    plain = {name: value for name, value in POLICY.items() if name not in SUBTABLES}
    assert differing(made, Kind.POLICY, plain, found["properties"], "sessionTtl", "avProfile") == sorted(SUBTABLES)
    assert differing(made, Kind.POLICY, POLICY, found["properties"], "sessionTtl") == ["avProfile"]
    assert differing(made, Kind.POLICY, POLICY, found["properties"], "sessionTtl", "avProfile") == []


def test_a_refresh_reads_the_properties_that_were_given_and_sees_what_stands_in_an_empty_list() -> None:
    box = HeaderBox()
    made = engine(box)
    key, state = created(made, Kind.POLICY, POLICY)
    box.tables["firewall/policy"][key]["groups"] = [{"name": "students", "q_origin_key": "students"}]
    found = read(made, Kind.POLICY, key, POLICY, state)
    assert set(found["inputs"]) <= set(POLICY)
    assert found["properties"]["groups"] == [{"name": "students"}]
    assert differing(made, Kind.POLICY, POLICY, found["properties"], "sessionTtl") == ["groups"]


def test_a_preview_does_not_know_the_number_of_a_policy() -> None:
    answer = engine(HeaderBox()).ask("Create", urn=name_of(Kind.POLICY), properties=POLICY, preview=True)
    assert answer["properties"]["policyid"] == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def test_each_error_comes_twice_and_a_refused_move_has_its_status_without_brackets() -> None:
    made = engine(HeaderBox())
    given = {"policyidSrc": 1, "policyidDst": 2, "move": "before"}
    with pytest.raises(Refused, match=r"with status 404$") as refused:
        created(made, Kind.MOVE, given)
    assert [message for severity, message, _ in made.said if severity == "ERROR"] == [str(refused.value)]


def test_it_stands_in_for_the_rehearsal_s_box_alone() -> None:
    made = Engine(lambda log: BridgePlugin(log, Box("").transport()))
    with pytest.raises(Refused, match="is not the rehearsal's FortiGate"):
        made.ask("Configure", args={"hostname": "fgt.example", "token": "t0ken"})
