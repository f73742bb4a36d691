"""The FortiOS stand-in asks, compares and answers as the real plugin did when it was recorded."""

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

from rehearsal.toolchain.fortios import tables
from rehearsal.toolchain.fortios.__main__ import FortiosPlugin
from rehearsal.toolchain.fortios.fields import Table
from rehearsal.toolchain.values import UNKNOWN, secret
from tests.unit.rehearsal.toolchain.fortigate import TOKENS, Box, transcribe
from tests.unit.rehearsal.toolchain.serving import Engine, Refused, urn

RECORDED = Path(__file__).parents[3] / "cases" / "fortios" / "real-plugin.txt"
POLICY = {"name": "p", "srcintfs": [{"name": "wan1"}], "dstintfs": [{"name": "dmz"}]}


def engine(box: Box) -> Engine:
    made = Engine(lambda log: FortiosPlugin(log, box.transport()))
    made.ask("Configure", args={"hostname": "fgt.example", "token": box.token, "vdom": "root"})
    box.asked.clear()
    return made


def checked(kind: str, news: dict[str, Any], olds: dict[str, Any] | None = None) -> dict[str, Any]:
    return engine(Box()).ask("Check", urn=urn(TOKENS[kind], "it"), news=news, olds=olds or {})


def test_every_request_difference_and_output_is_that_of_the_real_plugin() -> None:
    recorded = RECORDED.read_text()
    box = Box()
    assert transcribe(engine(box).ask, box, recorded) == recorded


@pytest.mark.parametrize(
    ("table", "module", "name"),
    [
        (tables.CUSTOM, "service.custom", "Custom"),
        (tables.ADDRESS, "address", "Address"),
        (tables.ADDRGRP, "addrgrp", "Addrgrp"),
        (tables.POLICY, "policy", "Policy"),
        (tables.VIP, "vip", "Vip"),
    ],
)
def test_every_property_is_one_of_the_sdk_s(table: Table, module: str, name: str) -> None:
    sdk = importlib.import_module(f"pulumiverse_fortios.firewall.{module}")
    known = {word.replace("_", "") for word in inspect.signature(getattr(sdk, f"{name}Args")).parameters}
    assert {field.lower() for field in table.fields} <= known


def test_an_object_without_a_name_is_named_after_its_resource_with_a_hex_ending() -> None:
    first = checked("address", {"type": "geography"})["inputs"]
    assert first["name"].startswith("it-") and len(first["name"]) == 10
    int(first["name"].removeprefix("it-"), 16)
    assert "name" in first["__defaults"]


def test_an_automatic_name_stays_at_the_next_run() -> None:
    assert checked("address", {}, {"name": "it-1234567"})["inputs"]["name"] == "it-1234567"


def test_a_preview_asks_the_box_nothing_and_leaves_unknown_what_only_the_box_knows() -> None:
    box = Box()
    made = engine(box)
    inputs = made.ask("Check", urn=urn(TOKENS["policy"]), news=POLICY | {"comments": UNKNOWN})["inputs"]
    outputs = made.ask("Create", urn=urn(TOKENS["policy"]), properties=inputs, preview=True)["properties"]
    assert "policyid" not in outputs and "comments" not in outputs
    assert box.asked == []


@pytest.mark.parametrize("change", [{"policyid": 7}, {"vdomparam": "other"}])
def test_another_id_or_vdom_needs_a_new_object_and_a_named_one_goes_first(change: dict[str, Any]) -> None:
    state = POLICY | {"policyid": 1, "vdomparam": "root"}
    news = POLICY | change | {"__defaults": []}
    answer = engine(Box()).ask("Diff", urn=urn(TOKENS["policy"]), olds=state, old_inputs=POLICY, news=news)
    assert (answer["replaces"], answer["deleteBeforeReplace"]) == ([*change], True)


def test_an_object_that_cannot_be_read_back_is_kept_in_the_state() -> None:
    box = Box()
    made = engine(box)
    box.broken = True
    with pytest.raises(Refused, match=r"Error reading FirewallServiceCustom resource") as refused:
        made.ask("Create", urn=urn(TOKENS["service"]), properties={"name": "s"})
    assert refused.value.unfinished
    assert "s" in box.tables["firewall.service/custom"]


def test_empty_lists_come_with_the_first_refresh_and_are_no_difference() -> None:
    made = engine(Box())
    inputs = made.ask("Check", urn=urn(TOKENS["policy"]), news=POLICY)["inputs"]
    outputs = made.ask("Create", urn=urn(TOKENS["policy"]), properties=inputs)["properties"]
    found = made.ask("Read", urn=urn(TOKENS["policy"]), id="1", inputs=inputs, properties=outputs)
    assert "groups" not in outputs
    assert found["properties"]["groups"] == []
    again = made.ask("Diff", urn=urn(TOKENS["policy"]), olds=found["properties"], old_inputs=inputs, news=inputs)
    assert again["changes"] == "DIFF_NONE"


def test_a_value_marked_secret_all_the_same_is_taken_as_a_value() -> None:
    assert checked("service", {"name": "s", "comment": secret("c")})["inputs"]["comment"] == "c"


def test_a_property_beyond_the_stand_in_is_refused_with_the_line_that_installs_the_real_plugin() -> None:
    answer = checked("policy", POLICY | {"getAllTables": "true"})
    assert "pulumi plugin install resource fortios 0.0.6 " in answer["failures"][0]["reason"]


def test_a_type_beyond_the_stand_in_is_refused_with_the_line_that_installs_the_real_plugin() -> None:
    with pytest.raises(Refused, match=r"pulumi plugin install resource fortios 0\.0\.6 --server github://"):
        engine(Box()).ask("Check", urn=urn("fortios:system/global:Global"), news={})


def test_an_object_of_another_vdom_is_asked_for_there() -> None:
    box = Box()
    engine(box).ask("Create", urn=urn(TOKENS["service"]), properties={"name": "s", "vdomparam": "lab"})
    assert all("vdom=lab&" in asked for asked in box.asked)
