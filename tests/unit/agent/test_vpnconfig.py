"""SoftEther's configuration file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labvpn.agent.softether.config_file import edit, escape, head, listeners_of, load, unescape
from tests.unit.agent.fakes import CONFIG

LINES = CONFIG.splitlines(keepends=True)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_value_comes_back_from_the_file(value: str) -> None:
    assert unescape(escape(value)) == value
    assert " " not in escape(value)


def test_the_empty_value_is_a_lone_dollar() -> None:
    assert unescape("$") == ""
    assert escape("") == "$"


def test_settings_hubs_and_users_are_read() -> None:
    tree = load(LINES)
    hub = tree["VirtualHUB"]["LAB"]
    assert tree["ServerConfiguration"]["PortsUDP"] == "443, 992"
    assert hub["SecureNAT"]["VirtualHost"]["VirtualHostIp"] == "192.168.30.1"
    assert hub["SecurityAccountDatabase"]["UserList"]["owner"]["RealName"] == "The owner"
    assert hub["SecurityAccountDatabase"]["UserList"]["owner"]["Policy"]["AutoDisconnect"] == "1800"


def test_traffic_counters_are_not_kept_but_a_user_of_that_name_is() -> None:
    users = load(LINES)["VirtualHUB"]["LAB"]["SecurityAccountDatabase"]["UserList"]
    assert "Traffic" not in users["owner"]
    assert users["Traffic"]["AuthType"] == "1"


def test_the_head_stops_before_the_hubs() -> None:
    tree = head(LINES)
    assert [block["Port"] for block in tree["ListenerList"].values()] == ["443", "992", "1194", "5555"]
    assert "VirtualHUB" not in tree


def test_the_head_of_a_file_without_hubs_is_the_whole_of_it() -> None:
    assert head(["declare root", "{", "declare A", "{", "uint B 1", "}", "}"]) == {"A": {"B": "1"}}


def test_an_edit_changes_its_place_alone() -> None:
    edited = "".join(edit(LINES, {("ServerConfiguration", "DisableNatTraversal"): ("bool", "true")}))
    changed = [pair for pair in zip(LINES, edited.splitlines(keepends=True), strict=True) if pair[0] != pair[1]]
    assert changed == [("\t\tbool DisableNatTraversal false\n", "\t\tbool DisableNatTraversal true\n")]


def test_an_edit_adds_a_key_that_is_missing_and_keeps_the_line_ends() -> None:
    windows = [line.replace("\n", "\r\n") for line in LINES]
    edited = "".join(edit(windows, {("DDnsClient", "Disabled"): ("bool", "true")}))
    assert "\t\tbool Disabled true\r\n\t}\r\n" in edited
    assert edited.count("\n") == edited.count("\r\n") == len(LINES) + 1


def test_an_edit_of_a_block_that_is_not_there_changes_nothing() -> None:
    assert "".join(edit(LINES, {("Nowhere", "Key"): ("bool", "true")})) == CONFIG


@pytest.mark.parametrize("name", ["Traffic", "Policy"])
@pytest.mark.parametrize(
    "place",
    ["VirtualHUB", "VirtualLayer3SwitchList", "WireGuardKeyList", "EtherIP_IDSettingsList", "UserList", "GroupList"],
)
def test_whatever_an_administrator_names_is_read_by_its_name(place: str, name: str) -> None:
    lines = ["declare root", "{", f"declare {place}", "{", f"declare {name}", "{", "string Hub LAB", "}", "}", "}"]
    assert load(lines) == {place: {name: {"Hub": "LAB"}}}


def test_of_two_listeners_of_one_port_the_first_counts_as_softether_reads_them() -> None:
    blocks = {"L0": {"Port": "443", "Enabled": "true"}, "L1": {"Port": "443", "Enabled": "false"}, "L2": {}}
    assert listeners_of({"ListenerList": blocks}) == {"443": True}
