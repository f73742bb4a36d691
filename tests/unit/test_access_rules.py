"""The access list that a hub's users make."""

from __future__ import annotations

from typing import Any

from labvpn.model.hub import Hub
from labvpn.model.securenat import SecureNat
from labvpn.model.users import User
from labvpn.render.access_list import rules
from labvpn.state.document import Entry

MAC = "00-AC-11-22-33-44"
ALLOWED = ("dhcp", "dhcp-renewal", "dns-udp", "dns-tcp", "service:web")
WEB = {"name": "web", "to": "203.0.113.21", "port": 8000}


def made(*users: dict[str, Any]) -> dict[str, Entry]:
    hub = Hub.model_validate({"services": [WEB]}).model_copy(update={"secure_nat": SecureNat()})
    entries = list(rules("LAB", hub, [User.model_validate(user) for user in users]))
    assert len({entry.fields["priority"] for entry in entries}) == len(entries)
    return {entry.name.removeprefix("LAB/labvpn:"): entry for entry in entries}


def order(entries: dict[str, Entry]) -> list[str]:
    return sorted(entries, key=lambda memo: int(entries[memo].fields["priority"]))


def test_a_guest_reaches_the_services_and_nothing_else() -> None:
    entries = made({"name": "guest"})
    assert order(entries) == [
        *("administrator", "administrator:ipv6"),
        *("router", "dhcp", "dhcp-renewal", "dns-udp", "dns-tcp", "service:web", "rest", "rest:ipv6"),
    ]
    assert entries["service:web"].fields["to"] == "203.0.113.21/32"
    assert entries["rest"].fields == {"priority": "900000", "action": "discard"}


def test_the_owner_is_free_before_any_rule_for_guests() -> None:
    entries = made({"name": "owner", "reach": "free"}, {"name": "guest"})
    assert order(entries)[2:4] == ["free:owner", "free:owner:ipv6"]
    assert entries["free:owner"].fields["user"] == "owner"


def test_a_device_may_do_no_more_than_its_user_and_another_device_nothing() -> None:
    entries = made({"name": "guest", "devices": MAC})
    own = [memo for memo in order(entries) if memo.startswith("device:")]
    assert own[-2:] == ["device:guest:others", "device:guest:others:ipv6"]
    assert all(entries[memo].fields.get("mac") == MAC for memo in own[:-2])
    assert own[:-2] == [f"device:guest:{MAC}:{rule}" for rule in ALLOWED]


def test_an_owner_with_devices_is_free_on_those_alone() -> None:
    entries = made({"name": "owner", "reach": "free", "devices": MAC})
    assert "free:owner" not in entries
    assert entries[f"device:owner:{MAC}:free:owner"].fields["mac"] == MAC


def test_a_further_service_moves_no_rule_of_another_part() -> None:
    assert made({"name": "guest"})["rest"] == made({"name": "guest"}, {"name": "other"})["rest"]


def test_a_guest_speaks_dhcp_to_everybody_and_to_the_router_and_nowhere_else() -> None:
    ports = {memo: one.fields for memo, one in made({"name": "guest"}).items() if one.fields.get("port") == "67"}
    assert {fields["to"] for fields in ports.values()} == {"255.255.255.255/32", "192.168.30.1/32"}


def test_no_rule_lets_a_guest_pass_without_saying_where_to() -> None:
    entries = made({"name": "guest"}, {"name": "bound", "devices": MAC})
    passing = {memo: one.fields for memo, one in entries.items() if one.fields["action"] == "pass"}
    assert {memo for memo, fields in passing.items() if "to" not in fields} == {"router"}


def test_whoever_dials_by_the_hubs_password_may_send_nothing_before_any_other_rule() -> None:
    entries = made({"name": "owner", "reach": "free"}, {"name": "bound", "devices": MAC})
    first = order(entries)[:2]
    assert first == ["administrator", "administrator:ipv6"]
    assert {entries[memo].fields["action"] for memo in first} == {"discard"}
